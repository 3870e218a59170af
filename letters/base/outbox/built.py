"""What a builder makes of an email when its turn has come: a message, or why there is none."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.core.mail import EmailMessage

from letters.models import OutgoingEmail


class DropReason(StrEnum):
    """Why nobody is owed an email any more.

    Privacy: for builders and their tests. It is neither stored nor logged, since it tells what a signer has done.
    """

    GONE = "its signature or request is gone"
    SETTLED = "what it says or asks is no longer so"
    NO_ADDRESS = "the address has been deleted"
    UNWANTED = "the owner of the address reported an email as spam"
    CAME_BACK = "an earlier email to the address came back"
    LETTER_OVER = "the letter takes no answer any more"
    REPEATED = "another email says the same, or it has waited too long"
    ENOUGH_TODAY = "the address has had all the emails of a day"


@dataclass(frozen=True)
class Send:
    message: EmailMessage


@dataclass(frozen=True)
class Wait:
    """It is true, and may not leave before this moment. Then it is built again."""

    until: datetime


@dataclass(frozen=True)
class Hold:
    """It is true, and its work list has been closed since it was claimed. It is due at once if that opens again."""


@dataclass(frozen=True)
class Drop:
    """It is no longer true, or not wanted."""

    reason: DropReason


Unsent = Wait | Hold | Drop
Built = Send | Unsent
# Builds an email as things stand now. Raises Signature.DoesNotExist if its signature has gone meanwhile.
Builder = Callable[[OutgoingEmail], Built]
