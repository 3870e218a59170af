"""The models. Always import them from here. A model that is not imported here gets no table."""

from letters.models.address_proof import MAX_PROOF_EMAILS, AddressProof
from letters.models.addressee_answer import AddresseeAnswer, AddresseeAnswerQuerySet
from letters.models.audit_event import OF_SIGNERS, AuditEvent
from letters.models.block_rule import MAX_NETWORK_RULE_LIFETIME, MAX_RULE_LIFETIME, RULE_KEPT_AFTER_END, BlockRule
from letters.models.breakdown import LEAST as LEAST_IN_GROUP
from letters.models.breakdown import MAX_GROUPS, Breakdown, renewed_groups
from letters.models.bulk_decision import BulkDecision, BulkTarget
from letters.models.carry_over import CarryOver, CarryOverAnswer, text_cells
from letters.models.collective import MODERATING, OWNING, WRITING, Collective, Membership
from letters.models.collective_domain import REMINDED_BEFORE, SALT_LENGTH, VERIFIED_FOR, CollectiveDomain
from letters.models.collective_name import CollectiveName
from letters.models.comment_hiding import CommentHiding
from letters.models.confirmation_code import ConfirmationCode, accepts_code, expect_code
from letters.models.count_history import CountHistory, Span, begin_of, count_history, drawn_spans
from letters.models.display import PRIVATE_TO_PUBLIC, Display, most_private
from letters.models.draft_link import DraftLink, DraftLinkQuerySet
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
from letters.models.entrusted import stored_words
from letters.models.export import Export, ExportPart, ExportQuerySet
from letters.models.featuring import Featuring
from letters.models.former_slug import FormerSlug
from letters.models.invitation_batch import MAX_NOTE_LENGTH, MAX_SENDER_LENGTH, InvitationBatch, InvitedPerson
from letters.models.key_fingerprint import KeyFingerprint
from letters.models.ledger import OPENING_BYTES, Ledger, LedgerEntry, LedgerOpening, OwedEntry
from letters.models.ledger_log import SITE, LedgerCheckpoint, LedgerKey, LedgerLog, LedgerTile, SiteLogEntry
from letters.models.letter import UNDONE_WITHIN, Letter, LetterQuerySet
from letters.models.letter_choices import Ask, HoldFrom, Indexing
from letters.models.letter_delivery import LetterDelivery
from letters.models.letter_move import LetterMove, LetterMoveQuerySet, public_moves
from letters.models.letter_review import LetterReview, LetterReviewQuerySet
from letters.models.lifecycle import (
    ACTIVE,
    CONFIRMED,
    CONFIRMED_OR_SEALED,
    COUNTED,
    EMPTIED,
    GONE,
    NO_CHANGES,
    READ_BY_ORGANIZERS,
    SEARCHED_STATES,
    TAKEN_OUT,
    UNANSWERED,
    UNDERWAY,
    State,
    Transition,
)
from letters.models.mail_request import MailRequest
from letters.models.member_invitation import MemberInvitation, MemberInvitationQuerySet
from letters.models.mirror import Bundle, BundlePush, Mirror
from letters.models.moderation_account import ModerationAccount, RemovedFor, StoredAccount
from letters.models.name_report import RISK_OF_NAMED, NameReport, shows_a_name
from letters.models.notification import EmailChoices, Notification
from letters.models.notification_kinds import (
    DAILY_HOUR,
    STAFF_PERMISSION,
    TOPICS,
    TOPICS_OF,
    NotificationKind,
    Topic,
    next_daily_hour,
)
from letters.models.organisation import (
    OrganisationContact,
    OrganisationSignature,
    OrganisationSignatureQuerySet,
    OrganisationState,
    OrganisationStep,
    takes_organisations,
)
from letters.models.outgoing_email import (
    BOUNCED_OR_REPORTED,
    COMPLAINED,
    LEFT,
    TO_FORGET,
    OutgoingEmail,
    OutgoingEmailQuerySet,
)
from letters.models.paper_count import PaperCount, PaperCountQuerySet, paper_counts_of
from letters.models.personal_token import PersonalToken, PersonalTokenQuerySet, Scope
from letters.models.picture import Picture
from letters.models.rejection_appeal import (
    NOT_APPEALED,
    NOT_BARRED,
    RejectionAppeal,
    can_be_appealed_until,
    not_barred_to,
)
from letters.models.rejection_reason import RejectionReason
from letters.models.release import (
    COUNTED_EVERY,
    FEWEST_NAMES,
    MOST_NAMES,
    NOTICE_HOURS,
    STEP,
    USUAL_NOTICE_HOURS,
    Release,
)
from letters.models.report import Report
from letters.models.retention import TOLD_AT_LEAST, TOLD_BEFORE, Deletion
from letters.models.review import ReviewClaim, ReviewDecision
from letters.models.revision import MAX_TEXTS, Addition, History, Revision, RevisionQuerySet, Translation, newest_titles
from letters.models.second_opinion import WRONG, ErrorRate, SecondOpinion
from letters.models.signatory_list import SignatoryList
from letters.models.signature import INVITATION_LIFETIME, SALT_BYTES, Signature, SignatureQuerySet
from letters.models.signature_conditions import ENTRUSTED, IN_QUEUE, LISTED, NUMBERED_IN_QUEUE
from letters.models.signer_contact import AGREED_SINCE_MOVE, SignerContact, is_before_move
from letters.models.signer_question import ANSWER_WITHIN, SignerQuestion
from letters.models.signer_words import COMMENT_FOR_EVERYONE, PUBLIC_COMMENT, WORDS, sealed_words
from letters.models.site_limit import SiteLimit
from letters.models.site_list_entry import SiteListEntry
from letters.models.site_note import SiteNote
from letters.models.site_page import SitePage
from letters.models.stopped_address import StoppedAddress
from letters.models.stopped_domain import StoppedDomain
from letters.models.submission import CONTENT_HASH_BYTES, Submission, SubmissionQuerySet
from letters.models.suspension import Suspension
from letters.models.switch import Switch
from letters.models.takedown import APPEAL_WITHIN, TakeDown, current_takedown
from letters.models.tally import LetterHour, LetterTally
from letters.models.trace import Doubt, SigningTrace
from letters.models.update import Update, UpdateCorrection, UpdateQuerySet, UpdateTranslation
from letters.models.user import User
from letters.models.wave import ScoringWindow, Wave
from letters.models.webhook import Webhook, WebhookDelivery
from letters.models.witness import DayStamp, SitePlace, Witness
from letters.models.word_search import (
    FOLDED,
    NUMBERED,
    PUBLIC,
    PUBLIC_NUMBERS,
    SAME_NAME,
    UNNUMBERED,
    entrusted_ids,
    folded_words,
    numbers_of_affiliation,
    public_numbers,
    published_numbers,
    words_in_sql,
)
from letters.models.written import Written

