"""The nouns. `from letters.models import Letter` is the only way in; a model not named here gets no table."""

from letters.models.audit_event import AuditEvent
from letters.models.collective import MODERATING, OWNING, WRITING, Collective, Membership
from letters.models.delivery import BULK, Delivery, DeliveryQuerySet
from letters.models.display import Display
from letters.models.letter import Ask, Letter, LetterQuerySet
from letters.models.old_slug import OldSlug
from letters.models.picture import Picture
from letters.models.revision import Revision, Translation, newest_titles
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
    "Collective",
    "Delivery",
    "DeliveryQuerySet",
    "Display",
    "Letter",
    "LetterQuerySet",
    "Membership",
    "OldSlug",
    "Picture",
    "Revision",
    "Signature",
    "SignatureQuerySet",
    "SignerContact",
    "Switch",
    "Translation",
    "User",
    "newest_titles",
]
