class Refused(Exception):
    """An operation that may not be done now. `code` says why, for example "letter_closed"; views choose the words."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
