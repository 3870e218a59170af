"""Read how a letter's count has grown. Days are the smallest unit that anyone sees."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

from django.db.models import Sum
from django.db.models.functions import Trunc

from letters.models.letter import Letter
from letters.models.tally import LetterHour


@dataclass(frozen=True)
class Span:
    """A day, a week or a month."""

    begins: datetime
    published: int
    # The number of signatures that were withdrawn or removed, minus those that were restored.
    taken_out: int
    # The count at the end of the span.
    total: int
    # All sequence numbers given until the end of the span, also those of signatures that left the count.
    so_far: int


@dataclass(frozen=True)
class CountHistory:
    # "day", "week" or "month".
    unit: str
    spans: list[Span]


# The smallest unit that fits on a chart of that length. Privacy: never an hour, which would show when a signer without
# a name signed.
UNITS = [("day", timedelta(days=92)), ("week", timedelta(days=730))]


def count_history(letter: Letter, *, now: datetime, unit: str = "") -> CountHistory:
    """Return the signatures from the first publication until now, or until the letter closed.

    Without a `unit`, it is a day at first, and becomes longer as time passes. Days, weeks and months are those of the
    letter's time zone.
    """
    zone = letter.zone()
    start = letter.published_at or letter.created_at
    end = max(start, min(now, letter.closed_at or now))
    unit = unit or next((unit for unit, longest in UNITS if end - start <= longest), "month")
    hours = LetterHour.objects.filter(letter=letter).annotate(at=Trunc("hour", unit, tzinfo=zone))
    sums = hours.values("at").annotate(new=Sum("published"), out=Sum("taken_out")).order_by("at")
    by_period = {row["at"]: (row["new"], row["out"]) for row in sums}
    # Older signatures, whose hours were not recorded, count at the start, so that the line ends at the letter's count.
    spans, total = [], max(0, letter.signature_count - sum(new - out for new, out in by_period.values()))
    so_far = max(0, letter.last_number - sum(new for new, _ in by_period.values()))
    for begins in _steps(unit, [start, end, *by_period], zone):
        new, out = by_period.get(begins, (0, 0))
        total, so_far = total + new - out, so_far + new
        spans.append(Span(begins, new, out, total, so_far))
    return CountHistory(unit, spans)


# The chart has at least this number of places, so that two days do not fill it with two broad bars.
FEWEST_DRAWN = 14


def drawn_spans(history: CountHistory) -> list[Span]:
    """Return the spans of the chart, with empty ones before the first."""
    spans = list(history.spans)
    while len(spans) < FEWEST_DRAWN:
        # One hour earlier is a moment in the previous span, because every span is longer than an hour.
        begins = begin_of(history.unit, spans[0].begins - timedelta(hours=1), _zone_of(spans[0]))
        spans.insert(0, Span(begins, 0, 0, 0, 0))
    return spans


def _zone_of(span: Span) -> ZoneInfo:
    return cast("ZoneInfo", span.begins.tzinfo)


def _steps(unit: str, moments: list[datetime], zone: ZoneInfo) -> list[datetime]:
    """Return the start of each unit between the first and the last of these times."""
    begins, last = begin_of(unit, min(moments), zone), begin_of(unit, max(moments), zone)
    steps = [begins]
    while begins < last:
        # A month is at most 31 days long. Days are counted on the calendar of the zone.
        ahead = {"day": timedelta(days=1), "week": timedelta(days=7)}
        begins = begin_of(unit, begins + ahead.get(unit, timedelta(days=31)), zone)
        steps.append(begins)
    return steps


def begin_of(unit: str, moment: datetime, zone: ZoneInfo) -> datetime:
    """Return the start of the day, week or month in which a moment is."""
    day = moment.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return day - timedelta(days=day.weekday()) if unit == "week" else day.replace(day=1) if unit == "month" else day
