"""The bounds of a list, and the error for one that cannot be read."""

MAX_BYTES = 2 * 1024 * 1024

MAX_ROWS = 5000

# Exports of address books have 90 and more.
MAX_COLUMNS = 256

# As much of a cell is looked at; names and affiliations are shorter (Signature).
MAX_CELL_LENGTH = 1000

MAX_NAME_LENGTH = 200

# How many rows are looked at to find out what a list looks like.
SAMPLE = 50


class UnreadableList(ValueError):
    """Nothing can be made of it; `code` says why, for example "workbook" or "too_many_rows"."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
