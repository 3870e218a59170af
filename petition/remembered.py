"""Keep an answer that costs queries for a few seconds, so that many who ask cost no more than one."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class Remembered(Generic[Answer]):
    """The last answer of `look` if it is younger than `seconds`, otherwise a new one. One for each process.

    While one thread looks, the others get the last answer, so at most one waits.
    """

    def __init__(self, look: Callable[[], Answer], *, seconds: float) -> None:
        self.look = look
        self.seconds = seconds
        self._last: tuple[float, Answer] | None = None
        self._looking = threading.Lock()

    def __call__(self) -> Answer:
        last = self._last
        if last and (self._is_recent(last) or not self._looking.acquire(blocking=False)):
            return last[1]
        if not last:
            self._looking.acquire()
        try:
            if not (self._last and self._is_recent(self._last)):
                self._last = (time.monotonic(), self.look())
            return self._last[1]
        finally:
            self._looking.release()

    def _is_recent(self, answer: tuple[float, Answer]) -> bool:
        return time.monotonic() - answer[0] <= self.seconds
