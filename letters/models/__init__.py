"""The models. Always import them from here; a model that is not named here gets no table."""

from letters.models.addressee_answer import AddresseeAnswer, AddresseeAnswerQuerySet
from letters.models.audit_event import OF_SIGNERS, AuditEvent
from letters.models.carry_over import CarryOver, CarryOverAnswer, has_carried, text_columns
from letters.models.collective import MODERATING, OWNING, WRITING, Collective, Membership
from letters.models.confirmation_code import ConfirmationCode, accepts_code, expect_code
from letters.models.display import PRIVATE_TO_PUBLIC, Display, most_private
from letters.models.email_kinds import (
    A_DAY,
    ASKED_FOR,
    BULK,
    EMAIL_KINDS,
    FORGOTTEN,
    MAX_EMAILS_A_DAY,
    OF_FORMS,
    OF_ORGANIZERS,
    RETENTION,
    Cause,
    EmailKind,
    Kept,
    WhenFull,
    counted_for,
    kinds_in_sql,
    retention_of,
)
from letters.models.export import Export, ExportQuerySet
from letters.models.former_slug import FormerSlug
from letters.models.key_fingerprint import KeyFingerprint
from letters.models.letter import UNDONE_WITHIN, Ask, Letter, LetterQuerySet
from letters.models.letter_delivery import LetterDelivery
from letters.models.lifecycle import (
    ACTIVE,
    AWAITING_NUMBER,
    CONFIRMED,
    COUNTED,
    EMPTIED,
    GONE,
    INVITATION_ENDED,
    TAKEN_OUT,
    UNANSWERED,
    UNDERWAY,
    State,
    Transition,
)
from letters.models.mail_request import MailRequest
from letters.models.member_invitation import MemberInvitation, MemberInvitationQuerySet
from letters.models.outgoing_email import (
    BOUNCED_OR_REPORTED,
    COMPLAINED,
    TO_FORGET,
    OutgoingEmail,
    OutgoingEmailQuerySet,
)
from letters.models.picture import Picture
from letters.models.revision import (
    MAX_TEXTS,
    Addition,
    History,
    Revision,
    RevisionQuerySet,
    Translation,
    newest_titles,
)
from letters.models.signatory_list import SignatoryList
from letters.models.signature import (
    FOLDED,
    INVITATION_LIFETIME,
    SALT_BYTES,
    SEARCHED,
    Signature,
    SignatureQuerySet,
    SignerContact,
)
from letters.models.signer_words import WORDS
from letters.models.stopped_domain import StoppedDomain
from letters.models.submission import CONTENT_HASH_BYTES, Submission, SubmissionQuerySet
from letters.models.switch import Switch
from letters.models.tally import LetterHour, LetterTally
from letters.models.update import Update, UpdateQuerySet
from letters.models.user import User
from letters.models.written import Written

__all__ = [
    "ACTIVE",
    "ASKED_FOR",
    "AWAITING_NUMBER",
    "A_DAY",
    "BOUNCED_OR_REPORTED",
    "BULK",
    "COMPLAINED",
    "CONFIRMED",
    "CONTENT_HASH_BYTES",
    "COUNTED",
    "EMAIL_KINDS",
    "EMPTIED",
    "FOLDED",
    "FORGOTTEN",
    "GONE",
    "INVITATION_ENDED",
    "INVITATION_LIFETIME",
    "MAX_EMAILS_A_DAY",
    "MAX_TEXTS",
    "MODERATING",
    "OF_FORMS",
    "OF_ORGANIZERS",
    "OF_SIGNERS",
    "OWNING",
    "PRIVATE_TO_PUBLIC",
    "RETENTION",
    "SALT_BYTES",
    "SEARCHED",
    "TAKEN_OUT",
    "TO_FORGET",
    "UNANSWERED",
    "UNDERWAY",
    "UNDONE_WITHIN",
    "WORDS",
    "WRITING",
    "Addition",
    "AddresseeAnswer",
    "AddresseeAnswerQuerySet",
    "Ask",
    "AuditEvent",
    "CarryOver",
    "CarryOverAnswer",
    "Cause",
    "Collective",
    "ConfirmationCode",
    "Display",
    "EmailKind",
    "Export",
    "ExportQuerySet",
    "FormerSlug",
    "History",
    "Kept",
    "KeyFingerprint",
    "Letter",
    "LetterDelivery",
    "LetterHour",
    "LetterQuerySet",
    "LetterTally",
    "MailRequest",
    "MemberInvitation",
    "MemberInvitationQuerySet",
    "Membership",
    "OutgoingEmail",
    "OutgoingEmailQuerySet",
    "Picture",
    "Revision",
    "RevisionQuerySet",
    "SignatoryList",
    "Signature",
    "SignatureQuerySet",
    "SignerContact",
    "State",
    "StoppedDomain",
    "Submission",
    "SubmissionQuerySet",
    "Switch",
    "Transition",
    "Translation",
    "Update",
    "UpdateQuerySet",
    "User",
    "WhenFull",
    "Written",
    "accepts_code",
    "counted_for",
    "expect_code",
    "has_carried",
    "kinds_in_sql",
    "most_private",
    "newest_titles",
    "retention_of",
    "text_columns",
]
