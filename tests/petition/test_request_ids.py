"""A request's id leads from an error page to its log lines, and nowhere else."""

import json
import logging
import re
from io import StringIO
from typing import Any

import pytest
import redis
from django.test.client import Client
from pytest_django import Settings

from letters.models import Letter
from letters.signer.signing.operations import signing
from petition.celery import app
from petition.logs import HideSecrets, JsonFormatter, SafeFormatter
from petition.request_ids import current_request_id
from tests.people import Signer

OURS = "0123456789abcdef-from-our-proxy"
TOKEN = "AbCdEf0123456789-token"


@pytest.fixture
def _fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise LookupError("Ada Lovelace <ada@example.org>")

    monkeypatch.setattr(signing, "fetch_row", fail)


def error_page(**headers: str) -> tuple[str, str]:
    """Return the id in the header, and that on the page."""
    form = {"name": "Ada Lovelace", "email": "ada@example.org", "display": "public"}
    visitor = Client(raise_request_exception=False)
    answer = visitor.post("/letters/night-trains/sign/", form, headers=headers)
    assert answer.status_code == 500
    shown = re.search(r"give this error id: ([\w-]+)", answer.content.decode())
    assert shown
    return answer.headers["X-Request-ID"], shown[1]


@pytest.mark.usefixtures("_fails")
def test_an_error_page_shows_the_id_that_is_in_the_log(letter: Letter) -> None:
    written = StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(SafeFormatter("%(name)s%(request)s: %(message)s"))
    logging.getLogger().addHandler(handler)
    try:
        header, shown = error_page()
    finally:
        logging.getLogger().removeHandler(handler)
    assert header == shown
    assert f"django.request [{shown}]: Internal Server Error" in written.getvalue()
    assert current_request_id() == ""


@pytest.mark.usefixtures("_fails")
@pytest.mark.parametrize("sent", ["short", "a" * 65, "id with spaces", "ada@example.org", "<script>alert(1)</script>"])
def test_only_our_own_proxy_chooses_the_id(letter: Letter, settings: Settings, sent: str) -> None:
    assert error_page(x_request_id=OURS)[1] != OURS
    settings.TRUSTED_PROXIES = 1
    assert error_page(x_request_id=OURS) == (OURS, OURS)
    assert re.fullmatch("[0-9a-f]{16}", error_page(x_request_id=sent)[1])


def test_other_answers_have_no_id(letter: Letter) -> None:
    for path in ("/letters/night-trains/", "/letters/none/", "/accounts/login/"):
        assert "X-Request-ID" not in Client().get(path).headers


@pytest.mark.django_db(transaction=True)
def test_no_message_to_a_worker_holds_the_id_of_a_request(
    letter: Letter, signer: Signer, valkey: "redis.Redis", monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []

    def send(task: str, **message: Any) -> None:
        sent.append(f"{current_request_id()} {task} {message}")

    monkeypatch.setattr(app, "send_task", send)
    signer.sign(letter, email="ada@example.org")
    assert sent
    for message in sent:
        request_id, _, rest = message.partition(" ")
        assert len(request_id) == 16
        assert request_id not in rest


# Logs as JSON


def fail() -> None:
    raise ValueError(f"Key (ada@example.org)\nDETAIL:  Failing row contains (1, Ada).\n/signatures/confirm/{TOKEN}/")


def as_json(level: int, message: str, *args: object, failing: bool = False) -> dict[str, str]:
    written = StringIO()
    handler = logging.StreamHandler(written)
    handler.addFilter(HideSecrets())
    handler.setFormatter(JsonFormatter())
    logger = logging.Logger("test")  # noqa: LOG001 -- one that nothing else hears of
    logger.addHandler(handler)
    if failing:
        try:
            fail()
        except ValueError:
            logger.exception(message, *args)
    else:
        logger.log(level, message, *args)
    (line,) = written.getvalue().splitlines()
    found: dict[str, str] = json.loads(line)
    return found


def test_a_line_as_json_is_one_object_without_secrets() -> None:
    found = as_json(logging.WARNING, 'To "%s" at %s\nsecond line', "ada@example.org", f"/signatures/confirm/{TOKEN}/")
    assert found.pop("time").endswith("+00:00")
    assert found == {
        "level": "WARNING",
        "logger": "test",
        "message": 'To "(address)" at /signatures/confirm/(token)/\nsecond line',
    }


def test_a_traceback_as_json_is_on_the_same_line_without_secrets() -> None:
    found = as_json(logging.ERROR, "It failed", failing=True)
    assert "Traceback" in found["exception"]
    assert "DETAIL: (row)" in found["exception"]
    for secret in ("ada@", "Ada", TOKEN):
        assert secret not in str(found)
