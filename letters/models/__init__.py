"""The nouns. `from letters.models import Letter` is the only way in; a model not named here gets no table."""

from letters.models.audit_event import AuditEvent
from letters.models.collective import MODERATING, OWNING, WRITING, Collective, Membership
from letters.models.delivery import BULK, Delivery, DeliveryQuerySet
from letters.models.display import Display
from letters.models.invite_list import InviteList
from letters.models.letter import Ask, Letter, LetterQuerySet
from letters.models.revision import Revision, Translation
from letters.models.signature import (
    INVITATION_GOOD_FOR,
    SALT_BYTES,
    STANDING,
    Signature,
    SignatureQuerySet,
    SignerContact,
)
from letters.models.switch import Switch
from letters.models.user import User

__all__ = [
    "BULK",
    "INVITATION_GOOD_FOR",
    "MODERATING",
    "OWNING",
    "SALT_BYTES",
    "STANDING",
    "WRITING",
    "Ask",
    "AuditEvent",
    "Collective",
    "Delivery",
    "DeliveryQuerySet",
    "Display",
    "InviteList",
    "Letter",
    "LetterQuerySet",
    "Membership",
    "Revision",
    "Signature",
    "SignatureQuerySet",
    "SignerContact",
    "Switch",
    "Translation",
    "User",
]
