"""Choose who reads replies to a collective's emails."""

from datetime import datetime

from django.db import transaction

from letters.base.changes.operations import change_collective
from letters.models import OWNING, Collective, User


@transaction.atomic
def choose_replies(collective: Collective, *, to_me: bool, by: User, now: datetime) -> None:
    """Send replies to the address of `by`, or to nobody.

    Abuse: an owner chooses only their own address, which they have confirmed. With any other address, an owner could
    direct the replies of many people at a stranger.
    """
    change = change_collective(collective, OWNING, by=by, now=now)
    reader = collective.memberships.get(user=by) if to_me else None
    if collective.replies_to_id == (reader and reader.pk):
        return
    Collective.objects.filter(pk=collective.pk).update(replies_to=reader)
    collective.replies_to = reader
    change.record("choose_replies", collective, details={"are_read": to_me})
