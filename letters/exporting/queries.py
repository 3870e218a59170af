"""What goes into a file, so many numbers at a time: the millionth row costs what the first did."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from letters.models import Display, Export, Letter, Signature, SignatureQuerySet, SignerContact, Translation
from letters.shared.addresses import unseal
from letters.shared.pdf import Signatory
from letters.shared.refusal import Refused

NUMBERS_AT_ONCE = 5000
MOST_LISTED = 20

SIGNATURES = [
    *["number", "name", "display", "affiliation", "role", "country", "comment", "confirmed_domain", "language"],
    *["revision", "signed_at", "confirmed_at", "published_at"],
]
CONTACTS = ["number", "address", "name", "language", "agreed_to", "agreed_at"]


@dataclass(frozen=True)
class Chunk:
    rows: list[Sequence[object]]
    # The number that it has come to.
    reached: int


def exports_of(letter: Letter) -> list[Export]:
    """The newest."""
    found = Export.objects.filter(letter=letter).select_related("asked_by", "letter__collective")
    return list(found.order_by("-pk")[:MOST_LISTED])


def columns(kind: str) -> list[str]:
    return CONTACTS if kind == Export.Kind.CONTACTS else SIGNATURES


def chunks(export: Export) -> Iterator[Chunk]:
    """All rows of an export by their numbers, up to the letter's number when it began."""
    rows = _contacts if export.kind == Export.Kind.CONTACTS else _signatures
    for after, upto in _ranges(export):
        yield Chunk(rows(export.letter_id, after, upto), upto)


def _ranges(export: Export) -> Iterator[tuple[int, int]]:
    """Its numbers, so many at a time: after the first of the two, up to the second."""
    for after in range(0, export.last_number, NUMBERS_AT_ONCE):
        yield after, min(after + NUMBERS_AT_ONCE, export.last_number)


def _signatures(letter_id: int, after: int, upto: int) -> list[Sequence[object]]:
    """What organizers may see of the published ones."""
    fields = [
        *["number", "name", "display", "affiliation", "role", "country", "comment", "domain", "language"],
        *["revision__number", "signed_at", "confirmed_at", "published_at"],
    ]
    rows = _published(letter_id, after, upto).values_list(*fields)
    return [[*row[:-3], *(moment.isoformat(timespec="seconds") for moment in row[-3:])] for row in rows]


def _published(letter_id: int, after: int, upto: int) -> SignatureQuerySet:
    found = Signature.objects.filter(letter_id=letter_id, number__gt=after, number__lte=upto)
    return found.published().order_by("number")


def _contacts(letter_id: int, after: int, upto: int) -> list[Sequence[object]]:
    """Those of the published ones who agreed to be written to, and did not call our mail spam."""
    signed = {"signature__letter_id": letter_id, "signature__number__gt": after, "signature__number__lte": upto}
    found = SignerContact.objects.filter(**signed, signature__state=Signature.State.PUBLISHED)
    agreed = found.exclude(consent="").exclude(signature__concern=Signature.Concern.COMPLAINED)
    fields = ["signature__number", "address", "signature__name", "signature__language", "consent", "consented_at"]
    rows = agreed.order_by("signature__number").values_list(*fields)
    return [
        [number, unseal(address), *shown, consented_at.isoformat(timespec="seconds")]
        for number, address, *shown, consented_at in rows
    ]


def text_of(export: Export) -> Translation:
    """What readers see now, in the export's language. Raises Refused("no_such_language") if that is gone."""
    found = Translation.objects.filter(revision=export.letter.current_revision_id, language=export.language)
    if text := found.defer("html").first():
        return text
    raise Refused("no_such_language")


def number_of_signatories(export: Export) -> int:
    """As many as `signatories` gives, if nobody goes meanwhile."""
    return _published(export.letter_id, 0, export.last_number).count()


def signatories(export: Export) -> Iterator[list[Signatory]]:
    """The published ones as the public list shows them, a piece at a time.

    Who has the name withheld has affiliation and role withheld with it.
    """
    fields = ["number", "display", "name", "role", "affiliation"]
    for after, upto in _ranges(export):
        rows = _published(export.letter_id, after, upto).values_list(*fields)
        yield [_signatory(*row) for row in rows]


def _signatory(number: int, display: str, name: str, role: str, affiliation: str) -> Signatory:
    if display != Display.PUBLIC:
        return Signatory(number, "")
    return Signatory(number, name, ", ".join(filter(None, [role, affiliation])))
