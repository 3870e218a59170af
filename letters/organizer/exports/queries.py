"""What goes into a file, so many numbers at a time: the millionth row costs what the first did."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, Count, Q, When

from letters.models import (
    Display,
    Export,
    History,
    Letter,
    Signature,
    SignatureQuerySet,
    Translation,
    has_carried,
    text_columns,
)
from letters.organizer.exports.pdf.typesetting import pictures_in
from letters.organizer.exports.pdf.writing import Signatory
from letters.shared.pictures import ADDRESS
from letters.shared.refused import Refusal, Refused

NUMBERS_BATCH_SIZE = 5000
MAX_LISTED = 20

SIGNATURES = [
    *["number", "name", "display", "text", "before_translations", "signed_text", "carried_over"],
    *["affiliation", "role", "country", "comment", "confirmed_domain", "language"],
    *["signed_on", "confirmed_on", "published_on"],
]


@dataclass(frozen=True)
class Chunk:
    rows: list[Sequence[object]]
    # The number that it has come to.
    reached: int


def exports_of(letter: Letter) -> list[Export]:
    """The newest."""
    found = Export.objects.filter(letter=letter).select_related("asked_by", "letter__collective")
    return list(found.order_by("-pk")[:MAX_LISTED])


def chunks(export: Export) -> Iterator[Chunk]:
    """All rows of an export by their numbers, up to the letter's number when it began."""
    changes = History.of_changed(export.letter)
    for after, upto in _ranges(export):
        found = _published(export.letter_id, after, upto).with_signed_text(changes).select_related("revision")
        yield Chunk([_row(each, export.letter, changes) for each in found.annotate(has_carried=has_carried())], upto)


def _ranges(export: Export) -> Iterator[tuple[int, int]]:
    """Its numbers, so many at a time: after the first of the two, up to the second."""
    for after in range(0, export.last_number, NUMBERS_BATCH_SIZE):
        yield after, min(after + NUMBERS_BATCH_SIZE, export.last_number)


def _row(signature: Signature, letter: Letter, changes: History | None) -> Sequence[object]:
    """What organizers may see of a published one.

    Privacy: days, never times, which the log of a mail gateway would turn into names; and of a signer without a name
    nothing but that they signed, and which text.
    """
    begins = [signature.number, signature.name, signature.display, *text_columns(signature, changes)]
    if signature.display == Display.NOBODY:
        return [*begins, *[""] * (len(SIGNATURES) - len(begins))]
    words = [signature.affiliation, signature.role, signature.country, signature.comment]
    moments = [signature.signed_at, signature.confirmed_at, signature.published_at]
    return [*begins, *words, signature.domain, signature.language, *(letter.day_of(moment) or "" for moment in moments)]


def _published(letter_id: int, after: int, upto: int) -> SignatureQuerySet:
    found = Signature.objects.filter(letter_id=letter_id, number__gt=after, number__lte=upto)
    return found.published().order_by("number")


def text_of(export: Export) -> Translation:
    """What readers see now, in the export's language. Raises Refused("no_such_language") if that is gone."""
    found = Translation.objects.filter(revision=export.letter.current_revision_id, language=export.language)
    if text := found.defer("html").first():
        return text
    raise Refused(Refusal.NO_SUCH_LANGUAGE)


@dataclass(frozen=True)
class Signed:
    """How many signed the text as it reads now, how many an earlier one, and how many before a correction. If the
    translation came later, how many signed before it existed: none of them is said to have signed it.
    """

    this: int
    earlier: int
    corrected: int
    before: int
    added_at: datetime | None


def signed(export: Export) -> Signed:
    """As many as `signatories` gives, if nobody goes meanwhile."""
    changes = History.of_changed(export.letter, export.language)
    came = changes.came_later(export.language) if changes else None
    is_before = Q(revision__number__lt=came.number if came else 0)
    found = _published(export.letter_id, 0, export.last_number).with_signed_text(changes)
    marks = found.order_by().annotate(is_before=Case(When(is_before, then=True), default=False))
    counts = [(mark, before, number) for mark, before, number in marks.values_list(*KINDS).annotate(Count("pk"))]
    return Signed(
        this=sum(number for mark, before, number in counts if mark in {"", "corrected"} and not before),
        earlier=sum(number for mark, _, number in counts if mark in {"first", "earlier"}),
        corrected=sum(number for mark, _, number in counts if mark == "corrected"),
        before=sum(number for _, before, number in counts if before),
        added_at=came.public_since if came else None,
    )


KINDS = ["signed_text", "is_before"]


# With more of them, smaller ones are set: together they are held in memory.
MAX_LARGE_PICTURES = 10


def pictures(letter: Letter, body: str) -> dict[str, bytes]:
    """The letter's own pictures that its text shows, by their addresses. Raises TooComplicated."""
    addresses = {found[1]: address for address in pictures_in(body) if (found := ADDRESS.fullmatch(address))}
    kept = letter.pictures.filter(digest__in=addresses)
    is_few = len(addresses) <= MAX_LARGE_PICTURES
    return {addresses[each.digest]: bytes(each.full if is_few or not each.small else each.small) for each in kept}


def signatories(export: Export, marks: Mapping[str, str]) -> Iterator[list[Signatory]]:
    """The published ones as the public list shows them, a piece at a time. Who saw other words is marked, by what
    `with_signed_text` says.

    Who has the name withheld has affiliation and role withheld with it.
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
