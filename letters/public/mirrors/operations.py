"""Note what workers have made, signed and sent."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import F

from letters.models import Bundle, BundlePush, Letter, Mirror
from letters.public.mirrors.checking import Found
from letters.public.mirrors.record import Record

# The least time between two bundles of a letter, however often it changes.
REMAKE_INTERVAL = timedelta(seconds=60)
# A bundle that takes long is made less often, so that a worker spends at most a sixth of its time on one letter.
PATIENCE = 5
# After a failure, a letter or a place rests.
REST = timedelta(minutes=5)
MAX_REST = timedelta(hours=6)
# How often we look at a copy elsewhere. Abuse: whoever lists many that do not answer takes time from the others, so we
# look at those less often.
LOOK_AGAIN = timedelta(hours=1)
LOOK_RARELY = timedelta(hours=6)


@dataclass(frozen=True)
class Written:
    """A bundle that a worker has written to a file."""

    letter: Letter
    day: date
    sha256: str
    sums_sha256: str
    size: int
    began_at: datetime
    record: Record


def note_made(written: Written, *, now: datetime) -> Bundle:
    """Note the newest bundle of a letter. It is not signed yet, unless the same bytes were signed before."""
    letter, sha256 = written.letter, written.sha256
    signed = Bundle.objects.filter(letter=letter, sha256=sha256).values_list("note", flat=True).first()
    values = {
        "version": letter.version,
        "note": signed or "",
        "checkpoint": written.record.note,
        "is_record_whole": written.record.is_whole,
        "is_tombstone": letter.status == Letter.Status.TAKEN_DOWN,
        "not_before": now + max(REMAKE_INTERVAL, PATIENCE * (now - written.began_at)),
        **{name: getattr(written, name) for name in ("day", "sha256", "sums_sha256", "size", "began_at")},
    }
    bundle, _ = Bundle.objects.update_or_create(letter=letter, defaults=values)
    return bundle


def note_not_made(letter: Letter, *, day: date, now: datetime) -> None:
    """Let other letters have their turn before this one is tried again."""
    rest = {"not_before": now + REST}
    Bundle.objects.update_or_create(letter=letter, defaults=rest, create_defaults={**rest, "day": day, "began_at": now})


def note_signed(bundle: Bundle, note: str) -> None:
    """Race: a bundle that was made in the meantime is signed in its turn."""
    Bundle.objects.filter(letter=bundle.letter_id, sha256=bundle.sha256).update(note=note)


def note_pushed(bundle: Bundle, place: str, *, now: datetime) -> None:
    done = {"sha256": bundle.sha256, "failures": 0, "not_before": now}
    BundlePush.objects.update_or_create(letter_id=bundle.letter_id, place=place, defaults=done)


def note_not_pushed(bundle: Bundle, place: str, *, now: datetime) -> None:
    """Wait twice as long after each failure."""
    push, _ = BundlePush.objects.get_or_create(letter_id=bundle.letter_id, place=place, defaults={"not_before": now})
    rest = min(REST * 2 ** min(push.failures, 10), MAX_REST)
    BundlePush.objects.filter(pk=push.pk).update(failures=F("failures") + 1, not_before=now + rest)


def note_found(mirror: Mirror, found: Found, *, now: datetime) -> None:
    """Note what a copy elsewhere has. Look again after an hour, or later if it did not answer twice."""
    is_gone = found.finding == mirror.finding == Mirror.Finding.UNREACHABLE
    again = now + (LOOK_RARELY if is_gone else LOOK_AGAIN)
    said = {"finding": found.finding, "entries": found.entries, "checked_at": now, "check_at": again}
    Mirror.objects.filter(pk=mirror.pk).update(**said)


def note_not_compared(mirror: Mirror, *, now: datetime) -> None:
    """Keep what is known of a copy, because our own record cannot be read. Look again after an hour."""
    Mirror.objects.filter(pk=mirror.pk).update(check_at=now + LOOK_AGAIN)


def name_places(letter_id: int, urls: Collection[str], *, now: datetime) -> None:
    """Show the public addresses in MIRRORS among the copies of a letter, and those that were in it before no more."""
    known = Mirror.objects.filter(letter_id=letter_id, added_by=None)
    known.exclude(url__in=urls).delete()
    Mirror.objects.bulk_create(
        [Mirror(letter_id=letter_id, url=url, added_at=now, check_at=now) for url in urls], ignore_conflicts=True
    )
