import time
from functools import lru_cache

from letters.models import Switch

# How each stands as long as nobody has turned it.
DEFAULTS = {
    Switch.Name.TAKE_SIGNATURES: True,
    Switch.Name.SEND_BULK_MAIL: True,
    Switch.Name.ASK_PROOF: False,
    Switch.Name.PUBLISH: True,
}


def is_on(name: Switch.Name) -> bool:
    """How the switch stood within the last second. Signers ask with each click, so the answer is remembered so long."""
    return _standing(_second())[name]


def _second() -> int:
    return int(time.monotonic())


@lru_cache(maxsize=2)
def _standing(second: int) -> dict[str, bool]:
    return DEFAULTS | dict(Switch.objects.values_list("name", "is_on"))
