"""The nouns. `from letters.models import Letter` is the only way in; a model not named here gets no table."""

from letters.models.answer import Answer, AnswerQuerySet
from letters.models.audit_event import AuditEvent
from letters.models.carry_over import CarryOver, CarryOverAnswer, has_carried, text_columns
from letters.models.collective import MODERATING, OWNING, WRITING, Collective, Membership
from letters.models.delivery import (
    BULK,
    CAME_BACK,
    COMPLAINED,
    MOST_MAILS_A_DAY,
    OF_ORGANIZERS,
    TO_FORGET,
    Delivery,
    DeliveryQuerySet,
)
from letters.models.display import MOST_PRIVATE_FIRST, Display, most_private
from letters.models.export import Export, ExportQuerySet
from letters.models.handover import Handover
from letters.models.invitation import Invitation, InvitationQuerySet
from letters.models.invite_list import InviteList
from letters.models.key_fingerprint import KeyFingerprint
from letters.models.letter import UNDONE_WITHIN, Ask, Letter, LetterQuerySet
from letters.models.mail_request import MailRequest
from letters.models.old_slug import OldSlug
from letters.models.picture import Picture
from letters.models.revision import (
    MOST_TEXTS,
    Addition,
    History,
    Revision,
    RevisionQuerySet,
    Translation,
    newest_titles,
)
from letters.models.signature import (
    CONFIRMED,
    FOLDED,
    INVITATION_GOOD_FOR,
    SALT_BYTES,
    SEARCHED,
    STANDING,
    WORDS,
    Signature,
    SignatureQuerySet,
    SignerContact,
)
from letters.models.stopped_domain import StoppedDomain
from letters.models.submission import CONTENT_HASH_BYTES, Submission
from letters.models.switch import Switch
from letters.models.tally import LetterHour, LetterTally
from letters.models.update import Update, UpdateQuerySet
from letters.models.user import User

__all__ = [
    "BULK",
    "CAME_BACK",
    "COMPLAINED",
    "CONFIRMED",
    "CONTENT_HASH_BYTES",
    "FOLDED",
    "INVITATION_GOOD_FOR",
    "MODERATING",
    "MOST_MAILS_A_DAY",
    "MOST_PRIVATE_FIRST",
    "MOST_TEXTS",
    "OF_ORGANIZERS",
    "OWNING",
    "SALT_BYTES",
    "SEARCHED",
    "STANDING",
    "TO_FORGET",
    "UNDONE_WITHIN",
    "WORDS",
    "WRITING",
    "Addition",
    "Answer",
    "AnswerQuerySet",
    "Ask",
    "AuditEvent",
    "CarryOver",
    "CarryOverAnswer",
    "Collective",
    "Delivery",
    "DeliveryQuerySet",
    "Display",
    "Export",
    "ExportQuerySet",
    "Handover",
    "History",
    "Invitation",
    "InvitationQuerySet",
    "InviteList",
    "KeyFingerprint",
    "Letter",
    "LetterHour",
    "LetterQuerySet",
    "LetterTally",
    "MailRequest",
    "Membership",
    "OldSlug",
    "Picture",
    "Revision",
    "RevisionQuerySet",
    "Signature",
    "SignatureQuerySet",
    "SignerContact",
    "StoppedDomain",
    "Submission",
    "Switch",
    "Translation",
    "Update",
    "UpdateQuerySet",
    "User",
    "has_carried",
    "most_private",
    "newest_titles",
    "text_columns",
]
