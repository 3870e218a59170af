"""One mail to the mail server, and what its answer means."""

import smtplib
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import partial

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class Verdict(Enum):
    SENT = "sent"
    # Try again later: the server, or the way to it, is not well.
    LATER = "later"
    # This mail will never be accepted: there is no such mailbox, or it is not wanted there.
    NEVER = "never"


@dataclass(frozen=True)
class Answer:
    verdict: Verdict
    # An SMTP code, or a word; never the server's text, which quotes the address.
    error: str = ""
    # The connection can be used for the next mail.
    usable: bool = True


def reach(connection: BaseEmailBackend) -> Answer:
    """Open the connection, if it is not open; it stays so. Whether mail can be handed over now."""
    return _answer_of(connection.open)


def hand_over(message: EmailMessage, connection: BaseEmailBackend) -> Answer:
    """Give one mail to the server."""
    return _answer_of(partial(connection.send_messages, [message]))


def _answer_of(act: Callable[[], object]) -> Answer:
    try:
        act()
    except smtplib.SMTPRecipientsRefused as refusal:
        return _answer_to_mail(max(code for code, text in refusal.recipients.values()))
    except smtplib.SMTPDataError as refusal:
        return _answer_to_mail(refusal.smtp_code)
    except smtplib.SMTPResponseException as refusal:
        # Refused before the recipient was named: it is about us (login, sender, greeting), so the mail is not at fault.
        return Answer(Verdict.LATER, str(refusal.smtp_code), usable=False)
    except (smtplib.SMTPException, OSError) as failure:
        return Answer(Verdict.LATER, type(failure).__name__, usable=False)
    except (ValueError, LookupError) as unsendable:  # An address or a header that no mail can carry.
        return Answer(Verdict.NEVER, type(unsendable).__name__)
    return Answer(Verdict.SENT)


def _answer_to_mail(code: int) -> Answer:
    # With 421 the server hangs up.
    return Answer(Verdict.NEVER if code >= 500 else Verdict.LATER, str(code), usable=code != 421)
