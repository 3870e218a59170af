"""Many causes wake a worker once, and nobody waits for an unavailable broker."""

import json
import time
from collections.abc import Iterator

import pytest
import redis
from celery import Celery
from kombu.exceptions import OperationalError
from pytest_django import Settings

from letters.shared import wakeups
from letters.shared.wakeups import awake, notify_of_confirmation, wake, wake_sequencer
from petition.celery import app
from petition.embedded import free_port


@pytest.fixture
def queue(valkey: "redis.Redis") -> "redis.Redis":
    return valkey


@pytest.fixture
def dead_valkey(settings: Settings, valkey: "redis.Redis") -> Iterator[None]:
    """Nothing listens on Valkey's port."""
    settings.VALKEY_URL = f"redis://127.0.0.1:{free_port()}/0"
    wakeups._valkey.cache_clear()
    yield
    wakeups._valkey.cache_clear()


@pytest.fixture
def dead_broker() -> Iterator[None]:
    """Valkey answers, but the broker, which may be another server, does not."""
    options = {"socket_connect_timeout": 1, "max_retries": 0}
    with Celery("dead", broker=f"redis://127.0.0.1:{free_port()}/0", broker_transport_options=options) as dead:
        dead.conf.task_publish_retry = False
        dead.set_current()
        yield
        app.set_current()


def messages(queue: "redis.Redis", name: str) -> list[dict[str, object]]:
    return [json.loads(message)["headers"] for message in queue.lrange(name, 0, -1)]


def test_a_hundred_causes_make_one_wake_up(queue: "redis.Redis") -> None:
    for _ in range(100):
        wake("letters.deliver", queue="confirmations")
    assert [message["task"] for message in messages(queue, "confirmations")] == ["letters.deliver"]


def test_a_cause_after_the_work_has_begun_wakes_again(queue: "redis.Redis") -> None:
    wake("letters.deliver", queue="confirmations")
    awake("letters.deliver")
    wake("letters.deliver", queue="confirmations")
    assert len(messages(queue, "confirmations")) == 2


def test_each_letter_is_woken_for_itself(queue: "redis.Redis") -> None:
    for letter in (1, 2, 1, 2):
        wake("letters.sequence", letter, queue="publishing")
    assert [message["argsrepr"] for message in messages(queue, "publishing")] == ["(2,)", "(1,)"]
    awake("letters.sequence", 1)
    wake("letters.sequence", 1, queue="publishing")
    wake("letters.sequence", 2, queue="publishing")
    assert len(messages(queue, "publishing")) == 3


def test_a_lost_wake_up_blocks_others_only_briefly(queue: "redis.Redis") -> None:
    wake("letters.sequence", 1, queue="publishing")
    assert 0 < queue.ttl("wakeup:letters.sequence:1") <= wakeups.FORGOTTEN_AFTER_SECONDS


def test_a_wake_up_can_wait_for_more_causes(queue: "redis.Redis") -> None:
    wake_sequencer(1)
    (message,) = messages(queue, "publishing")
    assert message["eta"]


def test_a_confirmation_wakes_both_workers_with_one_question_to_valkey(queue: "redis.Redis") -> None:
    wake("letters.deliver", queue="confirmations")  # The connection, and the script.
    before = queue.info("commandstats")["cmdstat_evalsha"]["calls"]
    notify_of_confirmation(1)
    assert queue.info("commandstats")["cmdstat_evalsha"]["calls"] == before + 1
    assert [message["task"] for message in messages(queue, "publishing")] == ["letters.sequence"]
    # The mail worker had a wake-up on its way already.
    assert len(messages(queue, "confirmations")) == 1


def test_without_valkey_nobody_waits_and_nothing_fails(
    dead_valkey: None, connects: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(1000):
        wake("letters.deliver", queue="confirmations")
    assert 1 <= len(connects) <= 5
    awake("letters.deliver")
    # It was logged when it was noticed, not a thousand times.
    assert [record.getMessage() for record in caplog.records if "no worker was notified" in record.getMessage()] == [
        "Valkey does not answer (ConnectionError): no worker was notified. The next sweep finds the work."
    ] * 2


def test_without_a_broker_nobody_waits_and_nothing_fails(
    queue: "redis.Redis", dead_broker: None, caplog: pytest.LogCaptureFixture
) -> None:
    wake("letters.deliver", queue="confirmations")
    assert "no worker was notified" in caplog.text
    assert messages(queue, "confirmations") == []


def test_a_confirmation_waits_for_a_dead_broker_only_once(
    queue: "redis.Redis", monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def send(self: Celery, name: str, **_: object) -> None:
        asked.append(name)
        raise OperationalError

    monkeypatch.setattr(Celery, "send_task", send)
    notify_of_confirmation(1)
    assert asked == ["letters.deliver"]
    # Neither counts as being on its way.
    assert queue.keys("wakeup:*") == []


def test_after_a_restart_valkey_gets_the_script_again(queue: "redis.Redis") -> None:
    wake("letters.deliver", queue="confirmations")
    queue.script_flush()
    wake("letters.sequence", 1, queue="publishing")
    assert len(messages(queue, "publishing")) == 1


def test_valkey_is_used_again_when_it_is_back(queue: "redis.Redis", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wakeups, "_circuit_open_until", time.monotonic() + 60)
    wake("letters.deliver", queue="confirmations")
    assert messages(queue, "confirmations") == []
    monkeypatch.setattr(wakeups, "_circuit_open_until", time.monotonic())
    wake("letters.deliver", queue="confirmations")
    assert len(messages(queue, "confirmations")) == 1
