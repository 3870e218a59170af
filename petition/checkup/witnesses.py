"""The witnesses of the site's log: has each of them cosigned, and has one refused?"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import Error as DatabaseError
from django.utils import timezone

from letters.base.witnesses.queries import witnesses
from letters.models import Witness
from petition.checkup.findings import Finding, fine, look, unknown, wrong

# A shorter outage is no problem: the witness is asked again.
MAX_SILENCE = timedelta(hours=1)


def states(now: datetime) -> dict[str, int]:
    """Return how many witnesses have cosigned, refused, or not answered for an hour."""
    found = dict.fromkeys(("cosigned", "refused", "silent"), 0)
    for witness in witnesses():
        found[_state(witness, now)] += 1
    return found


def _state(witness: Witness, now: datetime) -> str:
    if witness.refusal:
        return "refused"
    since = witness.failing_since
    return "silent" if since and since <= now - MAX_SILENCE else "cosigned"


def witnesses_of_the_site() -> Iterator[Finding]:
    if not settings.WITNESSES:
        yield look("No witness watches the log of this site.", "docs/run-a-witness.md says how people run one.")
        return
    try:
        asked = witnesses()
    except DatabaseError:
        yield unknown("The witnesses could not be looked up, because the database does not answer.")
        return
    now = timezone.now()
    for witness in asked:
        state = _state(witness, now)
        if state == "refused":
            yield wrong(
                f"The witness {witness} refuses our log: {witness.get_refusal_display().lower()}.",
                'Find out why before anything else: "A witness refuses" in docs/running.md.',
            )
        elif state == "silent":
            yield look(f"The witness {witness} has not cosigned for an hour ({witness.error}).", "Ask who runs it.")
        else:
            yield fine(f"The witness {witness} has cosigned our log.")
