"""The result of building an email when its turn has come: a message, or the reason why there is none."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.core.mail import EmailMessage

from letters.models import OutgoingEmail


class DropReason(StrEnum):
    """The reason why an email need not be sent any more.

    Privacy: only builders and their tests use it. It is neither stored nor logged, because it reveals what a signer has
    done.
    """

    GONE = "its signature or request is gone"
    SETTLED = "what it says or asks is no longer so"
    NO_ADDRESS = "the address has been deleted"
    UNWANTED = "the owner of the address reported an email as spam"
    BOUNCED = "an earlier email to the address bounced"
    GIVES_AWAY = "a mail log would show whom a moderator acted on"
    LETTER_OVER = "the letter takes no answer any more"
    REPEATED = "another email says the same, or it has waited too long"
    ENOUGH_TODAY = "the address has had all the emails of a day"


@dataclass(frozen=True)
class Send:
    message: EmailMessage


@dataclass(frozen=True)
class Wait:
    """The email is valid, but must not leave before this moment. It is built again then."""

    until: datetime


@dataclass(frozen=True)
class Hold:
    """The email is valid, but its work list was closed after it was claimed. It is due again when the list opens."""


@dataclass(frozen=True)
class Drop:
    """The email is no longer valid, or no longer wanted."""

    reason: DropReason


Unsent = Wait | Hold | Drop
Built = Send | Unsent
# Builds an email from the current data. Raises Signature.DoesNotExist if its signature is gone.
Builder = Callable[[OutgoingEmail], Built]
