"""The nouns. `from letters.models import Letter` is the only way in; a model not named here gets no table."""

from letters.models.answer import Answer, AnswerQuerySet
from letters.models.audit_event import AuditEvent
from letters.models.collective import MODERATING, OWNING, WRITING, Collective, Membership
from letters.models.delivery import BULK, Delivery, DeliveryQuerySet
from letters.models.display import Display
from letters.models.letter import Ask, Letter, LetterQuerySet
from letters.models.revision import Revision, Translation
from letters.models.signature import SALT_BYTES, STANDING, Signature, SignatureQuerySet, SignerContact
from letters.models.switch import Switch
from letters.models.update import Update, UpdateQuerySet
from letters.models.user import User

__all__ = [
    "BULK",
    "MODERATING",
    "OWNING",
    "SALT_BYTES",
    "STANDING",
    "WRITING",
    "Answer",
    "AnswerQuerySet",
    "Ask",
    "AuditEvent",
    "Collective",
    "Delivery",
    "DeliveryQuerySet",
    "Display",
    "Letter",
    "LetterQuerySet",
    "Membership",
    "Revision",
    "Signature",
    "SignatureQuerySet",
    "SignerContact",
    "Switch",
    "Translation",
    "Update",
    "UpdateQuerySet",
    "User",
]
