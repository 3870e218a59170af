"""Pages of the lists of people that organizers see."""

from dataclasses import dataclass
from typing import Generic, TypeVar

PAGE_LENGTH = 50

Line = TypeVar("Line")


@dataclass(frozen=True)
class ListPage(Generic[Line]):
    lines: list[Line]
    number: int
    pages: int
    total: int

    @property
    def first(self) -> int:
        return (self.number - 1) * PAGE_LENGTH + 1

    @property
    def last(self) -> int:
        return self.first + len(self.lines) - 1


def page_in(total: int, page: int) -> tuple[int, int, slice]:
    """Return the number of the page that exists and is nearest to `page`, how many there are, and its lines."""
    pages = max(1, -(-total // PAGE_LENGTH))
    number = min(max(1, page), pages)
    return number, pages, slice((number - 1) * PAGE_LENGTH, number * PAGE_LENGTH)
