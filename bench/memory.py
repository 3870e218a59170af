"""Measure how much memory the processes of a small site take, at rest and after some pages."""

import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import psutil
from django.conf import settings

from bench.load import HOST
from bench.site import SAMPLE, Site
from petition import child_processes, heartbeats, local

# Longer than the web server keeps a thread that has nothing to do.
REST_SECONDS = 40
PAGES = ["/", f"/letters/{SAMPLE}/", f"/letters/{SAMPLE}/signatures/", "/accounts/login/", "/privacy/", "/it/"]
TIMES = 20
PATIENCE_SECONDS = 60


def measure_memory(site: Site) -> dict[str, dict[str, float]]:
    """Return megabytes by process, at rest and after pages have been shown. Shared memory counts in parts (PSS)."""
    site.processes.start("one worker", local.one_worker())
    try:
        _wait_for_the_worker()
        time.sleep(REST_SECONDS)
        at_rest = dict(_sizes(site))
        for _ in range(TIMES):
            for path in PAGES:
                urllib.request.urlopen(f"http://{HOST}:{site.port}{path}", timeout=30).close()
        time.sleep(REST_SECONDS)
        return {"at rest": at_rest, "after pages": dict(_sizes(site))}
    finally:
        child_processes.end([site.processes.running.pop("one worker").pid])


def _wait_for_the_worker() -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while None in heartbeats.seconds_since([heartbeats.worker_of("bulk")]).values():
        if time.monotonic() > deadline:
            raise RuntimeError("the worker has not started.")
        time.sleep(0.2)


def _sizes(site: Site) -> Iterator[tuple[str, float]]:
    web = psutil.Process(site.processes.running["web server"].pid)
    yield "web server", _megabytes(web, *web.children(recursive=True))
    yield "worker", _megabytes(psutil.Process(site.processes.running["one worker"].pid))
    postmaster = psutil.Process(int((site.folder / "postgres" / "postmaster.pid").read_text().split()[0]))
    yield "PostgreSQL", _megabytes(postmaster, *postmaster.children())
    yield "Valkey", _megabytes(*_valkeys())


def _valkeys() -> list[psutil.Process]:
    port = urlsplit(settings.VALKEY_URL).port
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if "valkey" in process.name() and any(word.endswith(f":{port}") for word in process.cmdline()):
                found.append(process)
    return found


def _megabytes(*processes: psutil.Process) -> float:
    return float(sum(process.memory_full_info().pss for process in processes)) / 1e6
