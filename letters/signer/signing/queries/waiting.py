"""Read what the page "Check your email" may show, and for how long a link works."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from django.conf import settings

from letters.models import ASKED_FOR, Letter, OutgoingEmail
from letters.shared.addresses import address_of, hash_address
from letters.shared.tokens import CheckToken, SignatureToken


@dataclass(frozen=True)
class MailStatus:
    """The state of an email, as far as the person who filled in the form may know it."""

    # "leaving", "delayed", "handed_over" (to our mail server) or "refused" (by the server of the mailbox).
    state: str
    at: datetime | None = None
    # Roughly how long it will still wait.
    minutes: int = 0


# Timing defence: the page gives times in steps. An email that is dropped, because its address gets no more emails, is
# finished slightly sooner than one that is sent. Exact seconds would show that.
STEP = timedelta(seconds=5)


DELAYED_AFTER = timedelta(minutes=1)


def mail_status(opened: CheckToken, letter: Letter, *, now: datetime) -> MailStatus:
    """Return the state of the email that a form asked for, by the token of its page "check your email"."""
    since, mail = opened.issued_at, _asked_for(opened, letter)
    if mail is None:
        return MailStatus("leaving")
    settled_at = mail.failed_at or mail.put_off_at or mail.sent_at or mail.dropped_at
    if settled_at and now >= (told_at := since + STEP * max(1, ceil((settled_at - since) / STEP))):
        return MailStatus("refused" if mail.failed_at else "handed_over", told_at)
    late = now - since > DELAYED_AFTER or (not settled_at and mail.error)
    if late and now - since >= STEP:
        return MailStatus("delayed", minutes=max(1, ceil((mail.next_attempt_at - now) / timedelta(minutes=1))))
    return MailStatus("leaving")


def _asked_for(opened: CheckToken, letter: Letter) -> OutgoingEmail | None:
    """Find the email whether or not the signature still has it: another signature may have the address now, or none.

    Privacy: read only emails of that second, about what was typed. Strangers must not learn from their own page when
    someone else asked.
    """
    since, known = opened.issued_at, hash_address(address_of(opened.address).canonical)
    of_page = OutgoingEmail.objects.filter(
        kind__in=ASKED_FOR,
        submission_id=opened.submission_id,
        created_at__gte=since,
        created_at__lt=since + timedelta(seconds=1),
    )
    of_signature = of_page.filter(signature_id=opened.signature_id)
    # Performance: two selects, because no index serves one with "or" between a column and a join.
    of_request = of_page.filter(request__address_hash=known, request__letter_id=letter.pk)
    return of_signature.union(of_request, all=True).order_by("-id").first()


# Privacy: the page "check your email" is for the minutes after signing. A person who could open it for weeks would
# learn what happens to the signature of someone whose address they have typed.
CHECK_LIFETIME = timedelta(days=1)


def is_check_over(token: CheckToken, now: datetime) -> bool:
    return now - token.issued_at > CHECK_LIFETIME


def is_expired(token: SignatureToken, now: datetime) -> bool:
    return now - token.issued_at > timedelta(days=settings.CONFIRMATION_DAYS)
