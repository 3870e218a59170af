"""Read what signing needs, each in one round trip. Import from here."""

from letters.signer.signing.queries.receipts import NoReceipt, receipt_of
from letters.signer.signing.queries.recipients import (
    OtherEmails,
    Recipient,
    Stranger,
    confirmable_until,
    is_needless,
    recipient_of,
    stranger_of,
)
from letters.signer.signing.queries.removals import (
    Removal,
    appeals_of,
    asked_to_prove,
    featuring_of,
    is_current,
    proof_for,
    question_to,
    removal_of,
    why_removed,
)
from letters.signer.signing.queries.submissions import (
    WordsToConfirm,
    may_disown,
    newest_submission,
    stored_about,
    words_to_confirm,
)
from letters.signer.signing.queries.texts import (
    has_seen_current,
    language_for,
    letter_to_sign,
    number_of,
    texts_to_sign,
    title_of,
    translation_of,
)
from letters.signer.signing.queries.waiting import (
    CHECK_LIFETIME,
    MailStatus,
    is_check_over,
    is_expired,
    mail_status,
)

__all__ = [
    "CHECK_LIFETIME",
    "MailStatus",
    "NoReceipt",
    "OtherEmails",
    "Recipient",
    "Removal",
    "Stranger",
    "WordsToConfirm",
    "appeals_of",
    "asked_to_prove",
    "confirmable_until",
    "featuring_of",
    "has_seen_current",
    "is_check_over",
    "is_current",
    "is_expired",
    "is_needless",
    "language_for",
    "letter_to_sign",
    "mail_status",
    "may_disown",
    "newest_submission",
    "number_of",
    "proof_for",
    "question_to",
    "receipt_of",
    "recipient_of",
    "removal_of",
    "stored_about",
    "stranger_of",
    "texts_to_sign",
    "title_of",
    "translation_of",
    "why_removed",
    "words_to_confirm",
]
