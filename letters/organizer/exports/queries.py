"""Read the rows of an export, in batches of sequence numbers, so that the last row costs no more than the first."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from cryptography.fernet import InvalidToken
from django.db.models import Case, CharField, Count, DateField, F, Q, QuerySet, Sum, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import TruncDate

from letters.models import (
    PUBLIC_COMMENT,
    Display,
    Export,
    ExportPart,
    History,
    Letter,
    OrganisationSignature,
    Signature,
    SignatureQuerySet,
    Translation,
    text_cells,
)
from letters.models.entrusted import open_entrusted
from letters.organizer.exports.pdf.typesetting import pictures_in
from letters.organizer.exports.pdf.writing import Signatory
from letters.shared.csv_from_database import csv_from_database
from letters.shared.csv_rows import csv_lines
from letters.shared.pictures import ADDRESS
from letters.shared.refused import Refusal, Refused
from letters.shared.sealing import unseal_bytes

NUMBERS_BATCH_SIZE = 5000
MAX_LISTED = 20
# Each part of a file but the last has this size.
PART_BYTES = 256 * 1024

SIGNATURES = [
    *["number", "name", "display", "text", "before_translations", "signed_text", "carried_over"],
    *["affiliation", "role", "country", "comment", "comment_is_public", "confirmed_domain", "language"],
    *["signed_on", "confirmed_on", "published_on"],
]


@dataclass(frozen=True)
class Chunk:
    # Lines of CSV as bytes, or rows of cells.
    rows: bytes | Sequence[Any]
    number: int
    # The last number of this batch.
    reached: int


def exports_of(letter: Letter) -> list[Export]:
    """Return the newest exports of a letter, as its collective sees them."""
    exports = Export.objects.since_move(letter).select_related("asked_by", "letter__collective")
    return list(exports.order_by("-pk")[:MAX_LISTED])


@dataclass(frozen=True)
class StoredFile:
    size: int
    # Its bytes, part by part.
    parts: Iterator[bytes]


def stored_file(export: Export) -> StoredFile | None:
    """Return the file of a finished export; None if it is gone, or if none of ADDRESS_KEYS decrypts it any more.

    Memory: each part is read when its turn comes, so a file of any size needs no more than one.
    """
    parts = ExportPart.objects.filter(export=export, attempt=export.attempts)
    size = parts.aggregate(size=Sum("size"))["size"] if export.file_name else None
    try:
        return StoredFile(size, chain([_part(export, 0)], _later_parts(export, size))) if size else None
    except (InvalidToken, ExportPart.DoesNotExist):
        return None


def _later_parts(export: Export, size: int) -> Iterator[bytes]:
    for place in range(1, -(-size // PART_BYTES)):
        # A file that is deleted while it is sent ends early, and the browser says so: it knows the size.
        yield _part(export, place)


def _part(export: Export, place: int) -> bytes:
    part = ExportPart.objects.values_list("content", flat=True)
    return unseal_bytes(part.get(export=export, attempt=export.attempts, place=place))


def useless_parts() -> QuerySet[ExportPart]:
    """Return parts of deleted files, of failed exports and of earlier attempts."""
    has_file = ~Q(export__file_name="", export__finished_at__isnull=False)
    is_needed = has_file & Q(export__failed_at__isnull=True, attempt=F("export__attempts"))
    return ExportPart.objects.exclude(is_needed)


def chunks(export: Export) -> Iterator[Chunk]:
    """Yield all rows of an export by number, up to the letter's last number when it was requested."""
    changes = History.of_changed(export.letter)
    cells = _cells(export.letter, changes)
    for after, upto in _ranges(export):
        signatures = _published(export.letter_id, after, upto).with_signed_text(changes)
        is_csv = export.format == Export.Format.CSV
        # The database cannot read what is entrusted to the organizers.
        if is_csv and not signatures.filter(entrusted__isnull=False).exists():
            lines = csv_from_database(signatures, cells)
            yield Chunk(lines.text, lines.number, upto)
        else:
            rows = [_opened(list(row), entrusted) for *row, entrusted in signatures.values_list(*cells, "entrusted")]
            yield Chunk(csv_lines(rows).encode() if is_csv else rows, len(rows), upto)


def _opened(row: list[Any], entrusted: bytes | None) -> list[Any]:
    """Return a row of SIGNATURES with the words that only organizers may read."""
    words = open_entrusted(entrusted)
    for name, word in words.items():
        row[SIGNATURES.index(name)] = word
    if words:
        row[SIGNATURES.index("comment_is_public")] = "no" if words["comment"] else ""
    return row


def _ranges(export: Export) -> Iterator[tuple[int, int]]:
    """Yield the number before each batch, and the last number of the batch."""
    for after in range(0, export.last_number, NUMBERS_BATCH_SIZE):
        yield after, min(after + NUMBERS_BATCH_SIZE, export.last_number)


