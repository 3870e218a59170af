"""Read what signing needs, each in one round trip. Import from here."""

from letters.signer.signing.queries.recipients import (
    OtherEmails,
    Recipient,
    Stranger,
    confirmable_until,
    is_needless,
    recipient_of,
    stranger_of,
)
from letters.signer.signing.queries.submissions import Said, may_disown, newest_submission, said_by, stored_about
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
    MailStanding,
    is_check_over,
    is_expired,
    mail_standing,
)

__all__ = [
    "CHECK_LIFETIME",
    "MailStanding",
    "OtherEmails",
    "Recipient",
    "Said",
    "Stranger",
    "confirmable_until",
    "has_seen_current",
    "is_check_over",
    "is_expired",
    "is_needless",
    "language_for",
    "letter_to_sign",
    "mail_standing",
    "may_disown",
    "newest_submission",
    "number_of",
    "recipient_of",
    "said_by",
    "stored_about",
    "stranger_of",
    "texts_to_sign",
    "title_of",
    "translation_of",
]
