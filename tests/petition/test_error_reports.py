"""A report to Sentry holds the kind and the place of a fault, and no word about a person."""

import gzip
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import brotli  # type: ignore[import-untyped]
import pytest
from celery.signals import task_failure
from django.core.signals import got_request_exception
from django.test.client import Client
from pytest_django import Settings

from letters.base.emailed_links import guards
from letters.models import Letter
from letters.shared.tokens import make_token
from letters.signer.signing.operations import signing
from petition import error_reports
from petition.environment import sentry_dsn
from tests.people import NOW

TOKEN = make_token("confirm", signature_id=7, salt=bytes(8), now=NOW)
SECRETS = [TOKEN, "ada@example.org", "Lovelace", "a-cookie", "a-query", "198.51.100.7", "Mozilla", "night-trains"]


class FakeSentry:
    """Receives reports as Sentry does."""

    def __init__(self) -> None:
        self.received: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                unpack = {"br": brotli.decompress, "gzip": gzip.decompress}[self.headers["Content-Encoding"]]
                outer.received.append(unpack(body).decode())
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *args: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def dsn(self) -> str:
        return f"http://key@127.0.0.1:{self.server.server_port}/7"


@pytest.fixture
def sentry(settings: Settings) -> Iterator[FakeSentry]:
    fake = FakeSentry()
    settings.SENTRY_DSN = fake.dsn
    error_reports._client.cache_clear()
    error_reports.begin()
    yield fake
    for signal in (got_request_exception, task_failure):
        signal.disconnect(dispatch_uid="error_reports")
    error_reports._client().close(timeout=5)
    error_reports._client.cache_clear()
    fake.server.shutdown()
    fake.server.server_close()


def report(sentry: FakeSentry) -> str:
    error_reports._client().flush(timeout=10)
    (text,) = sentry.received
    return text


def fail(*args: Any, **values: Any) -> None:
    raise ValueError(f"Lovelace ada@example.org {args} {values}")


def visitor() -> Client:
    client = Client(raise_request_exception=False, headers={"user-agent": "Mozilla"}, REMOTE_ADDR="198.51.100.7")
    client.cookies["csrftoken"] = "a-cookie"
    return client


def test_a_failing_request_full_of_secrets_is_reported_without_any(
    letter: Letter, sentry: FakeSentry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing, "fetch_row", fail)
    form = {"name": "Ada Lovelace", "email": "ada@example.org", "display": "public"}
    answer = visitor().post(f"/letters/{letter.slug}/sign/?from=a-query", form)
    assert answer.status_code == 500
    text = report(sentry)
    assert "ValueError" in text
    assert "sign_letter" in text
    assert "letters/signer/signing/operations/signing.py" in text
    assert answer.headers["X-Request-ID"] in text
    # Nothing else came along.
    event = json.loads(text.splitlines()[-1])
    assert event.keys() <= error_reports.KEPT
    (exception,) = event["exception"]["values"]
    assert exception.keys() == {"type", "module", "stacktrace"}
    ours = {"module", "function", "filename", "lineno", "in_app"}
    assert all(frame.keys() == ours for frame in exception["stacktrace"]["frames"])
    assert [secret for secret in SECRETS if secret in text] == []


def test_a_failing_page_behind_a_token_is_reported_by_the_name_of_its_route(
    letter: Letter, sentry: FakeSentry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guards, "signature_of_token", fail)
    assert visitor().get(f"/signatures/confirm/{TOKEN}/?x=a-query").status_code == 500
    text = report(sentry)
    assert '"route":"confirm' in text.replace(" ", "")
    assert [secret for secret in SECRETS if secret in text] == []


def test_a_failing_task_is_reported_by_its_name(sentry: FakeSentry) -> None:
    try:
        fail("ada@example.org")
    except ValueError as error:
        deliver = type("Task", (), {"name": "letters.deliver"})
        task_failure.send(sender=deliver, exception=error, args=["ada@example.org"])
    text = report(sentry)
    assert "letters.deliver" in text
    assert [secret for secret in SECRETS if secret in text] == []


def test_a_sentry_that_does_not_answer_changes_nothing(
    letter: Letter, sentry: FakeSentry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(error_reports, "_client", fail)
    monkeypatch.setattr(signing, "fetch_row", fail)
    form = {"name": "Ada Lovelace", "email": "ada@example.org", "display": "public"}
    assert visitor().post(f"/letters/{letter.slug}/sign/", form).status_code == 500
    monkeypatch.undo()


def test_without_a_dsn_nothing_listens(settings: Settings) -> None:
    assert not settings.SENTRY_DSN
    before = len(got_request_exception.receivers or [])
    error_reports.begin()
    assert len(got_request_exception.receivers or []) == before


@pytest.mark.parametrize("value", ["nowhere", "https://errors.example.net/7", "https://ours@errors.example.net/"])
def test_a_wrong_dsn_is_refused_without_repeating_its_key(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SENTRY_DSN", value)
    with pytest.raises(SystemExit) as refusal:
        sentry_dsn("SENTRY_DSN")
    assert value not in str(refusal.value)
