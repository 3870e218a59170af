"""Read what the page "check your email" may tell, and for how long a link works."""

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
    """The state of an email, as far as the person who filled in the form may know it."""

    # "leaving", "delayed", "handed_over" (to our mail server) or "refused" (by the server of the mailbox).
    state: str
    at: datetime | None = None
    # About how long it will still wait.
    minutes: int = 0


# Timing defence: the page gives times in steps. An email that is never sent, because the owner of the mailbox has had
# enough of them, is settled a little sooner than one that is, and the second would show it.
STEP = timedelta(seconds=5)


DELAYED_AFTER = timedelta(minutes=1)


def mail_standing(
    signature: Signature, *, since: datetime, now: datetime, submission_id: int | None = None
) -> MailStanding:
    """Return the state of the email that a form asked for in the second `since`."""
    # Privacy: read only emails of that second. A stranger must not learn from their page when somebody else asked.
    asked_then = Q(created_at__gte=since, created_at__lt=since + timedelta(seconds=1))
    if submission_id is not None:
        asked_then &= Q(submission_id=submission_id)
    mail = OutgoingEmail.objects.filter(asked_then, signature=signature, kind__in=ASKED_FOR).order_by("-pk").first()
    # Privacy: a withdrawn signature leaves no email, and only the owner of the mailbox may know that.
    settled_at = since if mail is None else mail.failed_at or mail.put_off_at or mail.sent_at or mail.dropped_at
    if settled_at and now >= (told_at := since + STEP * max(1, ceil((settled_at - since) / STEP))):
        return MailStanding("refused" if mail and mail.failed_at else "handed_over", told_at)
    late = now - since > DELAYED_AFTER or (mail is not None and not settled_at and mail.error)
    if mail and late and now - since >= STEP:
        return MailStanding("delayed", minutes=max(1, ceil((mail.next_attempt_at - now) / timedelta(minutes=1))))
    return MailStanding("leaving")


# Privacy: the page "check your email" is for the minutes after signing. A person who could look at it for weeks would
# learn what becomes of the signature of somebody whose address they have typed.
CHECK_LIFETIME = timedelta(days=1)


def is_check_over(token: Token, now: datetime) -> bool:
    return now - token.issued_at > CHECK_LIFETIME


def is_expired(token: Token, now: datetime) -> bool:
    return now - token.issued_at > timedelta(days=settings.CONFIRMATION_DAYS)
