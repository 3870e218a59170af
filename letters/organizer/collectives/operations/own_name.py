"""Change the name that other members see."""

from datetime import datetime

from django.db import transaction

from letters.base.audit_log.operations import record
from letters.models import User
from letters.organizer.collectives.operations.describing import check_no_link


@transaction.atomic
def change_own_name(person: User, *, name: str, now: datetime) -> None:
    """Change what other members, and the people whom they invite, see as this person's name.

    Raises Refused("names_a_link").
    """
    check_no_link(name)
    if User.objects.filter(pk=person.pk).exclude(name=name).update(name=name):
        record("change_own_name", person, by=person, now=now)


def put_off_own_name(person: User, *, now: datetime) -> None:
    """Record that a person answered "Not now". The site asks again after ASK_AGAIN_AFTER."""
    User.objects.filter(pk=person.pk).update(put_off_name_at=now)
