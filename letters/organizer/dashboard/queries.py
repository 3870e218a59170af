"""Read what the overview of a letter shows.

Performance: nothing here gets slower with more signatures, because the sequencer has counted them already.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import BooleanField, Q, QuerySet, Sum
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from letters.models import (
    BULK,
    FOLDED,
    Display,
    Letter,
    LetterHour,
    LetterTally,
    OutgoingEmail,
    Signature,
    SignatureQuerySet,
    begin_of,
    entrusted_ids,
    folded_words,
    published_numbers,
)
from letters.shared.numbers import read_number
from letters.shared.tokens import make_cursor, read_cursor

State = Signature.State


@dataclass(frozen=True)
class Newest:
    today: int
    yesterday: int


def newest(letter: Letter, *, now: datetime) -> Newest:
    """Return how many signatures are new today and yesterday, by the letter's calendar.

    Privacy: do not count the last 24 hours. That number would fall exactly one day after a signature, so someone who
    reads it again and again would learn the hour in which a person without a name signed.
    """
    midnight = begin_of("day", now, letter.zone())
    before = begin_of("day", midnight - timedelta(hours=1), letter.zone())
    hours = LetterHour.objects.filter(letter=letter, hour__gte=before)
    found = hours.aggregate(all=Sum("published"), today=Sum("published", filter=Q(hour__gte=midnight)))
    today = found["today"] or 0
    return Newest(today, (found["all"] or 0) - today)


# Privacy: a host is named only if it brought this many signers, because it could be a private page.
FEWEST = 3
MAX_SHOWN = 20


@dataclass(frozen=True)
class Shares:
    """The number of signers with each value, the most frequent first. Rare values are summed up."""

    known: list[tuple[str, int]]
    others: int
    unknown: int


@dataclass(frozen=True)
class Origins:
    total: int
    languages: Shares
    countries: Shares
    hosts: Shares


def origins(letter: Letter) -> Origins:
    """Return the numbers of signers by language, by country and by the host that they came from."""
    tallies = LetterTally.objects.filter(letter=letter)
    # Each signature has exactly one language, so the sum over languages is the total.
    total = tallies.filter(kind=LetterTally.Kind.LANGUAGE).aggregate(total=Sum("number"))["total"] or 0
    fewest = {LetterTally.Kind.VIA: FEWEST}
    language, country, via = (
        _shares(tallies.filter(kind=kind), total, fewest.get(kind, 1)) for kind in LetterTally.Kind
    )
    return Origins(total, language, country, via)


def _shares(tallies: QuerySet[LetterTally], total: int, fewest: int) -> Shares:
    unknown = tallies.filter(value="").values_list("number", flat=True).first() or 0
    rows = tallies.exclude(value="").filter(number__gte=fewest).order_by("-number", "value")
    known = list(rows.values_list("value", "number")[:MAX_SHOWN])
    return Shares(known, max(0, total - unknown - sum(number for _, number in known)), unknown)


# After this delay, organizers read that email is late.
LATE = timedelta(minutes=15)
MAX_MAILS = 10_000


def mail_is_late(now: datetime) -> bool:
    """Return whether any email that someone waits for is late.

    Privacy: the answer covers the whole site, without numbers or times. A count of the letter's own emails would grow
    for a new address but not for one that has signed, so organizers could test addresses.
    """
    owed = OutgoingEmail.objects.owed().exclude(kind__in=BULK).filter(put_off_at=None).order_by("next_attempt_at")
    oldest = min(owed.values_list("created_at", flat=True)[:MAX_MAILS], default=now)
    return now - oldest > LATE


PAGE_LENGTH = 50
# Search in unpublished lists covers only this many of the newest signatures.
MAX_SEARCHED = 10_000
# Privacy: the lists contain no unconfirmed signatures. Otherwise anyone who types an address into the form could see
# whether it was new.
LISTS = {
    "published": State.PUBLISHED,
    "held": State.HELD,
    "withdrawn": State.WITHDRAWN,
    "rejected": State.REJECTED,
}

# Privacy: lists are sorted by confirmation, never by id. First signatories get their ids in the order of their
# organizers' list, so the list would reveal the names of those who show none.
MOMENT = Coalesce("confirmed_at", "signed_at")


@dataclass(frozen=True)
class Page:
    signatures: list[Signature]
    # The cursor of the next page; None on the last one.
    onward: str | None


def signatures(letter: Letter, *, shown: str, search: str = "", after: str = "", oldest_first: bool = False) -> Page:
    """Return a page of one of LISTS, newest first. `search` keeps signatures in which each searched word is the
    beginning of a word.

    Marks, case and apostrophes do not matter. Published signatures are sorted by number before `after`, the others by
    confirmation.
    """
    words = folded_words(search) if search else []
    # Privacy: before the names appear, a list would show when one person leaves.
    if letter.is_sealed or (search and not words):
        return Page([], None)
    signatures = Signature.objects.filter(_in_list(shown), letter=letter)
    if shown == "withdrawn":
        signatures = signatures.exclude(confirmed_at=None)
        if letter.names_from:
            # Privacy: who left before the names appeared was promised that nothing shows it.
            signatures = signatures.exclude(number=None)
    if shown == "published":
        rows = _from_number(letter, signatures.filter(number__isnull=False), words, after, oldest_first)
        return _page(rows, lambda last: str(last.number))
    latest = signatures.annotate(moment=MOMENT).order_by("-moment", "-pk")
    if words:
        newest = Signature.objects.filter(pk__in=latest.values("pk")[:MAX_SEARCHED])
        latest = _named(letter, newest, words).annotate(moment=MOMENT).order_by("-moment", "-pk")
    purpose, beyond = f"{shown}:{letter.pk}", "gt" if oldest_first else "lt"
    if cursor := read_cursor(purpose, after):
        later = Q(**{"moment": cursor[0], f"pk__{beyond}": cursor[1]})
        latest = latest.filter(Q(**{f"moment__{beyond}": cursor[0]}) | later)
    rows = latest.reverse() if oldest_first else latest
    return _page(rows, lambda last: make_cursor(purpose, last.confirmed_at or last.signed_at, last.pk))


def _in_list(shown: str) -> Q:
    """Privacy: organizers read of nameless signers what everyone reads, so these come and go with a batch (LISTED)."""
    state, nobody = Q(state=LISTS[shown]), Q(display=Display.NOBODY)
    if shown == "published":
        return state & ~nobody | nobody & Q(counted=True)
    if shown == "withdrawn":
        return state & ~(nobody & (Q(counted=True) | Q(number=None)))
    return state


def _from_number(
    letter: Letter, numbered: SignatureQuerySet, words: list[str], after: str, oldest_first: bool
) -> SignatureQuerySet:
    number = read_number(after) or None
    if words:
        most = PAGE_LENGTH + 1
        rows = numbered.filter(number__in=published_numbers(letter, words, after=number, up=oldest_first, most=most))
    else:
        rows = numbered.filter(**{"number__gt" if oldest_first else "number__lt": number}) if number else numbered
    return rows.order_by("number" if oldest_first else "-number")


def _named(letter: Letter, signatures: SignatureQuerySet, words: list[str]) -> SignatureQuerySet:
    readable = signatures
    for word in words:
        begins = rf"(^|[^[:alnum:]]){re.escape(word)}"
        readable = readable.filter(RawSQL(f"{FOLDED} ~ %s", [begins], output_field=BooleanField()))  # noqa: S611
    entrusted = entrusted_ids([letter.pk], words, most=MAX_SEARCHED)
    return signatures.filter(Q(pk__in=readable.values("pk")) | Q(pk__in=entrusted)) if entrusted else readable


def _page(rows: SignatureQuerySet, cursor_of: Callable[[Signature], str]) -> Page:
    newest = list(rows[: PAGE_LENGTH + 1])
    page = newest[:PAGE_LENGTH]
    return Page(page, cursor_of(page[-1]) if len(newest) > PAGE_LENGTH else None)


# The nightly check

DRIFTED = """
SELECT letter.id, slug FROM letters_letter AS letter
LEFT JOIN (
    SELECT letter_id, sum(published) AS published, sum(taken_out) AS taken_out
    FROM letters_letterhour GROUP BY letter_id
) AS hours ON hours.letter_id = letter.id
LEFT JOIN (
    SELECT letter_id, sum(number) AS number FROM letters_lettertally WHERE kind = 'language' GROUP BY letter_id
) AS tally ON tally.letter_id = letter.id
WHERE last_number <> coalesce(published, 0) OR last_number <> coalesce(number, 0)
    OR withdrawn_count + removed_count <> coalesce(taken_out, 0)
ORDER BY letter.id
"""


def drifted() -> list[str]:
    """Return the slugs of letters whose hours or tallies do not add up to their counters."""
    return [letter.slug for letter in Letter.objects.raw(DRIFTED)]
