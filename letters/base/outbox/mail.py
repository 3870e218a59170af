"""One mail to the mail server, and what its answer means."""

import re
import smtplib
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import partial

from anymail.exceptions import AnymailAPIError, AnymailError, AnymailRecipientsRefused
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class Verdict(Enum):
    SENT = "sent"
    # Try again later: the server, or the way to it, is not well.
    LATER = "later"
    # This mail will never be accepted: there is no such mailbox, or it is not wanted there.
    NEVER = "never"


# The name of our mark in the metadata that a provider keeps with a mail and hands back with what it tells of it.
MARKED = "outgoing"
# What is noted where a provider, not the mailbox's own server, refuses a recipient.
REFUSED = "refused"
# A refusal that is about the mailbox, as it is noted. Of the enhanced status codes (RFC 3463) X.1 and X.2 are, but for
# those about the sender (X.1.7, X.1.8) and the length of the mail (X.2.3); without one, these three codes may be.
# Anything else is about us, the mail or the network, and says nothing of who signed.
NO_MAILBOX = re.compile(r"5[0-9]{2} 5\.(1\.(?!0*[78]$)|2\.(?!0*3$))[0-9]{1,3}|55[013]")
ENHANCED = re.compile(r"\s*([245]\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9.])")
# What a provider's API says to this one mail, and not to whatever we ask of it.
ABOUT_THE_MAIL = {400, 413, 422}


@dataclass(frozen=True)
class SendResult:
    verdict: Verdict
    # SMTP codes ("550", "550 5.1.1"), or a word; never the server's text, which quotes the address.
    error: str = ""
    # The connection can be used for the next mail.
    usable: bool = True

    @property
    def was_refused(self) -> bool:
        """For good by a server, whatever the reason; not for something in the mail that no server has seen."""
        return self.verdict is Verdict.NEVER and (self.error == REFUSED or self.error[:1] == "5")

    @property
    def came_back(self) -> bool:
        """The mailbox was refused for good: by its server, or by a provider that has met it before."""
        return self.verdict is Verdict.NEVER and (self.error == REFUSED or NO_MAILBOX.fullmatch(self.error) is not None)


def reach(connection: BaseEmailBackend) -> SendResult:
    """Open the connection, if it is not open; it stays so. Whether mail can be handed over now."""
    return _answer_of(connection.open)


def hand_over(message: EmailMessage, connection: BaseEmailBackend) -> SendResult:
    """Give one mail to the server."""
    return _answer_of(partial(connection.send_messages, [message]))


def _answer_of(act: Callable[[], object]) -> SendResult:  # noqa: PLR0911 -- one for each way to fail
    try:
        act()
    except smtplib.SMTPRecipientsRefused as refusal:
        return _answer_to_mail(*max(refusal.recipients.values()))
    except smtplib.SMTPDataError as refusal:
        return _answer_to_mail(refusal.smtp_code, refusal.smtp_error)
    except smtplib.SMTPResponseException as refusal:
        # Refused before the recipient was named: it is about us (login, sender, greeting), so the mail is not at fault.
        return SendResult(Verdict.LATER, str(refusal.smtp_code), usable=False)
    except AnymailError as failure:
        return _answer_of_provider(failure)
    except (smtplib.SMTPException, OSError) as failure:
        return SendResult(Verdict.LATER, type(failure).__name__, usable=False)
    except (ValueError, LookupError) as unsendable:  # An address or a header that no mail can carry.
        return SendResult(Verdict.NEVER, type(unsendable).__name__)
    return SendResult(Verdict.SENT)


def _answer_to_mail(code: int, text: bytes | str) -> SendResult:
    if code >= 500:
        said = ENHANCED.match(text.decode("ascii", "replace") if isinstance(text, bytes) else text)
        return SendResult(Verdict.NEVER, f"{code} {said[1]}" if said else str(code))
    # With 421 the server hangs up.
    return SendResult(Verdict.LATER, str(code), usable=code != 421)


def _answer_of_provider(failure: AnymailError) -> SendResult:
    """For good only if it refuses the mailbox: else an API seldom says whose fault it is, and our settings may be."""
    if isinstance(failure, AnymailRecipientsRefused):
        return SendResult(Verdict.NEVER, REFUSED)
    if failure.status_code is not None:
        return SendResult(Verdict.LATER, f"HTTP {failure.status_code}", usable=failure.status_code in ABOUT_THE_MAIL)
    return SendResult(
        Verdict.LATER, type(failure.__cause__ or failure).__name__, usable=not isinstance(failure, AnymailAPIError)
    )
