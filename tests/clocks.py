"""A clock for tests of what is kept for a time."""


class Clock:
    """A clock that does not run until a test moves it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now
