"""What the public pages show, as data. The JSON files and the API send the same, so that no two doors disagree."""

from datetime import date

from django.conf import settings

from letters.base.ledger_logs.queries import open_log
from letters.models import MAX_TEXTS, LedgerLog, Letter, paper_counts_of
from letters.public.public_pages.list_rows import PUBLIC_COLUMNS, public_rows_before


def count_of(letter: Letter, language: str, today: date | None) -> dict[str, object]:
    """Return the letter's counts of one moment. `language` is that of the words about moderation."""
    return {
        "published": letter.signature_count,
        # Rounded down to multiples of ten: see Letter.awaiting_confirmation_in_tens and awaiting_review_in_tens.
        "awaiting_confirmation": letter.awaiting_confirmation_in_tens,
        "awaiting_confirmation_is_rounded": True,
        "awaiting_review": letter.awaiting_review_in_tens,
        "awaiting_review_is_rounded": True,
        "withdrawn": letter.withdrawn_count,
        "removed": letter.removed_count,
        # Renewed once a day, with a version of its own: see letters/moderator/public_account/operations.py.
        "moderation": letter.account.as_data(language),
        "goal": letter.goal,
        # A letter that names nobody yet says no more than this of its number.
        "names_from": letter.names_from if letter.is_sealed else None,
        "signed_more_than": letter.release.shown if letter.is_sealed else None,
        # Organisations are counted apart. "published" counts people.
        "organisations": 0 if letter.is_sealed else letter.organisation_count,
        "on_paper": on_paper(letter),
        "texts": texts_of(letter),
        "record": record_of(letter),
        "version": letter.version,
        # Privacy: today, not when the count last changed. If a signature was withdrawn last, that would be its day.
        "as_of": today,
    }


def on_paper(letter: Letter) -> list[dict[str, object]]:
    """Return the signatures on paper that the pages show. "published" never includes them.

    Performance: one query, and most letters have none.
    """
    rows = paper_counts_of(letter)
    return [{"number": row.number, "counted_by": row.counted_by, "counted_on": row.counted_on} for row in rows]


def texts_of(letter: Letter) -> list[dict[str, int]]:
    """Return how many published signatures each text has. A letter that names nobody yet says nothing of it."""
    counted = letter.revisions.published().order_by("number")
    rows = [] if letter.is_sealed else counted.values_list("number", "signature_count")[:MAX_TEXTS]
    # Before the sequencer has counted a text, nobody can have signed it.
    return [{"number": number, "published": published or 0} for number, published in rows]


def record_of(letter: Letter) -> str | None:
    """Return the address of the public record with which strangers check these numbers; None before it has begun."""
    log = open_log(letter)
    return settings.SITE_URL + path_of(log) if log else None


def path_of(log: LedgerLog) -> str:
    """Return the path below which the files of a log are."""
    return f"/log/{log.name}/"


def signatures_of(letter: Letter, before: int | None) -> tuple[dict[str, object], int | None]:
    """Return a page of the list, newest signature first, and the number below which the next page starts, if any."""
    rows, onward = public_rows_before(letter, before)
    signatures = [dict(zip(PUBLIC_COLUMNS, row, strict=True)) for row in rows]
    return {"published": letter.signature_count, "version": letter.version, "signatures": signatures}, onward
