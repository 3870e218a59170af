"""Read the letters that site moderators can take down, and those that are down."""

from letters.models import OWNING, Letter, TakeDown, User

MAX_LISTED = 100


def letter_for(moderator: User, slug: str) -> Letter:
    """Return a public letter to a site moderator. Raises Letter.DoesNotExist for everyone else, and for drafts."""
    if not moderator.moderates_site_now():
        raise Letter.DoesNotExist
    return Letter.objects.public().select_related("collective", "current_revision").get(slug=slug)


def newest_takedown(letter: Letter) -> TakeDown | None:
    """Return the newest take-down, whether the letter is still down or not."""
    found = TakeDown.objects.select_related("letter__collective").filter(letter=letter)
    return found.order_by("-pk").first()


def own_takedown(letter: Letter) -> TakeDown:
    """Return the newest take-down, for the letter's collective. Raises TakeDown.DoesNotExist."""
    found = newest_takedown(letter)
    if found is None:
        raise TakeDown.DoesNotExist
    return found


def owns(letter: Letter, person: User) -> bool:
    return letter.collective.has_role(person, OWNING)


def taken_down() -> list[TakeDown]:
    """Return current take-downs: those with an appeal that waits come first, the oldest appeal at the top."""
    current = TakeDown.objects.filter(restored_at=None).select_related("letter__collective")
    waiting = list(current.filter(appealed_at__isnull=False, outcome="").order_by("appealed_at")[:MAX_LISTED])
    others = current.exclude(pk__in=[each.pk for each in waiting]).order_by("-pk")
    return [*waiting, *others[:MAX_LISTED]]
