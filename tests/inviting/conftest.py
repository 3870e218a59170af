from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from django.utils import timezone

from letters.inviting.operations import invite_people
from letters.models import Letter, User
from letters.shared.rosters import Person, guess_columns, read_people, read_rows
from tests.conftest import LetterMaker
from tests.people import browser_of

# Invites who stands in a list, as an organizer would paste it: `invite(letter, "Ada <ada@example.org>")`.
Inviter = Callable[..., int]


def people_in(text: str) -> list[Person]:
    rows = read_rows(text)
    guess = guess_columns(rows)
    return read_people(rows, guess.columns, has_heading=guess.has_heading).people


@pytest.fixture
def before(draft: LetterMaker) -> Letter:
    """The letter before anybody else can see it."""
    return draft()


@pytest.fixture
def invite(organizer: User) -> Inviter:
    def inviting(
        letter: Letter,
        text: str = "Ada Lovelace <ada@example.org>",
        *,
        now: datetime | None = None,
        by: User | None = None,
    ) -> int:
        # By the real clock, unless a test says otherwise: an invitation is good for two weeks, and pages ask the clock.
        return invite_people(letter, people=people_in(text), by=by or organizer, now=now or timezone.now())

    return inviting


@pytest.fixture
def browser(organizer: User) -> Client:
    return browser_of(organizer)
