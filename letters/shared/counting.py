"""Count what this process does, for /metrics. All processes of a machine count into files of one folder (METRICS_DIR).

Each process takes the lowest number that no other process holds, and goes on counting in the files with that number. So
a process that ends, even by SIGKILL, leaves nothing to tidy up, and its counts are kept.

Privacy: only kinds of events are counted, each in a fixed list: no letter, no person, no path. The files hold exact
counts; petition/metrics.py shows them in tens.
"""

import fcntl
import logging
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from threading import Lock
from typing import IO, Literal

from django.conf import settings
from prometheus_client import CollectorRegistry, Counter, Histogram, Metric, values
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.values import MultiProcessValue

from letters.shared.refused import Refusal

log = logging.getLogger(__name__)

BUCKETS = (0.005, 0.02, 0.1, 0.5, 1, 5, 30)
# A folder with more processes than this belongs to a mistake.
MAX_PROCESSES = 500
# Disk full: when a process writes to a part of a mapped file for which there is no room, it is killed (SIGBUS). So the
# room is taken first. It suffices for every route.
FILE_BYTES = 2 * 1024 * 1024

# How the memory of public pages served a request: at once, after the view said that the page is current, or rendered.
Served = Literal["kept", "checked", "rendered"]


class _Place:
    """The number of this process, which no other process has while it runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pid = 0
        self.number = ""
        self.held: IO[bytes] | None = None

    def __call__(self) -> str:
        if self.pid != os.getpid():
            self._take()
        return self.number

    def _take(self) -> None:
        """Take the lowest free number. Raises OSError if the folder cannot be written to."""
        if self.held:  # After a fork: this is the lock of the parent.
            self.held.close()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for number in map(str, range(MAX_PROCESSES)):
            lock = (self.folder / f"{number}.lock").open("ab")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.close()
                continue
            for kind in ("counter", "histogram"):
                with (self.folder / f"{kind}_{number}.db").open("ab") as file:
                    os.posix_fallocate(file.fileno(), 0, FILE_BYTES)
            self.held, self.number, self.pid = lock, number, os.getpid()
            return
        raise OSError(f"More than {MAX_PROCESSES} processes count in {self.folder}")


class _Counters:
    """The counters of this process."""

    def __init__(self) -> None:
        # Not the registry of the library, which adds details of this process.
        ours = CollectorRegistry(auto_describe=False)
        self.signings = Counter("undersigned_signings", "Forms that were accepted", registry=ours)
        self.confirmations = Counter("undersigned_confirmations", "Signatures that were confirmed", registry=ours)
        self.refusals = Counter("undersigned_refusals", "Requests that were refused", ["reason"], registry=ours)
        self.pages = Counter("undersigned_public_pages", "Public pages, by origin", ["served"], registry=ours)
        self.answers = Counter("undersigned_answers", "Answers, by status class", ["route", "status"], registry=ours)
        self.seconds = Histogram(
            "undersigned_answer_seconds", "Time to the answer", ["route"], registry=ours, buckets=BUCKETS
        )
        self.errors = Counter("undersigned_server_errors", "Answers with a status of 500 or more", registry=ours)
        self.registry = ours


_making = Lock()


def _counters() -> _Counters:
    with _making:
        return _made()


@cache
def _made() -> _Counters:
    """Create the counters in the shared files. If there is no room for files, count in memory, for nobody to read."""
    folder = Path(settings.METRICS_DIR)
    place = _Place(folder)
    try:
        place()
    except OSError as error:
        log.warning("Nothing is counted for /metrics: METRICS_DIR cannot be written to (%s).", error.strerror or error)
        return _Counters()
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    in_memory, values.ValueClass = values.ValueClass, MultiProcessValue(place)  # type: ignore[no-untyped-call]
    try:
        return _Counters()
    except OSError:
        values.ValueClass = in_memory
        return _Counters()


def signed() -> None:
    """Count an accepted form, whether its address has signed before or not."""
    _counters().signings.inc()


def confirmed() -> None:
    _counters().confirmations.inc()


def refused(reason: Refusal) -> None:
    _counters().refusals.labels(reason.value).inc()


def page(served: Served) -> None:
    _counters().pages.labels(served).inc()


def answered(route: str, status: int, seconds: float) -> None:
    """Count an answer. `route` is the name of a route or a fixed word, never a path: paths contain tokens."""
    counters = _counters()
    counters.answers.labels(route, f"{status // 100}xx").inc()
    counters.seconds.labels(route).observe(seconds)
    if status >= 500:
        counters.errors.inc()


def counted() -> Iterator[Metric]:
    """Return the counts of all processes of this machine, also of those that have ended."""
    if Path(settings.METRICS_DIR).is_dir():
        collector = MultiProcessCollector(None, settings.METRICS_DIR)  # type: ignore[no-untyped-call]
        yield from collector.collect()  # type: ignore[no-untyped-call]


def pages_served() -> dict[str, int]:
    """Return how many public pages were served in each way."""
    samples = (sample for metric in counted() for sample in metric.samples)
    return {each.labels["served"]: int(each.value) for each in samples if each.name == "undersigned_public_pages_total"}
