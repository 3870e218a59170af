"""A letter that names nobody until twenty people have signed, and the clock that looks after it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest

from letters.models import Letter, User
from letters.moderator.live_signals.operations import score_signatures
from letters.organizer.letter_editor.operations import publish_letter, set_up_letter
from letters.public.public_pages.operations import sequence_letter
from letters.public.public_pages.tasks import sweep
from letters.signer.release.tasks import tend_releases
from tests.conftest import LetterMaker
from tests.people import NOW, sign_and_confirm, unheard_of

NEEDED = 20
DAY = timedelta(days=1)
CLOSES = NOW + 30 * DAY
Clock = Callable[[datetime], None]


@pytest.fixture
def tick() -> Clock:
    """Let the sequencer and the clock do what is due at a moment."""

    def at(now: datetime) -> None:
        sweep(now=now, score=score_signatures)
        tend_releases(now=now, sequence=partial(sequence_letter, score=score_signatures))

    return at


@pytest.fixture
def sealed(draft: LetterMaker, organizer: User) -> Letter:
    letter = draft("together")
    values = {"names_from": NEEDED, "notice_hours": 72, "closes_at": CLOSES}
    set_up_letter(letter, values=values, by=organizer, now=NOW)
    publish_letter(letter, by=organizer, now=NOW)
    letter.refresh_from_db()
    assert letter.is_sealed
    return letter


def sign_many(letter: Letter, number: int, *, now: datetime = NOW) -> list[str]:
    """Let so many people sign and confirm. Returns their names."""
    names = [unheard_of().title() for _ in range(number)]
    for name in names:
        sign_and_confirm(letter, f"{name.lower()}@gmail.com", name=name, now=now, affiliation=f"Works {name}")
    return names
