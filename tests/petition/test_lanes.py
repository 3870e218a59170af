"""Each queue has threads of its own, and of equal messages at most one waits."""

import threading

import pytest

from petition.lanes import Lane
from tests.stack import until

KEY = ("letters.deliver", b"[]")


@pytest.fixture
def busy() -> threading.Event:
    """Work that lasts until the test ends it."""
    return threading.Event()


def test_equal_work_waits_once_and_begins_after_what_is_at_work(busy: threading.Event) -> None:
    lane, begun = Lane("bulk"), []
    lane.take(KEY, lambda: (begun.append("first"), busy.wait(30)))  # type: ignore[func-returns-value]
    until(lambda: begun == ["first"])
    second = lane.take(KEY, lambda: begun.append("second"))
    assert second
    assert lane.take(KEY, lambda: begun.append("third")) is None
    other = lane.take(("letters.notify", b"[]"), lambda: begun.append("other"))
    assert other
    busy.set()
    other.result(30)
    assert begun == ["first", "second", "other"]


def test_a_full_lane_delays_no_other(busy: threading.Event) -> None:
    full, other = Lane("bulk"), Lane("confirmations")
    for number in range(9):
        full.take(("letters.sequence", b"%d" % number), lambda: busy.wait(30))
    done = other.take(KEY, lambda: None)
    assert done
    assert done.result(30) is None
    busy.set()


def test_a_confirmation_does_not_wait_for_another_that_the_mail_server_holds(busy: threading.Event) -> None:
    lane = Lane("confirmations")
    lane.take(KEY, lambda: busy.wait(30))
    done = lane.take(("letters.deliver", b"[1]"), lambda: None)
    assert done
    assert done.result(30) is None
    busy.set()


def test_what_has_not_begun_when_the_worker_ends_is_left_to_the_broker(busy: threading.Event) -> None:
    lane, begun = Lane("exports"), []
    lane.take(KEY, lambda: (begun.append(1), busy.wait(30)))  # type: ignore[func-returns-value]
    until(lambda: begun == [1])
    waiting = lane.take(KEY, lambda: begun.append(2))
    ending = threading.Thread(target=lane.end)
    ending.start()
    assert waiting
    until(waiting.cancelled)
    busy.set()
    ending.join(30)
    assert begun == [1]
