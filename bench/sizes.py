"""Measure what readers, organizers, staff and workers do with a letter of millions of signatures, in this process."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote

from django.db import connection
from django.test.client import Client
from django.utils import timezone

from bench.filling import COMMON_NAME, RARE_NAME, fill_letter
from bench.moderating import signed_in
from bench.site import Site, copied_letter, milliseconds_to_make, must_answer
from letters.base.outbox.queries import last_emails_to
from letters.models import Letter, Signature, User, folded_words
from letters.public.public_pages import behind
from letters.public.public_pages.operations import sequence_letter
from letters.public.public_pages.queries import found_page
from letters.shared.addresses import hash_address
from letters.signer.signing.operations import purge_unconfirmed

TRIES = 15
ADDRESS = "someone@example.org"
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


def filled_letter(site: Site, many: int) -> str:
    """Return the slug of a letter with so many invented signatures. Created once."""
    slug = f"filled-with-{many}"
    if not Letter.objects.filter(slug=slug).exists():
        fill_letter(site.database, copied_letter(slug, 0), many=many, now=timezone.now())
        site.database.execute("VACUUM ANALYZE")
        site.database.execute("CHECKPOINT")
    return slug


def costs(slug: str) -> Iterator[Cost]:
    """Yield every line. The last ones change the letter, so call this once for each."""
    letter = Letter.objects.select_related("collective", "current_revision").get(slug=slug)
    yield from _public(letter)
    yield from _of_organizers(letter)
    yield from _of_workers(letter)


def _public(letter: Letter) -> Iterator[Cost]:
    page = f"/letters/{letter.slug}/signatures/"
    for name, before in [("newest", 0), ("middle", letter.last_number // 2), ("oldest", 101)]:
        path = f"{page}?before={before}" if before else page
        yield Cost(f"list, {name} page, rendered", milliseconds_to_make(path), 10)
    for kind, name in [("common", COMMON_NAME), ("rare", RARE_NAME)]:
        words = folded_words(name)
        search = partial(found_page, letter, None, words, before=None)
        yield Cost(f"readers search a {kind} name", _fastest(search), 50)


def _of_organizers(letter: Letter) -> Iterator[Cost]:
    owner = User.objects.filter(memberships__collective=letter.collective, memberships__role="owner").latest("pk")
    organizer = signed_in(owner)
    for kind, name in [("common", COMMON_NAME), ("rare", RARE_NAME)]:
        path = f"/organize/letters/{letter.slug}/signatures/?q={quote(name)}"
        yield Cost(f"organizers search a {kind} name", _page(organizer, path), 100)
    yield Cost("dashboard", _page(organizer, f"/organize/letters/{letter.slug}/dashboard/"), 150)
    for noun in ("signature", "outgoingemail"):
        yield Cost(f"admin, list of {noun}s", _page(organizer, f"/admin/letters/{noun}/"), 100)
    yield Cost("admin, a rare state", _page(organizer, "/admin/letters/signature/?state=disowned"), 100)


def _of_workers(letter: Letter) -> Iterator[Cost]:
    Signature.objects.filter(letter=letter, number=letter.last_number // 2).update(address_hash=hash_address(ADDRESS))
    yield Cost("a bounce without a marker", _fastest(lambda: last_emails_to(ADDRESS)), 20)
    yield Cost("counting those who wait", _fastest(lambda: behind.awaiting(letter.pk)), 5)
    begun = time.perf_counter()
    purged = purge_unconfirmed(now=timezone.now())
    yield Cost("purging 1,000 unconfirmed", 1e6 * (time.perf_counter() - begun) / max(1, purged), 50)
    with connection.cursor() as cursor:
        cursor.execute(CONFIRM, [letter.pk])
        confirmed = cursor.rowcount
    begun = time.perf_counter()
    while sequence_letter(letter.pk, now=timezone.now()):
        pass
    yield Cost("numbering", confirmed / (time.perf_counter() - begun), 5000, "per second")


def _page(client: Client, path: str) -> float:
    must_answer(client.get(path).status_code, 200, path)
    return _fastest(lambda: client.get(path))


def _fastest(action: Callable[[], object]) -> float:
    """Return the milliseconds of the fastest, least disturbed, of several tries."""
    taken = []
    for _ in range(TRIES):
        begun = time.perf_counter()
        action()
        taken.append(time.perf_counter() - begun)
    return min(taken) * 1000
