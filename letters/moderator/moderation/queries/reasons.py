"""Read the reasons for which moderators reject signatures."""

from datetime import datetime

from django.db.models import Q

from letters.models import RejectionReason

# The queue has a number key for each reason.
MAX_REASONS = 9


def active_reasons() -> list[RejectionReason]:
    """Return the reasons that moderators can choose, in order."""
    return list(RejectionReason.objects.active()[:MAX_REASONS])


def active_reason(code: str, *, as_of: datetime | None = None) -> RejectionReason | None:
    """Return the reason with this code, now or with the words that it had at another time."""
    is_active = Q(retired_at=None) | Q(retired_at__gt=as_of) if as_of else Q(retired_at=None)
    return RejectionReason.objects.filter(is_active, code=code).order_by("pk").first()


def code_of_words(words: str) -> str:
    """Return the code of the reason with this label in any language; "" for other words."""
    typed = words.strip().casefold()
    found = (each.code for each in active_reasons() if typed in map(str.casefold, each.labels.values()))
    return next(found, "")
