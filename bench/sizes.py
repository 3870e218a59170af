"""Measure what readers, organizers, staff and workers do with a letter of millions of signatures."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Self
from urllib.parse import quote

from django.db import connection
from django.test.client import Client
from django.utils import timezone

from bench.exports import measure_exports
from bench.filling import COMMON_NAME, RARE_NAME, fill_letter
from bench.moderating import signed_in
from bench.site import Site, copied_letter, must_answer, without_cache
from bench.visible import CONFIRM_A_SECOND, seconds_to_be_seen
from letters.base.outbox.queries import last_emails_to
from letters.models import Letter, Signature, User, folded_words
from letters.public.public_pages import behind
from letters.public.public_pages.operations import sequence_letter
from letters.public.public_pages.queries import found_page
from letters.shared.addresses import hash_address
from letters.signer.signing.operations import purge_unconfirmed

TRIES = 15
ADDRESS = "someone@example.org"
FILES = {"public": "public CSV", "csv": "organizers' CSV"}
CONFIRM = """
UPDATE letters_signature SET state = 'confirmed', confirmed_at = now(), verified = 'link'
WHERE letter_id = %s AND state = 'pending'
"""


@dataclass(frozen=True)
class Cost:
    """One line: a figure, its unit, and the target."""

    name: str
    value: float
    aim: float
    unit: str = "ms"
    # Milliseconds of processor time, of this process and the database, where one was measured. A busy machine changes
    # these less.
    cpu: float | None = None


def filled_letter(site: Site, many: int) -> str:
    """Return the slug of a letter with so many invented signatures. Created once."""
    slug = f"filled-with-{many}"
    if not Letter.objects.filter(slug=slug).exists():
        fill_letter(site.database, copied_letter(slug, 0), many=many, now=timezone.now())
        site.database.execute("VACUUM ANALYZE")
        site.database.execute("CHECKPOINT")
    return slug


def costs(site: Site, slug: str) -> Iterator[Cost]:
    """Yield the lines of this process. The last ones change the letter, so call this once for each."""
    letter = Letter.objects.select_related("collective", "current_revision").get(slug=slug)
    yield from _public(site, letter)
    yield from _of_organizers(site, letter)
    yield from _of_workers(site, letter)


def costs_of_processes(site: Site, slug: str) -> Iterator[Cost]:
    """Yield the lines of what other processes do: files, and numbering while people confirm. Changes the letter."""
    millions = Letter.objects.get(slug=slug).signature_count / 1e6
    for file_format, made in measure_exports(slug, ("public", "csv")):
        name = FILES[file_format]
        if file_format == "public":
            yield Cost(name, made.rate, 200_000, "rows per second")
            yield Cost(f"{name}, growth of memory", made.growth_megabytes, 30, "MB")
        else:
            yield Cost(name, made.seconds, 6 * millions, "s")
            yield Cost(f"{name}, peak of memory", made.peak_megabytes, 140, "MB")
    waits, volley = seconds_to_be_seen(site, slug)
    if volley.failures:
        raise RuntimeError(f"Not everyone could confirm: {dict(volley.failures)}")
    yield Cost(f"until readers see {CONFIRM_A_SECOND} a second, p95", waits[len(waits) * 95 // 100], 2, "s")


def _public(site: Site, letter: Letter) -> Iterator[Cost]:
    page = f"/letters/{letter.slug}/signatures/"
    with without_cache():
        for name, before in [("newest", 0), ("middle", letter.last_number // 2), ("oldest", 101)]:
            path = f"{page}?before={before}" if before else page
            yield _page(site, f"list, {name} page, rendered", 10, Client(), path)
    for kind, name in [("common", COMMON_NAME), ("rare", RARE_NAME)]:
        search = partial(found_page, letter, None, folded_words(name), before=None)
        yield _fastest(site, f"readers search a {kind} name", 50, search)


def _of_organizers(site: Site, letter: Letter) -> Iterator[Cost]:
    owner = User.objects.filter(memberships__collective=letter.collective, memberships__role="owner").latest("pk")
    organizer = signed_in(owner)
    for kind, name in [("common", COMMON_NAME), ("rare", RARE_NAME)]:
        path = f"/organize/letters/{letter.slug}/signatures/?q={quote(name)}"
        yield _page(site, f"organizers search a {kind} name", 100, organizer, path)
    yield _page(site, "dashboard", 150, organizer, f"/organize/letters/{letter.slug}/dashboard/")
    for noun in ("signature", "outgoingemail"):
        yield _page(site, f"admin, list of {noun}s", 100, organizer, f"/admin/letters/{noun}/")
    yield _page(site, "admin, a rare state", 100, organizer, "/admin/letters/signature/?state=disowned")


def _of_workers(site: Site, letter: Letter) -> Iterator[Cost]:
    Signature.objects.filter(letter=letter, number=letter.last_number // 2).update(address_hash=hash_address(ADDRESS))
    yield _fastest(site, "a bounce without a marker", 20, lambda: last_emails_to(ADDRESS))
    yield _fastest(site, "counting those who wait", 5, lambda: behind.awaiting(letter.pk))
    begun = _Clocks.now(site)
    purged = max(1, purge_unconfirmed(now=timezone.now())) / 1000
    taken = begun.since(site)
    yield Cost("purging 1,000 unconfirmed", taken.wall / purged, 50, cpu=taken.cpu / purged)
    with connection.cursor() as cursor:
        cursor.execute(CONFIRM, [letter.pk])
        confirmed = cursor.rowcount
    begun = _Clocks.now(site)
    while sequence_letter(letter.pk, now=timezone.now()):
        pass
    taken = begun.since(site)
    yield Cost("numbering, without scoring", 1000 * confirmed / taken.wall, 5000, "per second", taken.cpu / confirmed)


@dataclass(frozen=True)
class _Clocks:
    """Milliseconds of time, and of processor time of this process and the database."""

    wall: float
    cpu: float

    @classmethod
    def now(cls, site: Site) -> Self:
        return cls(1000 * time.perf_counter(), 1000 * (time.process_time() + site.cpu_seconds()))

    def since(self, site: Site) -> Self:
        now = self.now(site)
        return replace(now, wall=now.wall - self.wall, cpu=now.cpu - self.cpu)


def _page(site: Site, name: str, aim: float, client: Client, path: str) -> Cost:
    must_answer(client.get(path).status_code, 200, path)
    return _fastest(site, name, aim, lambda: client.get(path))


def _fastest(site: Site, name: str, aim: float, action: Callable[[], object]) -> Cost:
    """Return the fastest, least disturbed, of several tries, and the mean of their processor times."""
    walls, begun = [], _Clocks.now(site)
    for _ in range(TRIES):
        at = time.perf_counter()
        action()
        walls.append(1000 * (time.perf_counter() - at))
    return Cost(name, min(walls), aim, cpu=begun.since(site).cpu / TRIES)
