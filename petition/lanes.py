"""One worker process for all queues: each queue has threads of its own, so that none waits for another.

A worker of Celery with one pool of threads would let long tasks (an export, thousands of updates, a webhook that does
not answer) take all threads, and a signer's confirmation would wait behind them. Here a full lane delays only its own
queue. The worker fetches every message at once, because a message that is not fetched would hold up those behind it.
That costs little: a message says only that there is work, and of equal messages at most one waits.
"""

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from celery import signals
from celery.concurrency.base import BasePool, apply_target
from django.db import connection

# Others have one. A second thread keeps confirmations going while a mail server does not answer the first.
THREADS = {"confirmations": 2, "webhooks": 2}
# Connections to the database besides those of the threads: each batch of emails renews its lease in a thread.
LEASES = 3

Key = tuple[str, bytes]


class Taken:
    """What Celery keeps of a task that a lane has taken."""

    def __init__(self, future: "Future[None]") -> None:
        self.get = future.result


class Lane:
    """The threads of one queue."""

    def __init__(self, queue: str) -> None:
        self.threads = THREADS.get(queue, 1)
        self._executor = ThreadPoolExecutor(self.threads, thread_name_prefix=queue)
        self._waiting: set[Key] = set()
        self._lock = threading.Lock()

    def take(self, key: Key, work: Callable[[], object]) -> "Future[None] | None":
        """Do the work as soon as a thread is free. None if equal work waits already, which will find as much to do."""
        with self._lock:
            if key in self._waiting:
                return None
            self._waiting.add(key)

        def begin() -> None:
            # Race: before the work looks for something to do, so that a message that comes later waits again.
            with self._lock:
                self._waiting.discard(key)
            work()

        return self._executor.submit(begin)

    def end(self) -> None:
        """Finish what has begun. The broker keeps the messages of what has not."""
        self._executor.shutdown(cancel_futures=True)


class Lanes(BasePool):
    """A pool for Celery's worker. Start the worker without a limit for messages (`prefetch_multiplier=0`)."""

    body_can_be_buffer = True
    signal_safe = False

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._lanes = {queue: Lane(queue) for queue in self.app.amqp.queues.consume_from}
        self._is_stopping = False
        self.limit = sum(lane.threads for lane in self._lanes.values())

    def on_start(self) -> None:
        # Threads share the pool of connections, which is made with these settings.
        pool = connection.settings_dict["OPTIONS"]["pool"]
        pool["max_size"] = max(pool["max_size"], self.limit + LEASES)
        signals.worker_process_init.send(sender=None)

    def on_apply(  # type: ignore[override] # the stubs say less
        self,
        target: Callable[..., Any],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
        callback: Callable[..., Any] | None = None,
        accept_callback: Callable[..., Any] | None = None,
        **_: Any,
    ) -> Taken:
        name, _id, request, body, *_rest = args

        def work() -> None:
            # A worker that stops gives what it has not begun back to the broker.
            if not self._is_stopping:
                apply_target(target, args, kwargs, callback, accept_callback)

        # A message that RabbitMQ has delayed has its delay before the name of its queue: "0.1.publishing".
        queue = str(request["delivery_info"]["routing_key"]).rpartition(".")[2]
        lane = self._lanes.get(queue) or next(iter(self._lanes.values()))
        taken = lane.take((name, body.encode() if isinstance(body, str) else bytes(body)), work)
        if taken is None:
            taken = Future()
            taken.set_result(None)
            if accept_callback and callback:
                accept_callback(os.getpid(), time.monotonic())
                callback((False, None, 0.0))
        return Taken(taken)

    def on_close(self) -> None:
        self._is_stopping = True

    def on_stop(self) -> None:
        for lane in self._lanes.values():
            lane.end()
