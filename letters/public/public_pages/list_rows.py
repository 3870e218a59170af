"""Read a letter's public list as data: for its CSV, and for the pages of its JSON.

Privacy: if a name is withheld, so are affiliation, role and comment, as on the page.

Privacy: rows hold days, never times. A person with a mail log could read from a time who signed.
"""

from collections.abc import Iterator, Sequence

from django.db.models import Case, CharField, F, Func, Q, TextField, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce, JSONObject, TruncDate

from letters.models import PUBLIC_COMMENT, Display, History, Letter, Signature, SignatureQuerySet, text_cells
from letters.shared.csv_from_database import csv_from_database
from letters.shared.csv_rows import MARK, csv_lines

# Sequence numbers per query when the list is read as data.
NUMBERS_BATCH_SIZE = 10_000
PUBLIC_COLUMNS = [
    *["number", "name", "affiliation", "role", "confirmed_domain", "published_on"],
    *["text", "before_translations", "signed_text", "carried_over", "comment", "opening"],
]
# Signatures in one answer of the list as JSON.
JSON_PAGE_LENGTH = 500


def public_rows_before(letter: Letter, before: int | None) -> tuple[list[Sequence[object]], int | None]:
    """Return the rows of one page of the list as data, newest signature first, and where the next page starts."""
    changes = History.of_changed(letter)
    below = min(before or letter.last_number + 1, letter.last_number + 1)
    signatures = _published(letter, changes).filter(number__lt=below).order_by("-number")
    rows = list(signatures.values_list(*_cells(letter, changes))[: JSON_PAGE_LENGTH + 1])
    page = rows[:JSON_PAGE_LENGTH]
    onward = page[-1][0] if len(rows) > JSON_PAGE_LENGTH else None
    return list(page), onward


def public_csv(letter: Letter) -> Iterator[bytes]:
    """Yield the list as CSV: the heading, then batches of rows, oldest signature first, as many rows as the count says.

    Performance: the database writes the rows. Each batch is a query of its own, so that no slow reader keeps one open.
    """
    changes = History.of_changed(letter)
    cells = _cells(letter, changes)
    yield (MARK + csv_lines([PUBLIC_COLUMNS])).encode()
    for after in range(0, letter.last_number, NUMBERS_BATCH_SIZE):
        up_to = min(after + NUMBERS_BATCH_SIZE, letter.last_number)
        batch = _published(letter, changes).filter(number__gt=after, number__lte=up_to).order_by("number")
        yield csv_from_database(batch, cells).text


def public_json(letter: Letter) -> Iterator[bytes]:
    """Yield the same as JSON: the letter's version, every row as `public_rows_before` has it, and their number.

    Trust: the number comes last, so it is that of the rows in this file, whatever happens while it is read.
    """
    changes = History.of_changed(letter)
    cells = JSONObject(**dict(zip(PUBLIC_COLUMNS, _cells(letter, changes), strict=True)))
    yield f'{{"version":{letter.version},"signatures":['.encode()
    number = 0
    for after in range(0, letter.last_number, NUMBERS_BATCH_SIZE):
        up_to = min(after + NUMBERS_BATCH_SIZE, letter.last_number)
        batch = _published(letter, changes).filter(number__gt=after, number__lte=up_to).order_by("number")
        rows = list(batch.values_list(Cast(cells, TextField()), flat=True))
        yield ("," if number and rows else "").encode() + ",\n".join(rows).encode()
        number += len(rows)
    yield f'],"published":{number}}}\n'.encode()


def _published(letter: Letter, changes: History | None) -> SignatureQuerySet:
    return Signature.objects.filter(letter=letter).published().with_signed_text(changes)


def _cells(letter: Letter, changes: History | None) -> list[Combinable]:
    """Return PUBLIC_COLUMNS as expressions."""
    is_public = Q(display=Display.PUBLIC)
    return [
        F("number"),
        *(_if(is_public, column) for column in ("name", "affiliation", "role")),
        F("domain"),
        TruncDate("published_at", tzinfo=letter.zone()),
        *text_cells(changes),
        _if(PUBLIC_COMMENT, "comment") if letter.comments_public else Value(""),
        # What opens the commitment to the name and the words, in the letter's ledger.
        _if(is_public, Coalesce(Func("ledger_opening__opening", Value("hex"), function="encode"), Value(""))),
    ]


def _if(condition: Q, column: str | Combinable) -> Case:
    return Case(
        When(condition, then=F(column) if isinstance(column, str) else column),
        default=Value(""),
        output_field=CharField(),
    )
