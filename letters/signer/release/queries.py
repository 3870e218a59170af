from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import F, Q

from letters.models import Display, EmailKind, Letter, OutgoingEmail, Release, Signature, State

# How many signatures one statement reads or writes.
BATCH_SIZE = 1000


def letters_under_way() -> list[int]:
    """Return the ids of public letters that name nobody yet, and were not deleted for it."""
    sealed = Letter.objects.public().filter(names_from__isnull=False, named_at=None, release__deleted_at=None)
    return list(sealed.order_by("pk").values_list("pk", flat=True))


def letters_with_late_names() -> list[int]:
    """Return the ids of letters whose names appeared, and where someone has confirmed at that moment."""
    late = Signature.objects.filter(state=State.SEALED, letter__named_at__isnull=False)
    return list(late.order_by("letter_id").values_list("letter_id", flat=True).distinct())


def names_of(letter: Letter, *, up_to: int) -> int:
    """Count the names that would appear, at most `up_to`. Someone whom the site doubts is not counted."""
    sealed = Signature.objects.filter(letter=letter, state=State.SEALED, display=Display.PUBLIC)
    return sealed.filter(concern="", to_score=False)[:up_to].count()


def is_announced(letter: Letter, release: Release, now: datetime) -> bool:
    """Return whether every email of the last announcement left long enough ago, or could not be delivered."""
    emails = OutgoingEmail.objects.filter(kind=EmailKind.RELEASE, key__endswith=f":{release.announced}")
    emails = emails.filter(signature__letter=letter, signature__state=State.SEALED)
    late = Q(sent_at__gt=now - timedelta(hours=release.notice_hours))
    ended = Q(sent_at__isnull=False) | Q(failed_at__isnull=False) | Q(dropped_at__isnull=False)
    return not emails.filter(late | ~ended).exists()


def has_goodbyes_left(letter: Letter) -> bool:
    """Return whether an email that says that everything is deleted still has to leave."""
    return OutgoingEmail.objects.owed().filter(kind=EmailKind.UNREACHED, signature__letter=letter).exists()


def ids_to_release(letter: Letter) -> list[int]:
    return list(Signature.objects.filter(letter=letter, state=State.SEALED).values_list("pk", flat=True))


def sealed_rows(ids: Iterable[int]) -> list[tuple[int, int, str, bytes | None]]:
    """Lock these signatures, and return their letter, who may read their name, and their encrypted words."""
    rows = Signature.objects.filter(pk__in=ids, state=State.SEALED).order_by("pk").select_for_update(no_key=True)
    columns = rows.values_list("pk", "letter_id", "display", F("sealed"))
    return [(pk, letter, display, bytes(sealed) if sealed else None) for pk, letter, display, sealed in columns]
