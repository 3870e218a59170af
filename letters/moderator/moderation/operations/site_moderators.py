"""Grant and end the role of a person who moderates the whole site."""

from contextlib import nullcontext, suppress
from datetime import datetime

from django.db import transaction

from letters.base.accounts.operations import mail_to_account
from letters.base.accounts.queries import reachable
from letters.base.audit_log.operations import record
from letters.models import User
from letters.moderator.moderation.mail import role_email
from letters.shared.refused import Refusal, Refused


@transaction.atomic
def set_site_moderator(person: User, *, on: bool, by: User, now: datetime) -> bool:
    """Grant the role, or end it at once, and tell the person by email. Returns whether anything changed.

    A superuser who wants to moderate needs the role, too, so that the record says who could.

    Raises Refused("not_yours") for anyone but a superuser: site moderators can remove names from every letter. Raises
    Refused("no_worker") if the role is granted and no worker accepts the email.
    """
    if not by.runs_site_now():
        raise Refused(Refusal.NOT_YOURS)
    if not User.objects.filter(pk=person.pk).exclude(moderates_site=on).update(moderates_site=on):
        return False
    record("make_site_moderator" if on else "end_site_moderator", person, by=by, now=now)
    # Security: an address that nobody has confirmed may be someone else's.
    if reachable().filter(pk=person.pk).exists():
        # The role ends at once, also while no email can leave.
        with nullcontext() if on else suppress(Refused):
            mail_to_account(role_email(person, is_granted=on))
    return True
