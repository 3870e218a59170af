"""/healthz says that a process runs; /readyz and `manage.py status` say whether every part works."""

from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import redis
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from letters.models import LedgerLog, Letter, OutgoingEmail
from letters.schedule import QUEUES
from petition import health, heartbeats
from petition.embedded import free_port
from tests.people import Reader, sign

NAMES = ["database", "migrations", "oldest unsent email", "record", "broker", "Valkey", "clock"]
NAMES += [f"worker of {queue}" for queue in QUEUES]


@pytest.fixture(autouse=True)
def _nothing_is_remembered(valkey: "redis.Redis", monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(health.recent_checks, "seconds", -1)
    monkeypatch.setattr(heartbeats, "NOTED_EVERY_SECONDS", -1)
    forget(valkey)
    yield
    forget(valkey)


def forget(valkey: "redis.Redis") -> None:
    if keys := [*valkey.scan_iter("seen:*")]:
        valkey.delete(*keys)


@pytest.fixture
def all_at_work() -> None:
    heartbeats._next_notes.clear()
    heartbeats.note(["clock", *(f"worker of {queue}" for queue in QUEUES)])


def asked(reader: Reader) -> tuple[int, dict[str, dict[str, Any]]]:
    answer = reader.get("/readyz", host="10.1.2.3")
    assert answer.headers["Cache-Control"] == "no-store"
    found = answer.json()
    assert found["ready"] == (answer.status_code == 200)
    return answer.status_code, found["checks"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_machine_that_knows_only_our_ip_address_is_answered(
    letter: Letter, all_at_work: None, reader: Reader, settings: Settings, path: str
) -> None:
    settings.ALLOWED_HOSTS = ["letters.example.org"]
    for host in ("10.1.2.3", "10.1.2.3:8000", "[::1]", "nonsense..", ""):
        answer = reader.get(path, host=host)
        assert answer.status_code == 200
        assert "10.1.2.3" not in answer.content.decode()
    assert reader.get("/", host="10.1.2.3").status_code == 400


def test_ready_names_every_part(letter: Letter, all_at_work: None, reader: Reader) -> None:
    status, checks = asked(reader)
    assert status == 200
    assert sorted(checks) == sorted(NAMES)
    said = StringIO()
    call_command("status", stdout=said)
    lines = said.getvalue().splitlines()
    assert len(lines) == len(NAMES)
    assert all(line.startswith("ok ") for line in lines)


@pytest.mark.parametrize("silent", ["clock", *(f"worker of {queue}" for queue in QUEUES)])
def test_a_silent_part_is_named(
    letter: Letter, all_at_work: None, reader: Reader, valkey: "redis.Redis", silent: str
) -> None:
    valkey.delete(f"seen:{silent}")
    status, checks = asked(reader)
    assert status == 503
    assert [name for name, found in checks.items() if not found["ok"]] == [silent]
    with pytest.raises(CommandError, match=f"Not ready: {silent}"):
        call_command("status", stdout=StringIO())


def test_the_wait_of_emails_is_given_in_steps_of_five_minutes(
    letter: Letter, all_at_work: None, reader: Reader
) -> None:
    now = timezone.now()
    sign(letter, now=now)
    for seconds, shown, status in [(7, 0, 200), (290, 0, 200), (301, 300, 200), (1300, 1200, 503)]:
        OutgoingEmail.objects.update(created_at=now - timedelta(seconds=seconds))
        found, checks = asked(reader)
        assert (found, checks["oldest unsent email"]["seconds"]) == (status, shown)
    # One mailbox that refuses for hours raises no alarm, because anyone can type its address.
    OutgoingEmail.objects.update(error="450")
    assert asked(reader)[0] == 200


@pytest.mark.django_db(transaction=True)
def test_a_missing_migration_is_reported(letter: Letter, all_at_work: None, reader: Reader) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'letters' AND name = '0001_initial' RETURNING *")
        (row,) = cursor.fetchall()
        try:
            status, checks = asked(reader)
        finally:
            cursor.execute("INSERT INTO django_migrations VALUES (%s, %s, %s, %s)", row)
    assert status == 503
    assert checks["migrations"] == {"ok": False, "to_apply": 1}


def test_the_answer_comes_without_valkey_and_says_so(
    letter: Letter, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = redis.Redis.from_url(f"redis://127.0.0.1:{free_port()}/0")
    monkeypatch.setattr(heartbeats, "_valkey", lambda: away)
    status, checks = asked(reader)
    assert status == 503
    assert checks["Valkey"] == {"ok": False}
    assert checks["database"] == {"ok": True}


def test_frequent_requests_are_answered_from_one_check(
    letter: Letter, all_at_work: None, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health.recent_checks, "seconds", 1000)
    monkeypatch.setattr(health.recent_checks, "_last", None)
    looked: list[int] = []
    look = health.all_checks

    def counted() -> list[health.Check]:
        looked.append(1)
        return look()

    monkeypatch.setattr(health.recent_checks, "look", counted)
    for _ in range(5):
        asked(reader)
    assert looked == [1]


def test_a_log_in_doubt_is_reported(letter: Letter, all_at_work: None, reader: Reader) -> None:
    LedgerLog.objects.create(name="7", origin="testserver/log/7", doubt="behind", doubted_at=timezone.now())
    status, checks = asked(reader)
    assert (status, checks["record"]) == (503, {"ok": False, "logs_in_doubt": 1})
