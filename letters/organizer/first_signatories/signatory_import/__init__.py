"""Read a pasted or exported list of people in any common shape, without running or trusting anything in it.

Three steps: `decode` turns a file into text, `read_rows` turns the text into rows, and `read_people` turns the rows
into people once someone has checked what the columns hold. All three are bounded by MAX_BYTES and MAX_ROWS.
"""

from letters.organizer.first_signatories.signatory_import.cells import FORMULA, MAX_IN_OTHER_SCRIPTS, MAX_PARTS
from letters.organizer.first_signatories.signatory_import.columns import Guess, guess_columns
from letters.organizer.first_signatories.signatory_import.decoding import ENCODINGS, decode, read_again
from letters.organizer.first_signatories.signatory_import.limits import MAX_BYTES, UnreadableList
from letters.organizer.first_signatories.signatory_import.people import ParsedList, Person, read_people
from letters.organizer.first_signatories.signatory_import.rows import Row, read_rows

__all__ = [
    "ENCODINGS",
    "FORMULA",
    "MAX_BYTES",
    "MAX_IN_OTHER_SCRIPTS",
    "MAX_PARTS",
    "Guess",
    "ParsedList",
    "Person",
    "Row",
    "UnreadableList",
    "decode",
    "guess_columns",
    "read_again",
    "read_people",
    "read_rows",
]
