"""A child process that uses too much ends, and nothing else does."""

import sys
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from letters.shared import sandbox
from letters.shared.sandbox import Child, Failed, Limits, child

LIMITS = Limits(memory=200 * 1024**2, seconds=1)


@pytest.fixture
def greedy() -> Iterator[Child]:
    with child("tests.shared.greedy", LIMITS) as made:
        yield made


def test_the_sandbox_answers_one_request_after_the_other(greedy: Child) -> None:
    assert [greedy.ask({"do": word}) for word in ("a", "é\n")] == [{"said": "a"}, {"said": "é\n"}]


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ({"do": "eat", "bytes": 1024**3}, "too_much"),
        ({"do": "think"}, "too_much"),
        ({"do": "die"}, "too_much"),
        ({"do": "panic"}, "broken"),
        ({"do": "leave"}, "broken"),
        ({}, "broken"),
    ],
)
def test_the_sandbox_says_why_it_has_no_answer(greedy: Child, question: dict[str, object], code: str) -> None:
    with pytest.raises(Failed) as failed:
        greedy.ask(question)
    assert failed.value.code == code


def test_a_child_that_only_waits_is_ended_too(monkeypatch: pytest.MonkeyPatch, greedy: Child) -> None:
    monkeypatch.setattr(sandbox, "PATIENCE", 0.1)
    began = time.monotonic()
    with pytest.raises(Failed) as failed:
        greedy.ask({"do": "wait"})
    assert failed.value.code == "too_slow"
    assert time.monotonic() - began < 60


def test_each_answer_has_its_own_time_limit() -> None:
    with child("tests.shared.greedy", replace(LIMITS, seconds=2)) as made:
        for _ in range(40):
            made.ask({"do": "eat", "bytes": 50 * 1024**2})


def test_the_sandbox_continues_after_a_panic(greedy: Child) -> None:
    with pytest.raises(Failed):
        greedy.ask({"do": "panic"})
    assert greedy.ask({"do": "again"}) == {"said": "again"}


def test_the_sandbox_knows_no_secret(greedy: Child, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "secret")
    assert set(greedy.ask({"do": "look"})["environment"]) <= {*sandbox.ENVIRONMENT, "LC_CTYPE"}
    with child("tests.shared.greedy", LIMITS) as made:
        assert set(made.ask({"do": "look"})["environment"]) <= {*sandbox.ENVIRONMENT, "LC_CTYPE"}


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux can take this from a process.")
def test_no_program_that_it_starts_gains_privileges(greedy: Child) -> None:
    assert "NoNewPrivs:\t1\n" in greedy.ask({"do": "status"})["status"]


@pytest.mark.parametrize("missing", ["unshare", "prctl"])
def test_the_sandbox_works_on_systems_without_that_call(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Without:
        def __getattr__(self, name: str) -> None:
            raise AttributeError(name)

    monkeypatch.setattr("letters.shared.sandbox.ctypes.CDLL", lambda _: Without())
    {"unshare": sandbox._leave_the_network, "prctl": sandbox._gain_no_privileges}[missing]()


def test_the_sandbox_leaves_nothing_behind(greedy: Child) -> None:
    with child("tests.shared.greedy", LIMITS) as made:
        made.ask({"do": "a"})
    assert made.process.returncode is not None