def _cells(letter: Letter, changes: History | None) -> list[Combinable]:
    """Return SIGNATURES, the columns of a published signature that organizers may see, as expressions.

    Privacy: the columns hold days, never times. With times, a person with a mail log could find out who
    signed. A signer without a name is shown only by the text that they signed.
    """
    is_known = ~Q(display=Display.NOBODY)
    public = When(PUBLIC_COMMENT, then=Value("yes" if letter.comments_public else "no"))
    comment_is_public = Case(When(comment="", then=Value("")), public, default=Value("no"))
    words = [*map(F, ["affiliation", "role", "country", "comment"]), comment_is_public, F("domain"), F("language")]
    moments = ["signed_at", "confirmed_at", "published_at"]
    zone = letter.zone()
    return [
        *map(F, ["number", "name", "display"]),
        *text_cells(changes),
        *(Case(When(is_known, then=each), default=Value(""), output_field=CharField()) for each in words),
        *(Case(When(is_known, then=TruncDate(moment, tzinfo=zone)), output_field=DateField()) for moment in moments),
    ]


def _published(letter_id: int, after: int, upto: int) -> SignatureQuerySet:
    signatures = Signature.objects.filter(letter_id=letter_id, number__gt=after, number__lte=upto)
    return signatures.published().order_by("number")


def text_of(export: Export) -> Translation:
    """Return the published text in the export's language. Raises Refused("no_such_language") if there is none now."""
    translations = Translation.objects.filter(revision=export.letter.current_revision_id, language=export.language)
    if text := translations.defer("html").first():
        return text
    raise Refused(Refusal.NO_SUCH_LANGUAGE)


@dataclass(frozen=True)
class Signed:
    """The numbers of people who signed the current text, an earlier one, and a text before a correction.

    Trust: people who signed before a translation existed are not counted as having signed it.
    """

    this: int
    earlier: int
    corrected: int
    before: int
    added_at: datetime | None


def signed(export: Export) -> Signed:
    """Count the rows that `signatories` yields, unless someone withdraws in between."""
    changes = History.of_changed(export.letter, export.language)
    came = changes.came_later(export.language) if changes else None
    is_before = Q(revision__number__lt=came.number if came else 0)
    signatures = _published(export.letter_id, 0, export.last_number).with_signed_text(changes)
    marks = signatures.order_by().annotate(is_before=Case(When(is_before, then=True), default=False))
    counts = [(mark, before, number) for mark, before, number in marks.values_list(*KINDS).annotate(Count("pk"))]
    return Signed(
        this=sum(number for mark, before, number in counts if mark in {"", "corrected"} and not before),
        earlier=sum(number for mark, _, number in counts if mark in {"first", "earlier"}),
        corrected=sum(number for mark, _, number in counts if mark == "corrected"),
        before=sum(number for _, before, number in counts if before),
        added_at=came.public_since if came else None,
    )


KINDS = ["signed_text", "is_before"]


# Memory: with more pictures than this, smaller versions are used.
MAX_LARGE_PICTURES = 10


def cover(letter: Letter) -> tuple[str, str] | None:
    """Return the address of the picture above the published text, and its description."""
    revision = letter.current_revision
    return (revision.cover.get_absolute_url(), revision.cover_alt) if revision and revision.cover else None


def pictures(letter: Letter, body: str) -> dict[str, bytes]:
    """Return the letter's own pictures above and in its text, by address. Raises TooComplicated."""
    above = cover(letter)
    shown = [*pictures_in(body), *([above[0]] if above else [])]
    addresses = {match[1]: address for address in shown if (match := ADDRESS.fullmatch(address))}
    kept = letter.pictures.filter(digest__in=addresses)
    is_few = len(addresses) <= MAX_LARGE_PICTURES
    return {addresses[each.digest]: bytes(each.full if is_few or not each.small else each.small) for each in kept}


# Memory: a file holds at most so many organisations.
MAX_ORGANISATIONS = 20_000


def organisations(letter: Letter) -> list[tuple[str, str]]:
    """Return name and domain of the organisations that readers see, in the order of the public list."""
    rows = OrganisationSignature.objects.published().filter(letter=letter)
    return list(rows.values_list("name", "domain")[:MAX_ORGANISATIONS])


def signatories(export: Export, marks: Mapping[str, str]) -> Iterator[list[Signatory]]:
    """Yield the signatories as the public list shows them, in batches. People who saw another text get a mark.

    Privacy: a withheld name also withholds affiliation and role.
    """
    changes = History.of_changed(export.letter)
    fields = ["number", "display", "name", "role", "affiliation", "signed_text"]
    for after, upto in _ranges(export):
        rows = _published(export.letter_id, after, upto).with_signed_text(changes).values_list(*fields)
        yield [_signatory(*row, mark=marks.get(text, "")) for *row, text in rows]


def _signatory(number: int, display: str, name: str, role: str, affiliation: str, *, mark: str) -> Signatory:
    if display != Display.PUBLIC:
        return Signatory(number, "", mark)
    return Signatory(number, name, ", ".join(filter(None, [role, affiliation, mark])))
