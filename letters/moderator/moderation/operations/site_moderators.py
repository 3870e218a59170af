"""Grant and end the role of a person who moderates the whole site."""

from datetime import datetime

from django.db import transaction

from letters.base.audit_log.operations import record
from letters.models import User
from letters.shared.refused import Refusal, Refused


@transaction.atomic
def set_site_moderator(person: User, *, on: bool, by: User, now: datetime) -> bool:
    """Grant the role, or end it at once. Returns whether anything changed.

    Raises Refused("not_yours") for anyone but a superuser: site moderators can remove names from every letter.
    """
    if not by.runs_site_now():
        raise Refused(Refusal.NOT_YOURS)
    if not User.objects.filter(pk=person.pk).exclude(moderates_site=on).update(moderates_site=on):
        return False
    record("make_site_moderator" if on else "end_site_moderator", person, by=by, now=now)
    return True
