from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from letters.organizer.letter_editor.wall_clock import moments_of, shown_at

ROME = ZoneInfo("Europe/Rome")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("shown", "moments"),
    [
        ("2026-01-10T12:00", [utc(2026, 1, 10, 11)]),
        ("2026-07-10T12:00", [utc(2026, 7, 10, 10)]),
        # Clocks go forward at 2:00 on March 29, and back at 3:00 on October 25.
        ("2026-03-29T01:59", [utc(2026, 3, 29, 0, 59)]),
        ("2026-03-29T02:30", []),
        ("2026-03-29T03:00", [utc(2026, 3, 29, 1)]),
        ("2026-10-25T02:30", [utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 1, 30)]),
        ("2026-10-25T03:00", [utc(2026, 10, 25, 2)]),
    ],
)
def test_a_wall_clock_time_maps_to_its_moments(shown: str, moments: list[datetime]) -> None:
    found = moments_of(datetime.fromisoformat(shown), ROME)
    assert found == moments
    assert [shown_at(moment, ROME).isoformat("T", "minutes") for moment in found] == [shown] * len(moments)
