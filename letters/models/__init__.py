"""The nouns. `from letters.models import Letter` is the only way in; a model not named here gets no table."""

from letters.models.audit_event import AuditEvent
from letters.models.carry_over import CarryOver, CarryOverAnswer
from letters.models.collective import MODERATING, OWNING, WRITING, Collective, Membership
from letters.models.delivery import BULK, Delivery, DeliveryQuerySet
from letters.models.display import Display
from letters.models.letter import Ask, Letter, LetterQuerySet
from letters.models.revision import History, Revision, RevisionQuerySet, Translation
from letters.models.signature import SALT_BYTES, STANDING, Signature, SignatureQuerySet, SignerContact
from letters.models.switch import Switch
from letters.models.user import User

__all__ = [
    "BULK",
    "MODERATING",
    "OWNING",
    "SALT_BYTES",
    "STANDING",
    "WRITING",
    "Ask",
    "AuditEvent",
    "CarryOver",
    "CarryOverAnswer",
    "Collective",
    "Delivery",
    "DeliveryQuerySet",
    "Display",
    "History",
    "Letter",
    "LetterQuerySet",
    "Membership",
    "Revision",
    "RevisionQuerySet",
    "Signature",
    "SignatureQuerySet",
    "SignerContact",
    "Switch",
    "Translation",
    "User",
]
