import time
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.db import Error as DatabaseErrors

from letters.models import Switch

# The state of a switch that nobody has turned yet.
DEFAULTS = {
    Switch.Name.TAKE_SIGNATURES: True,
    Switch.Name.SEND_BULK_MAIL: True,
    Switch.Name.ASK_PROOF: False,
    Switch.Name.PUBLISH: True,
    Switch.Name.MAINTENANCE: False,
}


@dataclass(frozen=True)
class Maintenance:
    # When it will probably be over, if the people who run the site have said so.
    until: datetime | None


def is_on(name: Switch.Name) -> bool:
    """Return whether a switch is on, at most a second old. Every click of a signer asks, so the answer is cached.

    Nobody signs while the site is being maintained.
    """
    states = _all(_second())
    if name == Switch.Name.TAKE_SIGNATURES and states[Switch.Name.MAINTENANCE].is_on:
        return False
    return states[name].is_on


def maintenance() -> Maintenance | None:
    """Return until when the site is being maintained; None if it is not. At most a second old, like `is_on`.

    While the database does not answer, return what this process has last read: the database may be what is maintained.
    """
    try:
        return _maintenance(_second())
    except DatabaseErrors:
        return known_maintenance()


def known_maintenance() -> Maintenance | None:
    """Return what this process has last read, without asking a database that has just not answered."""
    return _last_read[0]


_last_read: list[Maintenance | None] = [None]


def _second() -> int:
    return int(time.monotonic())


@dataclass(frozen=True)
class _State:
    is_on: bool
    until: datetime | None = None


@lru_cache(maxsize=2)
def _all(second: int) -> dict[str, _State]:
    states: dict[str, _State] = {name: _State(on) for name, on in DEFAULTS.items()}
    for name, on, until in Switch.objects.values_list("name", "is_on", "until"):
        states[name] = _State(on, until)
    state = states[Switch.Name.MAINTENANCE]
    _last_read[0] = Maintenance(state.until) if state.is_on else None
    return states


@lru_cache(maxsize=2)
def _maintenance(second: int) -> Maintenance | None:
    state = _all(second)[Switch.Name.MAINTENANCE]
    return Maintenance(state.until) if state.is_on else None
