"""Whatever is sent, sensible or not, the API answers as its OpenAPI document says, and never with a 500.

Schemathesis makes the requests from the document. They are the same in each run.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis.errors import Unsatisfiable
from limits import parse
from pytest_django import Settings
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from letters.models import Letter, Scope, User
from letters.organizer.personal_tokens import operations as token_operations
from letters.organizer.updates.operations import UpdateText, send_update, write_update
from tests.conftest import LetterMaker
from tests.people import NOW, add_published

pytestmark = pytest.mark.django_db
THERE = "https://choir.example"
CHECKS: list[CheckFunction] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
MODES = [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]
same_each_time = hypothesis_settings(
    max_examples=12,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def update_id(published: LetterMaker, organizer: User) -> int:
    """A letter with everything that the API sends, and the id of its update."""
    letter: Letter = published(origins=[THERE])
    add_published(letter, 3)
    letter.refresh_from_db()
    update = write_update(letter, text=UpdateText(title="News", body="News.", language="en"), by=organizer, now=NOW)
    send_update(update, seen=update.version, by=organizer, now=NOW)
    return update.pk


@pytest.fixture
def token(update_id: int, organizer: User, monkeypatch: pytest.MonkeyPatch) -> str:
    """A personal token that opens everything of the collective."""
    monkeypatch.setattr(token_operations, "mail_to_account", lambda _: None)
    asked: dict[str, Any] = {"name": "Office", "scopes": Scope.values, "by": organizer, "now": timezone.now()}
    _, secret = token_operations.create_token(Letter.objects.get().collective, **asked)
    return secret


@pytest.fixture
def app() -> Iterator[WSGIHandler]:
    """The site, which keeps the connection of this test, as Django's own test client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield WSGIHandler()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
def test_every_answer_is_as_described(
    update_id: int, token: str, app: WSGIHandler, mode: Any, settings: Settings
) -> None:
    settings.LIMIT_PERSONAL_TOKENS = parse("100000/hour")
    schema: Any = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    statuses = {
        found.ok().label: statuses_of(found.ok(), mode, token, update_id=update_id)
        for found in schema.get_all_operations()
    }
    assert len(statuses) == 16
    if mode is MODES[0]:
        assert [label for label, found in statuses.items() if label.startswith("GET") and 200 not in found] == []
    else:
        assert len([found for found in statuses.values() if 422 in found]) >= 5


def test_the_description_says_how_to_send_a_token(app: WSGIHandler) -> None:
    schema: Any = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app).raw_schema
    (name, scheme), *others = schema["components"]["securitySchemes"].items()
    assert (scheme["type"], scheme["scheme"], others) == ("http", "bearer", [])
    asked = {path: operation["get"].get("security") for path, operation in schema["paths"].items()}
    assert {path for path, security in asked.items() if security == [{name: []}]} == {
        path for path in asked if "/organize/" in path
    }


def statuses_of(operation: Any, mode: Any, token: str, *, update_id: int) -> set[int]:
    """Send requests to one address, check every answer, and return their statuses."""
    statuses = set()
    # Most letters, texts and updates that are made up do not exist.
    there = {"slug": "night-trains", "number": 1, "update_id": update_id}

    is_for_tokens = "/organize/" in operation.path
    authorization = {"Authorization": f"Bearer {token}"} if is_for_tokens else {}

    @same_each_time
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        case.path_parameters = {name: there[name] for name in case.path_parameters or {}}
        case.headers.update({"Origin": THERE, "Accept-Encoding": "identity", **authorization})
        answer = case.call()
        case.validate_response(answer, checks=CHECKS)
        statuses.add(answer.status_code)

    # Schemathesis finds no request that would be wrong for some of the addresses.
    with suppress(Unsatisfiable):
        ask()
    return statuses
