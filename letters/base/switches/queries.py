import time
from functools import lru_cache

from letters.models import Switch

# The state of a switch that nobody has turned yet.
DEFAULTS = {
    Switch.Name.TAKE_SIGNATURES: True,
    Switch.Name.SEND_BULK_MAIL: True,
    Switch.Name.ASK_PROOF: False,
    Switch.Name.PUBLISH: True,
}


def is_on(name: Switch.Name) -> bool:
    """Return whether a switch is on, at most a second old. Every click of a signer asks, so the answer is cached."""
    return _all(_second())[name]


def _second() -> int:
    return int(time.monotonic())


@lru_cache(maxsize=2)
def _all(second: int) -> dict[str, bool]:
    return DEFAULTS | dict(Switch.objects.values_list("name", "is_on"))
