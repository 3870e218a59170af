"""The limits of a list, and the error for a list that cannot be read."""

MAX_BYTES = 2 * 1024 * 1024

MAX_ROWS = 5000

# Address books export 90 columns and more.
MAX_COLUMNS = 256

# Longer cells are cut. Names and affiliations are shorter (Signature).
MAX_CELL_LENGTH = 1000

MAX_NAME_LENGTH = 200

# Rows that are examined to guess the columns.
SAMPLE = 50


class UnreadableList(ValueError):
    """The list cannot be read. `code` says why, for example "workbook" or "too_many_rows"."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
