"""Write the PDF of a letter for everyone. It shows what the public pages show, and so does the one of organizers."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path

from letters.models import Export, Letter
from letters.organizer.exports import paper, queries
from letters.organizer.exports.pdf.writing import Signatory, write_pdf


def write_public_pdf(path: Path, letter: Letter, language: str, day: date) -> None:
    """Write a letter with its signatories in one language. The same rows and the same day make the same bytes.

    Raises Refused("no_such_language"), TooComplicated and sandbox.Failed.
    """
    kind, as_pdf = Export.Kind.LETTER, Export.Format.PDF
    wanted = Export(letter=letter, kind=kind, format=as_pdf, language=language, last_number=letter.last_number)
    head = paper.letterhead(wanted, now=datetime.combine(day, time(), UTC), names_day=True)

    def signatories() -> Iterator[Signatory]:
        for some in queries.signatories(wanted, paper.marks(language)):
            yield from some

    write_pdf(path, head, signatories())
