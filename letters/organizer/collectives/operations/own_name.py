"""Change the name that teammates see."""

from datetime import datetime

from django.db import transaction

from letters.base.audit_log.operations import record
from letters.models import (
    User,
)
from letters.organizer.collectives.operations.describing import check_no_link


@transaction.atomic
def change_own_name(person: User, *, name: str, now: datetime) -> None:
    """What teammates call somebody: for members of their collectives, and in invitations. Raises Refused as above."""
    check_no_link(name)
    if User.objects.filter(pk=person.pk).exclude(name=name).update(name=name):
        record("change_own_name", person, by=person, now=now)
