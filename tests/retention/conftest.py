from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from letters.models import Letter, User
from letters.organizer.letter_editor.operations import close_letter
from letters.organizer.retention.tasks import tend_retention
from tests.people import NOW, publish, sign_and_confirm

DAY = timedelta(days=1)
CLOSED = NOW + DAY
# Six and thirty-six months after that, as the settings say.
ADDRESSES_GO = datetime(2025, 9, 4, 12, tzinfo=NOW.tzinfo)
DATA_GOES = datetime(2028, 3, 4, 12, tzinfo=NOW.tzinfo)
Clock = Callable[[datetime], None]
UPDATES = "Send me updates."


@pytest.fixture
def closed(letter: Letter, organizer: User) -> Letter:
    """A closed letter with one signer of each kind, who did not agree to updates, and one who did."""
    sign_and_confirm(letter, "ada@example.org", name="Ada Lovelace", affiliation="Analytical Engines", country="GB")
    sign_and_confirm(letter, "grace@example.org", name="Grace Hopper", display="organizers", affiliation="Navy")
    sign_and_confirm(letter, "alan@example.org", name="Alan Turing", display="nobody")
    sign_and_confirm(letter, "mary@example.org", name="Mary Jackson", display="organizers", consent=UPDATES)
    publish(NOW)
    close_letter(letter, by=organizer, now=CLOSED)
    letter.refresh_from_db()
    return letter


@pytest.fixture
def tick(closed: Letter) -> Clock:
    """Let the clock do what is due on a day."""

    def at(now: datetime) -> None:
        tend_retention(now=now)
        closed.refresh_from_db()

    return at


@pytest.fixture
def every_night(tick: Clock) -> Clock:
    """Let the clock come once a week until a day: each night would do the same, and take longer."""

    def until(now: datetime) -> None:
        night = CLOSED
        while night < now:
            tick(night)
            night += 7 * DAY
        tick(now)

    return until
