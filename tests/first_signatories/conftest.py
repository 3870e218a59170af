from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from django.utils import timezone

from letters.base.accounts import queries as account_queries
from letters.base.accounts.invitations import has_stopped_in_second
from letters.models import Letter, OutgoingEmail, User
from letters.organizer.first_signatories.operations import invite_people
from letters.organizer.first_signatories.signatory_import import Person, guess_columns, read_people, read_rows
from tests.conftest import LetterMaker
from tests.people import browser_of

# Invite the people on a list that an organizer pastes: `invite(letter, "Ada <ada@example.org>")`. Returns how many
# invitations were created, which organizers do not learn.
Inviter = Callable[..., int]


def people_in(text: str) -> list[Person]:
    rows = read_rows(text)
    guess = guess_columns(rows)
    return read_people(rows, guess.columns, has_heading=guess.has_heading).people


def invited_by_mail() -> int:
    return OutgoingEmail.objects.filter(kind="invited").count()


@pytest.fixture
def before(draft: LetterMaker) -> Letter:
    """The letter before anyone else can see it."""
    return draft()


@pytest.fixture
def invite(organizer: User, monkeypatch: pytest.MonkeyPatch) -> Inviter:
    # Pretend that signatures have raised the limit.
    monkeypatch.setattr(account_queries, "FEW_INVITATIONS", account_queries.MAX_INVITATIONS)

    def inviting(
        letter: Letter,
        text: str = "Ada Lovelace <ada@example.org>",
        *,
        now: datetime | None = None,
        by: User | None = None,
    ) -> int:
        # Use the real clock unless a test sets one: an invitation is valid for two weeks, and pages use the clock.
        before = invited_by_mail()
        invite_people(letter, people=people_in(text), by=by or organizer, now=now or timezone.now())
        return invited_by_mail() - before

    return inviting


@pytest.fixture(autouse=True)
def _health_is_asked_again() -> None:
    has_stopped_in_second.cache_clear()


@pytest.fixture
def browser(organizer: User) -> Client:
    return browser_of(organizer)
