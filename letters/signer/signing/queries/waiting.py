"""What the page "check your email" may tell, and for how long a link works."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from django.conf import settings
from django.db.models import Q

from letters.models import (
    ASKED_FOR,
    OutgoingEmail,
    Signature,
)
from letters.shared.tokens import Token


@dataclass(frozen=True)
class MailStanding:
    """What can be said of a mail that a form has asked for, to whoever filled in the form."""

    # "leaving", "delayed", "handed_over" (to the mail server), "refused" (by the mailbox's server)
    state: str
    at: datetime | None = None
    # About how long it will still take.
    minutes: int = 0


# Moments are told in steps of this. Who has asked for a mail that is not sent, since the owner of the mailbox has had
# enough of them, reads the same as everybody else; to the second, that one would be dealt with a little sooner.
STEP = timedelta(seconds=5)


DELAYED_AFTER = timedelta(minutes=1)


def mail_standing(
    signature: Signature, *, since: datetime, now: datetime, submission_id: int | None = None
) -> MailStanding:
    """How the email stands that a form has asked for in that second."""
    # Of no other second: a stranger must not read from their page when somebody else has asked.
    asked_then = Q(created_at__gte=since, created_at__lt=since + timedelta(seconds=1))
    if submission_id is not None:
        asked_then &= Q(submission_id=submission_id)
    mail = OutgoingEmail.objects.filter(asked_then, signature=signature, kind__in=ASKED_FOR).order_by("-pk").first()
    # None is left if its signature was taken back: that is for the owner of the mailbox to know.
    settled_at = since if mail is None else mail.failed_at or mail.put_off_at or mail.sent_at or mail.dropped_at
    if settled_at and now >= (told_at := since + STEP * max(1, ceil((settled_at - since) / STEP))):
        return MailStanding("refused" if mail and mail.failed_at else "handed_over", told_at)
    late = now - since > DELAYED_AFTER or (mail is not None and not settled_at and mail.error)
    if mail and late and now - since >= STEP:
        return MailStanding("delayed", minutes=max(1, ceil((mail.next_attempt_at - now) / timedelta(minutes=1))))
    return MailStanding("leaving")


# The page "check your mail" is for the moments after signing: whoever could look at it for weeks would read there what
# becomes of the signature of somebody whose address they have typed.
CHECK_LIFETIME = timedelta(days=1)


def is_check_over(token: Token, now: datetime) -> bool:
    return now - token.issued_at > CHECK_LIFETIME


def is_expired(token: Token, now: datetime) -> bool:
    return now - token.issued_at > timedelta(days=settings.CONFIRMATION_DAYS)
