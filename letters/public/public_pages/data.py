"""What the public pages show, as data. The JSON files and the API send the same, so that no two doors disagree."""

from datetime import date

from letters.models import Letter, paper_counts_of
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


def signatures_of(letter: Letter, before: int | None) -> tuple[dict[str, object], int | None]:
    """Return a page of the list, newest signature first, and the number below which the next page starts, if any."""
    rows, onward = public_rows_before(letter, before)
    signatures = [dict(zip(PUBLIC_COLUMNS, row, strict=True)) for row in rows]
    return {"published": letter.signature_count, "version": letter.version, "signatures": signatures}, onward
