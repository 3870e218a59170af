"""Hand one email to the mail server, and interpret the answer."""

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
    # The server or the connection has a problem: try again later.
    LATER = "later"
    # The mailbox does not exist or refuses the email: never try again.
    NEVER = "never"


# The key of our mark in an email's metadata. A provider stores the mark, and returns it in its reports.
MARKED = "outgoing"
# Stored if a provider, not the mailbox's own server, refuses a recipient.
REFUSED = "refused"
# Matches a stored refusal that is about the mailbox: the enhanced status codes (RFC 3463) X.1 and X.2, except those
# about the sender (X.1.7, X.1.8) and the length of the email (X.2.3). Without an enhanced code, these three codes may
# be. All others concern us, the email or the network, and say nothing about the signer.
NO_MAILBOX = re.compile(r"5[0-9]{2} 5\.(1\.(?!0*[78]$)|2\.(?!0*3$))[0-9]{1,3}|55[013]")
ENHANCED = re.compile(r"\s*([245]\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9.])")
# Answers of a provider's API that are about this email, not about all requests.
ABOUT_THE_MAIL = {400, 413, 422}


@dataclass(frozen=True)
class SendResult:
    verdict: Verdict
    # SMTP codes ("550", "550 5.1.1"), or a word. Privacy: never the server's text, which quotes the address.
    error: str = ""
    # True if the connection can be used for the next email.
    usable: bool = True

    @property
    def was_refused(self) -> bool:
        """Return whether a server refused the email permanently, whatever the reason; False for an email that no server
        has seen.
        """
        return self.verdict is Verdict.NEVER and (self.error == REFUSED or self.error[:1] == "5")

    @property
    def bounced(self) -> bool:
        """Return whether the mailbox was refused permanently, by its server or by a provider that knows it."""
        return self.verdict is Verdict.NEVER and (self.error == REFUSED or NO_MAILBOX.fullmatch(self.error) is not None)


def reach(connection: BaseEmailBackend) -> SendResult:
    """Open the connection, unless it is open. Return whether emails can be handed over now."""
    return _answer_of(connection.open)


def hand_over(message: EmailMessage, connection: BaseEmailBackend) -> SendResult:
    """Hand one email to the server."""
    return _answer_of(partial(connection.send_messages, [message]))


def _answer_of(act: Callable[[], object]) -> SendResult:  # noqa: PLR0911 -- one for each way to fail
    try:
        act()
    except smtplib.SMTPRecipientsRefused as refusal:
        return _answer_to_mail(*max(refusal.recipients.values()))
    except smtplib.SMTPDataError as refusal:
        return _answer_to_mail(refusal.smtp_code, refusal.smtp_error)
    except smtplib.SMTPResponseException as refusal:
        # Refused before the recipient was named: our login, sender or greeting is wrong, and not the email.
        return SendResult(Verdict.LATER, str(refusal.smtp_code), usable=False)
    except AnymailError as failure:
        return _answer_of_provider(failure)
    except (smtplib.SMTPException, OSError) as failure:
        return SendResult(Verdict.LATER, type(failure).__name__, usable=False)
    except (ValueError, LookupError) as unsendable:  # An address or a header that no email can contain.
        return SendResult(Verdict.NEVER, type(unsendable).__name__)
    return SendResult(Verdict.SENT)


def _answer_to_mail(code: int, text: bytes | str) -> SendResult:
    if code >= 500:
        said = ENHANCED.match(text.decode("ascii", "replace") if isinstance(text, bytes) else text)
        return SendResult(Verdict.NEVER, f"{code} {said[1]}" if said else str(code))
    # After 421 the server closes the connection.
    return SendResult(Verdict.LATER, str(code), usable=code != 421)


def _answer_of_provider(failure: AnymailError) -> SendResult:
    """Accept only a refused mailbox as permanent: an API seldom says whose fault an error is, and it may be our
    settings.
    """
    if isinstance(failure, AnymailRecipientsRefused):
        return SendResult(Verdict.NEVER, REFUSED)
    if failure.status_code is not None:
        return SendResult(Verdict.LATER, f"HTTP {failure.status_code}", usable=failure.status_code in ABOUT_THE_MAIL)
    return SendResult(
        Verdict.LATER, type(failure.__cause__ or failure).__name__, usable=not isinstance(failure, AnymailAPIError)
    )
