"""Conditions of partial indexes on signatures. A query must use the very condition, or its index does not serve it."""

from django.db.models import Q

from letters.models.lifecycle import COUNTED, READ_BY_ORGANIZERS, State

# Moderators decide about these: held ones, and numbered ones with a concern. `confirmed_at` leaves out those that their
# signers have emptied.
IN_QUEUE = Q(confirmed_at__isnull=False) & (
    Q(state=State.HELD) | Q(state=COUNTED) & ~Q(concern="") | Q(state=State.REJECTED, concern="recheck")
)
# The organizers see the name, and the public does not; removed signatures too. Queries must use this very condition.
ENTRUSTED = Q(display="organizers", state__in=READ_BY_ORGANIZERS) & ~Q(name="")
NUMBERED_IN_QUEUE = Q(confirmed_at__isnull=False) & (
    Q(state=COUNTED) & ~Q(concern="") | Q(state=State.REJECTED, concern="recheck")
)
