"""Read what witnesses have said. Without WITNESSES in the settings, nothing here asks the database."""

import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError

from letters.models import Letter, SitePlace, Witness

# A process reads the rows again after this long. Performance: until then, a letter's page causes no query for them.
REMEMBERED_SECONDS = 10
MAX_PLACES = 10_000


@dataclass(frozen=True)
class Said:
    """What one witness has said, as pages show it."""

    witness: str
    seen_at: datetime | None
    size: int
    refused_at: datetime | None


@dataclass(frozen=True)
class SaidOfLetter:
    """Who has seen a letter's record unchanged, and who has refused the record of the site."""

    seen: tuple[Said, ...] = ()
    refused: tuple[Said, ...] = ()


@dataclass(frozen=True)
class _Known:
    said: tuple[Said, ...]
    until: float


_known = _Known((), until=0)
# The place of a letter in the log of the site never changes.
_places: dict[int, int] = {}


def witnesses() -> list[Witness]:
    """Return the witnesses in the settings that were asked at least once, in the order of the settings."""
    keys = [key for key, _ in settings.WITNESSES]
    rows = {row.key: row for row in Witness.objects.filter(key__in=keys)} if keys else {}
    return [rows[key] for key in keys if key in rows]


def said_of(letter: Letter) -> SaidOfLetter:
    """Return what witnesses have said about a letter's record, at most REMEMBERED_SECONDS old."""
    said = _said()
    place = _place_of(letter.pk) if said else None
    seen = [each for each in said if each.seen_at and not each.refused_at and place is not None and place < each.size]
    # A refusal concerns the record of every letter.
    return SaidOfLetter(tuple(seen), tuple(each for each in said if each.refused_at))


def _said() -> tuple[Said, ...]:
    """Return what each witness has said. While the database is unavailable, pages keep what they say."""
    global _known  # noqa: PLW0603 -- each process needs one state
    if not settings.WITNESSES:
        return ()
    if time.monotonic() >= _known.until:
        said = _known.said
        with suppress(DatabaseError):
            said = tuple(Said(row.name, row.shown_at, row.shown_size, row.refused_at) for row in witnesses())
        _known = _Known(said, until=time.monotonic() + REMEMBERED_SECONDS)
    return _known.said


def _place_of(letter_id: int) -> int | None:
    if letter_id not in _places:
        place = SitePlace.objects.filter(pk=letter_id).values_list("index", flat=True).first()
        if place is None:
            return None
        if len(_places) >= MAX_PLACES:
            _places.clear()
        _places[letter_id] = place
    return _places[letter_id]


def forget_said() -> None:
    """Read everything again at once."""
    global _known  # noqa: PLW0603
    _known = _Known((), until=0)
    _places.clear()


def cosignatures_on(note: str) -> str:
    """Return the signature lines of witnesses under a checkpoint of the site, to be added to the note."""
    text = note.partition("\n\n")[0] + "\n"
    return "".join(row.line for row in witnesses() if row.text == text)
