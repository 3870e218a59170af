"""Conditions of constraints and partial indexes on signatures.

A query must use the very condition, or its index does not serve it.
"""

from django.db import models
from django.db.models import Q

from letters.models.lifecycle import (
    BEFORE_RELEASE,
    CONFIRMED_OR_SEALED,
    COUNTED,
    NAMELESS,
    READ_BY_ORGANIZERS,
    SEARCHED_STATES,
    TAKEN_OUT,
    UNCONFIRMED,
    State,
)

# Moderators decide about these: held ones, and numbered ones with a concern. `confirmed_at` leaves out those that their
# signers have emptied.
IN_QUEUE = Q(confirmed_at__isnull=False) & (
    Q(state=State.HELD) | Q(state=COUNTED) & ~Q(concern="") | Q(state=State.REJECTED, concern="recheck")
)
# The organizers see the name, and the public does not; removed signatures too. Queries must use this very condition.
ENTRUSTED = Q(display="organizers", state__in=READ_BY_ORGANIZERS) & (Q(entrusted__isnull=False) | ~Q(name=""))
# The same words, readable: an older program wrote them, or a confirmation made a public name private.
TO_ENCRYPT = Q(display="organizers") & ~Q(name="")
ENTRUSTED_ONCE = Q(entrusted__isnull=True) | Q(
    display="organizers", sealed__isnull=True, name="", affiliation="", role="", comment=""
)
# Performance: an index of arrays would have an entry for each row without one.
WITH_KEYS = Q(state__in=SEARCHED_STATES, entrusted_keys__isnull=False)
WITH_CHANGES = Q(pending_changes__isnull=False) | Q(declined_changes__isnull=False) | Q(replaced_words__isnull=False)
SEALED_ONCE = Q(sealed__isnull=True) | Q(
    state__in=BEFORE_RELEASE, name="", affiliation="", role="", country="", comment="", domain=""
)
SAYS_WHEN_AND_HOW = (
    Q(state__in=UNCONFIRMED, confirmed_at__isnull=True)
    | Q(state__in=TAKEN_OUT)
    | (Q(state__in=CONFIRMED_OR_SEALED, confirmed_at__isnull=False) & ~Q(verified=""))
)
HAS_A_NAME = (
    ~Q(name="") | Q(display="nobody") | Q(state__in=NAMELESS) | Q(sealed__isnull=False) | Q(entrusted__isnull=False)
)
NUMBERED_IN_QUEUE = Q(confirmed_at__isnull=False) & (
    Q(state=COUNTED) & ~Q(concern="") | Q(state=State.REJECTED, concern="recheck")
)
# The public list shows these. Privacy: an entry without a public name comes and goes only with the count, so with a
# batch (letters/public/public_pages/batching.py). A public name comes and goes at once.
LISTED = Q(number__isnull=False) & (Q(display="public", state=COUNTED) | ~Q(display="public") & Q(counted=True))
# The work lists of the sequencer: signatures to number, to take out of the count, and to count again.
SEQUENCED = [
    models.Index("letter", "display", "confirmed_at", name="signature_numbers", condition=Q(state=State.CONFIRMED)),
    models.Index("letter", "display", name="signature_take_outs", condition=Q(counted=True) & ~Q(state=COUNTED)),
    models.Index("letter", "display", name="signature_put_backs", condition=Q(counted=False, state=COUNTED)),
]
