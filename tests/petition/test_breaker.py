"""After the database has failed to answer, no thread asks it for a moment, and then only one at a time."""

import threading

import psycopg
import pytest

from petition.database import base
from petition.database.base import CIRCUIT_OPEN_SECONDS, Breaker
from tests.clocks import Clock
from tests.people import in_threads


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(base, "time", clock)
    return clock


def fail() -> None:
    raise psycopg.OperationalError


def ask(breaker: Breaker, *, answers: bool) -> str:
    """Return the result of a request that needs the database."""
    asked = False
    try:
        with breaker.guarding():
            asked = True
            if not answers:
                fail()
    except psycopg.OperationalError:
        return "waited" if asked else "sent on at once"
    return "served"


def test_all_other_requests_are_answered_at_once_after_a_failure(clock: Clock) -> None:
    breaker = Breaker()
    assert [ask(breaker, answers=False) for _ in range(4)] == ["waited", *["sent on at once"] * 3]
    clock.now += CIRCUIT_OPEN_SECONDS
    assert [ask(breaker, answers=False) for _ in range(4)] == ["waited", *["sent on at once"] * 3]


def test_everyone_is_served_once_the_database_answers(clock: Clock) -> None:
    breaker = Breaker()
    ask(breaker, answers=False)
    clock.now += CIRCUIT_OPEN_SECONDS
    assert [ask(breaker, answers=True) for _ in range(3)] == ["served"] * 3
    assert ask(breaker, answers=False) == "waited"


def test_one_request_tries_the_database_and_the_others_do_not_wait(clock: Clock) -> None:
    breaker = Breaker()
    ask(breaker, answers=False)
    clock.now += CIRCUIT_OPEN_SECONDS
    asking, over = threading.Event(), threading.Event()

    def visit(part: str) -> str:
        if part == "first":
            with breaker.guarding():
                asking.set()
                assert over.wait(10)
            return "served"
        assert asking.wait(10)
        found = ask(breaker, answers=True)
        over.set()
        return found

    assert in_threads(visit, ["first", "other"], threads=2) == ["served", "sent on at once"]
