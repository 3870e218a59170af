"""What people are told about batches: how many signatures fill one, and when the clock ends the wait."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from letters.models import Letter

# What a letter may ask for. More would leave most batches to the clock.
FEWEST_IN_BATCH, MOST_IN_BATCH = 10, 100


def size_of(letter: Letter) -> int:
    """Return how many signatures fill a batch. A letter can ask for more than the site, never for fewer.

    With one, nobody waits.
    """
    return max(settings.BATCH_SIZE, letter.batch_size or 0)


def may_become(letter: Letter, size: int | None) -> bool:
    """Return whether this many may fill the letter's batches from now on; None stands for the number of the site.

    Privacy: people may have signed since the form said how many are counted together, so it can only grow then.
    """
    least = settings.BATCH_SIZE if letter.status == Letter.Status.DRAFT else size_of(letter)
    fewest = max(FEWEST_IN_BATCH, settings.BATCH_SIZE)
    return max(settings.BATCH_SIZE, size or 0) >= least and (size is None or fewest <= size <= MOST_IN_BATCH)


def next_set_hour(letter: Letter, now: datetime) -> datetime:
    """Return when the clock of the letter next shows the hour at which a batch takes place, however few wait."""
    zone = letter.zone()
    today = now.astimezone(zone).date()
    moments = (_at_set_hour(today + timedelta(days=days), zone) for days in range(3))
    return next(moment for moment in moments if moment > now)


def _at_set_hour(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(settings.BATCH_HOUR), zone).astimezone(UTC)


@dataclass(frozen=True)
class Promise:
    """What a person who signs without a public name is told."""

    # How many others a full batch has at least.
    others: int
    # The set hour, as "18:00", in the time zone of the letter.
    hour: str
    zone: str


def promise_of(letter: Letter) -> Promise | None:
    """Return what the letter promises to those who sign without a public name; None if they do not wait for others.

    Before the names of a sealed letter appear, other rules hold.
    """
    size = size_of(letter)
    if size <= 1 or letter.is_sealed:
        return None
    return Promise(size - 1, f"{settings.BATCH_HOUR}:00", letter.zone().key)
