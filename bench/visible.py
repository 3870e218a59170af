"""Measure how long a confirmed signature waits until readers see it in the count, while many people confirm."""

import http.client
import json
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from bench.emails import forget_owed, owe
from bench.load import HOST, Volley
from bench.site import Site, confirmations, waiting
from petition import child_processes, local

CONFIRM_A_SECOND, SECONDS = 100, 10
POLL_SECONDS = 0.05
PATIENCE_SECONDS = 60
# The invented signers differ too little for a moderator to believe in them.
NEVER_HOLD = "UPDATE letters_letter SET hold_from = %s WHERE slug = %s"
CONFIRMED = """
SELECT extract(epoch FROM confirmed_at) FROM letters_signature
WHERE letter_id = (SELECT id FROM letters_letter WHERE slug = %s) AND confirmed_at > to_timestamp(%s)
ORDER BY confirmed_at
"""


@dataclass
class Seen:
    """The count at each time at which a reader looked."""

    port: int
    slug: str
    counts: list[tuple[float, int]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def look(self) -> int:
        reader = http.client.HTTPConnection(HOST, self.port, timeout=PATIENCE_SECONDS)
        reader.request("GET", f"/letters/{self.slug}/count/")
        count = int(json.load(reader.getresponse())["published"])
        reader.close()
        self.counts.append((time.time(), count))
        return count

    def keep_looking(self) -> None:
        while not self.over.wait(POLL_SECONDS):
            self.look()


def seconds_to_be_seen(site: Site, slug: str) -> tuple[list[float], Volley]:
    """Let CONFIRM_A_SECOND people confirm each second. Return how long each waited, and the answers that they got."""
    from letters.models import HoldFrom  # noqa: PLC0415 -- Django must have been set up

    site.database.execute(NEVER_HOLD, [HoldFrom.NEVER.value, slug])
    owe(site, CONFIRM_A_SECOND * SECONDS, slug)
    forget_owed(site)
    requests = confirmations(waiting(site, slug)[-CONFIRM_A_SECOND * SECONDS :])
    site.processes.start("sequencer", [*local.worker("publishing"), "--concurrency", "1"])
    try:
        return _watched(site, slug, requests)
    finally:
        child_processes.end([site.processes.running.pop("sequencer").pid])


def _watched(site: Site, slug: str, requests: list[bytes]) -> tuple[list[float], Volley]:
    seen, begun = Seen(site.port, slug), time.time()
    first = seen.look()
    reader = threading.Thread(target=seen.keep_looking)
    reader.start()
    try:
        volley = site.fire(_paced(requests), expect=303, seconds=PATIENCE_SECONDS)
        confirmed = [float(at) for (at,) in site.database.execute(CONFIRMED, [slug, begun]).fetchall()]
        deadline = time.monotonic() + PATIENCE_SECONDS
        while seen.counts[-1][1] < first + len(confirmed):
            if time.monotonic() > deadline:
                raise RuntimeError(f"{len(confirmed)} confirmed, and readers see {seen.counts[-1][1] - first}.")
            time.sleep(POLL_SECONDS)
    finally:
        seen.over.set()
        reader.join()
    return waits(confirmed, [(at, count - first) for at, count in seen.counts]), volley


def _paced(requests: Iterable[bytes]) -> Iterator[bytes]:
    begun = time.monotonic()
    for place, request in enumerate(requests):
        time.sleep(max(0, begun + place / CONFIRM_A_SECOND - time.monotonic()))
        yield request


def waits(confirmed: list[float], counts: list[tuple[float, int]]) -> list[float]:
    """Compare the times of confirmation, in their order, with the first time at which so many were seen."""
    looks, waited = iter(counts), []
    seen_at, number = next(looks)
    for place, at in enumerate(confirmed, 1):
        while number < place:
            seen_at, number = next(looks)
        waited.append(seen_at - at)
    return sorted(waited)
