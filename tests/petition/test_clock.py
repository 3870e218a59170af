"""At most one clock of a site is at work, so that a second one does no harm and takes over when the first ends."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import Celery
from celery.schedules import crontab
from django.conf import settings

from letters.shared.valkey import client
from petition import clock
from petition.clock import LEASE, SoleScheduler

MakeClock = Callable[[], SoleScheduler]


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks that clocks have sent."""
    found: list[str] = []

    def send(self: SoleScheduler, entry: Any, **options: Any) -> None:
        found.append(entry.task)

    monkeypatch.setattr(SoleScheduler, "apply_async", send)
    return found


@pytest.fixture
def a_clock(valkey: "redis.Redis", tmp_path: Path) -> Iterator[MakeClock]:
    made: list[SoleScheduler] = []
    app = Celery(set_as_current=False, broker=settings.CELERY_BROKER_URL)
    app.conf.beat_schedule = {
        "often": {"task": "often", "schedule": 5.0},
        "nightly": {"task": "nightly", "schedule": crontab(hour=3, minute=17)},
    }

    def make() -> SoleScheduler:
        made.append(SoleScheduler(app=app, schedule_filename=str(tmp_path / f"schedule-{len(made)}"), max_interval=1))
        return made[-1]

    yield make
    for each in made:
        each.close()


def all_ticks(scheduler: SoleScheduler) -> None:
    """Send everything that is due."""
    while scheduler.tick() == 0:
        pass


def later(scheduler: SoleScheduler, by: timedelta) -> None:
    """Let this much time pass for a clock."""
    for entry in scheduler.schedule.values():
        entry.last_run_at = (entry.last_run_at or scheduler.app.now()) - by
    scheduler._heap = None


def test_a_second_clock_sends_nothing_while_the_first_is_at_work(a_clock: MakeClock, sent: list[str]) -> None:
    first, second = a_clock(), a_clock()
    all_ticks(first)
    later(first, timedelta(seconds=6))
    later(second, timedelta(days=2))
    all_ticks(second)
    assert sent == []
    all_ticks(first)
    assert sent == ["often"]


def test_the_second_takes_over_from_the_moment_at_which_the_first_ended(a_clock: MakeClock, sent: list[str]) -> None:
    first, second = a_clock(), a_clock()
    all_ticks(first)
    # It has waited for days, in which the first has sent everything.
    later(second, timedelta(days=2))
    all_ticks(second)
    first.close()
    all_ticks(second)
    assert sent == []
    later(second, timedelta(seconds=6))
    all_ticks(second)
    assert sent == ["often"]


def test_the_lease_of_a_killed_clock_ends_by_itself(a_clock: MakeClock) -> None:
    all_ticks(a_clock())
    assert 0 < client().ttl(LEASE) <= clock.LEASE_SECONDS


def test_a_clock_that_has_slept_does_not_end_the_lease_of_another(a_clock: MakeClock) -> None:
    first, second = a_clock(), a_clock()
    all_ticks(first)
    client().delete(LEASE)
    all_ticks(second)
    holder = client().get(LEASE)
    first.close()
    assert client().get(LEASE) == holder


def test_a_clock_that_was_set_back_goes_on_sending(a_clock: MakeClock, sent: list[str]) -> None:
    """A machine may begin with a wrong time, and correct it later."""
    only = a_clock()
    all_ticks(only)
    later(only, -timedelta(days=1))
    all_ticks(only)
    assert sent == []
    later(only, timedelta(seconds=6))
    all_ticks(only)
    assert sent == ["often"]


def test_without_valkey_the_clock_works_on(
    a_clock: MakeClock, sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker may be another server. A task that two clocks send does no harm."""

    def nobody() -> "redis.Redis":
        raise redis.ConnectionError

    only = a_clock()
    all_ticks(only)
    later(only, timedelta(seconds=6))
    monkeypatch.setattr(clock, "_valkey", nobody)
    all_ticks(only)
    assert sent == ["often"]
