"""Look at a copy of a letter on another website: fetch its checkpoint, and compare it with our record.

Security: an organizer chose the address, so the same rules hold as for webhooks: `find` refuses a server that is not on
the public internet. Of the answer at most MAX_BYTES are read, and nothing of it is shown but a number of entries.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from letters.models import Letter, Mirror
from letters.public.mirrors import record
from letters.public.mirrors.record import CHECKPOINT
from letters.shared.notes import MAX_NOTE
from letters.shared.outgoing import Target, Unanswered, get

# Returns the server of an address. Raises NoTarget.
Find = Callable[[str], Target]

MAX_BYTES = MAX_NOTE


@dataclass(frozen=True)
class Found:
    finding: Mirror.Finding
    # How many entries the record there has; None if there is none that we can read.
    entries: int | None = None


def look_at(letter: Letter, url: str, *, find: Find) -> Found:
    """Return what the copy at this address has. Raises BadProof if our own record is damaged, and nothing else."""
    try:
        reply = get(partial(find, url + CHECKPOINT), {"User-Agent": "Undersigned mirrors"}, most=MAX_BYTES)
    except Unanswered as unanswered:
        is_long = unanswered.code == "too_long"
        return Found(Mirror.Finding.UNREADABLE if is_long else Mirror.Finding.UNREACHABLE)
    return Found(*record.compared(letter, reply.body)) if reply.status == 200 else Found(Mirror.Finding.UNREADABLE)