__all__ = [
    "ACTIVE",
    "AGREED_SINCE_MOVE",
    "ANSWER_WITHIN",
    "APPEAL_WITHIN",
    "ASKED_FOR",
    "A_DAY",
    "BOUNCED_OR_REPORTED",
    "BULK",
    "COMMENT_FOR_EVERYONE",
    "COMPLAINED",
    "CONFIRMED",
    "CONFIRMED_OR_SEALED",
    "CONTENT_HASH_BYTES",
    "COUNTED",
    "COUNTED_EVERY",
    "DAILY_HOUR",
    "EMAIL_KINDS",
    "EMPTIED",
    "ENTRUSTED",
    "FEWEST_NAMES",
    "FOLDED",
    "FORGOTTEN",
    "GONE",
    "INVITATION_LIFETIME",
    "IN_QUEUE",
    "LEAST_IN_GROUP",
    "LEFT",
    "LISTED",
    "MAX_EMAILS_A_DAY",
    "MAX_GROUPS",
    "MAX_NETWORK_RULE_LIFETIME",
    "MAX_NOTE_LENGTH",
    "MAX_PROOF_EMAILS",
    "MAX_RULE_LIFETIME",
    "MAX_SENDER_LENGTH",
    "MAX_TEXTS",
    "MODERATING",
    "MOST_NAMES",
    "NOTICE_HOURS",
    "NOT_APPEALED",
    "NOT_BARRED",
    "NO_CHANGES",
    "NUMBERED",
    "NUMBERED_IN_QUEUE",
    "OF_FORMS",
    "OF_ORGANIZERS",
    "OF_SIGNERS",
    "OPENING_BYTES",
    "OWNING",
    "PRIVATE_TO_PUBLIC",
    "PUBLIC",
    "PUBLIC_COMMENT",
    "PUBLIC_NUMBERS",
    "READ_BY_ORGANIZERS",
    "REMINDED_BEFORE",
    "RETENTION",
    "RISK_OF_NAMED",
    "RULE_KEPT_AFTER_END",
    "SALT_BYTES",
    "SALT_LENGTH",
    "SAME_NAME",
    "SEARCHED_STATES",
    "SITE",
    "STAFF_PERMISSION",
    "STEP",
    "TAKEN_OUT",
    "TOLD_AT_LEAST",
    "TOLD_BEFORE",
    "TOPICS",
    "TOPICS_OF",
    "TO_FORGET",
    "UNANSWERED",
    "UNDERWAY",
    "UNDONE_WITHIN",
    "UNNUMBERED",
    "USUAL_NOTICE_HOURS",
    "VERIFIED_FOR",
    "WORDS",
    "WRITING",
    "WRONG",
    "Addition",
    "AddressProof",
    "AddresseeAnswer",
    "AddresseeAnswerQuerySet",
    "Ask",
    "AuditEvent",
    "BlockRule",
    "Breakdown",
    "BulkDecision",
    "BulkTarget",
    "Bundle",
    "BundlePush",
    "CarryOver",
    "CarryOverAnswer",
    "Cause",
    "Collective",
    "CollectiveDomain",
    "CollectiveName",
    "CommentHiding",
    "ConfirmationCode",
    "CountHistory",
    "DayStamp",
    "Deletion",
    "Display",
    "Doubt",
    "DraftLink",
    "DraftLinkQuerySet",
    "EmailChoices",
    "EmailKind",
    "ErrorRate",
    "Export",
    "ExportPart",
    "ExportQuerySet",
    "Featuring",
    "FormerSlug",
    "History",
    "HoldFrom",
    "Indexing",
    "InvitationBatch",
    "InvitedPerson",
    "Kept",
    "KeyFingerprint",
    "Ledger",
    "LedgerCheckpoint",
    "LedgerEntry",
    "LedgerKey",
    "LedgerLog",
    "LedgerOpening",
    "LedgerTile",
    "Letter",
    "LetterDelivery",
    "LetterHour",
    "LetterMove",
    "LetterMoveQuerySet",
    "LetterQuerySet",
    "LetterReview",
    "LetterReviewQuerySet",
    "LetterTally",
    "MailRequest",
    "MemberInvitation",
    "MemberInvitationQuerySet",
    "Membership",
    "Mirror",
    "ModerationAccount",
    "NameReport",
    "Notification",
    "NotificationKind",
    "OrganisationContact",
    "OrganisationSignature",
    "OrganisationSignatureQuerySet",
    "OrganisationState",
    "OrganisationStep",
    "OutgoingEmail",
    "OutgoingEmailQuerySet",
    "OwedEntry",
    "PaperCount",
    "PaperCountQuerySet",
    "PersonalToken",
    "PersonalTokenQuerySet",
    "Picture",
    "RejectionAppeal",
    "RejectionReason",
    "Release",
    "RemovedFor",
    "Report",
    "ReviewClaim",
    "ReviewDecision",
    "Revision",
    "RevisionQuerySet",
    "Scope",
    "ScoringWindow",
    "SecondOpinion",
    "SignatoryList",
    "Signature",
    "SignatureQuerySet",
    "SignerContact",
    "SignerQuestion",
    "SigningTrace",
    "SiteLimit",
    "SiteListEntry",
    "SiteLogEntry",
    "SiteNote",
    "SitePage",
    "SitePlace",
    "Span",
    "State",
    "StoppedAddress",
    "StoppedDomain",
    "StoredAccount",
    "Submission",
    "SubmissionQuerySet",
    "Suspension",
    "Switch",
    "TakeDown",
    "Topic",
    "Transition",
    "Translation",
    "Update",
    "UpdateCorrection",
    "UpdateQuerySet",
    "UpdateTranslation",
    "User",
    "Wave",
    "Webhook",
    "WebhookDelivery",
    "WhenFull",
    "Witness",
    "Written",
    "accepts_code",
    "begin_of",
    "can_be_appealed_until",
    "count_history",
    "counted_for",
    "current_takedown",
    "drawn_spans",
    "entrusted_ids",
    "expect_code",
    "folded_words",
    "is_before_move",
    "kinds_in_sql",
    "most_private",
    "newest_titles",
    "next_daily_hour",
    "not_barred_to",
    "numbers_of_affiliation",
    "paper_counts_of",
    "public_moves",
    "public_numbers",
    "published_numbers",
    "renewed_groups",
    "retention_of",
    "sealed_words",
    "shows_a_name",
    "stored_words",
    "takes_organisations",
    "text_cells",
    "words_in_sql",
]
