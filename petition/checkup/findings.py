from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum


class Verdict(Enum):
    FINE = "ok"
    # Nothing is broken, but a person should decide.
    LOOK = "look"
    # Nobody answered, so nothing is known: "could not be asked" is not "wrong".
    UNKNOWN = "unknown"
    WRONG = "PROBLEM"


@dataclass(frozen=True)
class Finding:
    """One sentence about the site, and what to do about it."""

    verdict: Verdict
    what: str
    do: str = ""

    def __str__(self) -> str:
        return f"{self.verdict.value:<7}  {self.what} {self.do}".rstrip()


def fine(what: str) -> Finding:
    return Finding(Verdict.FINE, what)


def look(what: str, do: str = "") -> Finding:
    return Finding(Verdict.LOOK, what, do)


def unknown(what: str, do: str = "") -> Finding:
    return Finding(Verdict.UNKNOWN, what, do)


def wrong(what: str, do: str) -> Finding:
    return Finding(Verdict.WRONG, what, do)


def first_line(error: BaseException) -> str:
    """Return what an error says, in one line without a full stop."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".: ")


Look = Callable[[], Iterable[Finding]]


def all_findings(looks: Iterable[Look]) -> Iterator[Finding]:
    """Look at one side after the other. One that fails must not hide the others."""
    for each in looks:
        try:
            yield from each()
        except Exception as failure:  # noqa: BLE001 -- whatever it is, the person who runs the site must read it
            name = each.__name__.replace("_", " ")
            yield unknown(f"The check of the {name} failed ({type(failure).__name__}: {first_line(failure)}).")
