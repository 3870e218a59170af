"""Members with programs of their own, which send personal tokens."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.utils import timezone

from letters.models import Collective, Letter, PersonalToken, Scope, User
from letters.organizer.letter_editor.operations import publish_letter, set_up_letter
from letters.organizer.personal_tokens import operations
from letters.organizer.personal_tokens.operations import create_token
from tests.conftest import LetterMaker
from tests.people import NOW, Response

API = "/api/v1/organize/letters/"
LETTER = f"{API}night-trains/"


@dataclass(frozen=True)
class Program:
    """A program with a token."""

    token: PersonalToken
    secret: str

    def get(self, url: str, **headers: str) -> Response:
        return Client(raise_request_exception=False).get(
            url, headers={"Authorization": f"Bearer {self.secret}", **headers}
        )

    def read(self, url: str) -> dict[str, Any]:
        answer = self.get(url)
        assert answer.status_code == 200, answer.content
        found: dict[str, Any] = answer.json()
        return found


ProgramMaker = Callable[..., Program]


@pytest.fixture(autouse=True)
def mails(monkeypatch: pytest.MonkeyPatch) -> list[EmailMultiAlternatives]:
    """The emails that the operations pass to the worker."""
    found: list[EmailMultiAlternatives] = []
    monkeypatch.setattr(operations, "mail_to_account", found.append)
    return found


@pytest.fixture
def program_of(collective: Collective) -> ProgramMaker:
    """Give a person a program with a token for everything: `program_of(teammate, scopes=["counts:read"])`."""

    def make(person: User, **values: Any) -> Program:
        asked = {"name": "Office", "scopes": Scope.values, "now": timezone.now(), "collective": collective, **values}
        return Program(*create_token(by=person, **asked))

    return make


@pytest.fixture
def program(program_of: ProgramMaker, organizer: User) -> Program:
    return program_of(organizer)


@pytest.fixture
def sealed(draft: LetterMaker, organizer: User) -> Letter:
    """A letter that names nobody yet."""
    letter = draft("together")
    values = {"names_from": 20, "notice_hours": 72, "closes_at": NOW + timedelta(days=30)}
    set_up_letter(letter, values=values, by=organizer, now=NOW)
    publish_letter(letter, by=organizer, now=NOW)
    letter.refresh_from_db()
    assert letter.is_sealed
    return letter
