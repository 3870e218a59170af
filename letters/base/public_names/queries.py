"""Read which names are in use."""

from letters.models import Collective, CollectiveName

MAX_LISTED = 100


def is_in_use(key: str, *, by_others_than: Collective | None) -> bool:
    """Return whether another collective has published letters under a name that looks like this.

    Privacy: collectives without a public letter do not count, so nobody learns from the answer that there is one.
    """
    claimed = CollectiveName.objects.filter(key=key, claimed_at__isnull=False)
    return claimed.exclude(collective=by_others_than.pk if by_others_than else None).exists()


def allowed_names() -> list[CollectiveName]:
    """Return the names that were allowed although another looks the same, newest first."""
    allowed = CollectiveName.objects.filter(allowed_at__isnull=False).select_related("collective")
    return list(allowed.order_by("-allowed_at", "pk")[:MAX_LISTED])
