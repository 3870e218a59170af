"""What signing reads, each in one round trip."""

import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from math import ceil
from typing import Any

from django.conf import settings
from django.db.models import Q

from letters.models import (
    ASKED_FOR,
    WORDS,
    Display,
    Letter,
    OutgoingEmail,
    Revision,
    Signature,
    SignerContact,
    Submission,
    Translation,
    most_private,
)
from letters.shared.addresses import decrypt
from letters.shared.tokens import Token

# Of the number of a text, as a form sends it.
MAX_DIGITS = 6


def letter_to_sign(slug: str, language: str) -> Letter:
    """A letter that the public may know of, as it was within the last second.

    Raises Letter.DoesNotExist, also if `language` is none that it has. Every signer needs it and it rarely changes:
    asked for each time, it costs as much as writing the signature.
    """
    return _letter_in_second(slug, language, int(time.monotonic()))


@lru_cache(maxsize=256)
def _letter_in_second(slug: str, language: str, second: int) -> Letter:
    letters = Letter.objects.public().select_related("collective", "current_revision")
    if language:
        letters = letters.filter(current_revision__translations__language=language)
    return letters.get(slug=slug)


def translation_of(revision_id: int, language: str) -> Translation:
    """The text that a signer sees in a language. Raises Translation.DoesNotExist."""
    return Translation.objects.defer("body", "html").get(revision_id=revision_id, language=language)


def has_seen_current(letter: Letter, language: str, seen: str) -> bool:
    """Whether the text with this number, which a form was under, says in a language what the letter says now.

    A form without a number comes from an old page. It is known what that showed if there has been only one text.
    """
    current = letter.current_revision
    if current is None or seen == str(current.number):
        return current is not None
    published = letter.revisions.published()
    if not seen:
        return current.number == 1 or not published.exclude(pk=current.pk).exists()
    if not (seen.isascii() and seen.isdigit() and len(seen) <= MAX_DIGITS):
        return False
    both = Translation.objects.filter(revision__in=published, language=language)
    both = both.filter(revision__number__in=[int(seen), current.number])
    texts = [(bytes(fingerprint), summary) for fingerprint, summary in both.values_list("sha256", "summary")]
    return len(texts) == 2 and texts[0] == texts[1]


def language_for(letter: Letter, spoken: str) -> str:
    """The language that a reader speaks, if the letter is there in it; otherwise the letter's own."""
    texts = Translation.objects.filter(revision_id=letter.current_revision_id or 0, language=spoken)
    return spoken if texts.exists() else letter.language


def texts_to_sign(signature: Signature) -> dict[str, Translation]:
    """The letter as an invited person reads it, by its languages: as it stands now, until they have signed it, and then
    as they did.
    """
    revision_id = signature.revision_id
    if signature.state == Signature.State.INVITED:
        revision_id = signature.letter.current_revision_id or revision_id
    return {text.language: text for text in Translation.objects.filter(revision_id=revision_id)}


@lru_cache(maxsize=1024)
def number_of(revision_id: int) -> int:
    """The number of a text. For ever, too."""
    return Revision.objects.values_list("number", flat=True).get(pk=revision_id)


@lru_cache(maxsize=1024)
def title_of(revision_id: int, *languages: str) -> str:
    """What was signed, in the first of these languages that it has. Raises Translation.DoesNotExist if there is none.

    For ever, since only what is published is signed and nobody can change that (migration 0002).
    """
    texts = Translation.objects.filter(revision_id=revision_id, language__in=languages)
    titles = dict(texts.values_list("language", "title"))
    if not titles:
        raise Translation.DoesNotExist
    return next(titles[language] for language in languages if language in titles)


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a confirmation makes of a signature: of all choices of who sees the name, the most private one holds."""

    # None if it is what stands in the signature.
    submission_id: int | None
    revision_id: int
    language: str
    name: str
    affiliation: str
    role: str
    country: str
    comment: str
    domain: str
    display: str
    consent: str
    # An earlier or later entry with the same address asked for more privacy than this one.
    is_more_private: bool
    # The signature says something else.
    differs: bool

    def fingerprint(self) -> str:
        """Of all that the page shows before it counts: the button sends it back."""
        said = [self.revision_id, *(getattr(self, name) for name in [*WORDS, "display", "consent"])]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


def said_by(signature: Signature, submission_id: int | None) -> Said:
    """What a submission says; what the signature says, if that one is gone: its signer has changed it since.

    The statement that confirms does the same (letters/signer/signing/operations.py).
    """
    submissions = list(signature.submissions.unanswered())
    chosen = next((typed for typed in submissions if typed.pk == submission_id and _may_speak(typed, signature)), None)
    contact: SignerContact | None = getattr(signature, "contact", None)
    source = chosen or signature
    display = most_private([signature.display, *(typed.display for typed in submissions)])
    words = {name: str(getattr(source, name)) for name in WORDS}
    consent = chosen.consent if chosen else contact.consent if contact else ""
    if display == Display.NOBODY:
        words |= dict.fromkeys(["name", "affiliation", "role", "comment"], "")
        consent = ""
    stands = {name: getattr(signature, name) for name in [*WORDS, "display"]}
    agreed = bool(contact and contact.consent)
    return Said(
        **words,
        submission_id=chosen.pk if chosen else None,
        revision_id=source.revision_id,
        language=source.language,
        display=display,
        consent=consent,
        is_more_private=display != source.display,
        differs={**words, "display": display} != stands or (contact is not None and agreed != bool(consent)),
    )


def _may_speak(typed: Submission, signature: Signature) -> bool:
    """Whether whoever reads mail at the address that was typed may say what the signature says."""
    is_pending = signature.state == Signature.State.PENDING
    return is_pending or _same_spelling(typed.spelling_hash, signature.spelling_hash)


def may_disown(signature: Signature, spelling_hash: bytes | None) -> bool:
    """Whether a link that went to this spelling of the address may delete the signature. None if it is bound to none.

    A signature that waits may be disowned by whoever got an email about it. A confirmed one may not be by another
    spelling, which can be another person's mailbox.
    """
    if spelling_hash is None or signature.spelling_hash is None or signature.state == Signature.State.PENDING:
        return True
    return _same_spelling(spelling_hash, signature.spelling_hash)


def _same_spelling(one: bytes | memoryview | None, other: bytes | memoryview | None) -> bool:
    return hmac.compare_digest(bytes(one or b""), bytes(other or b""))


def newest_submission(signature: Signature) -> int | None:
    newest = signature.submissions.unanswered().order_by("-submitted_at", "-pk")
    return newest.values_list("pk", flat=True).first()


def stored_about(signature: Signature) -> dict[str, Any]:
    """Everything about a signer that stands in the database, in words: for the signer's eyes alone."""
    contact: SignerContact | None = getattr(signature, "contact", None)
    submissions = list(signature.submissions.order_by("submitted_at", "pk"))
    encrypted = [contact.address] if contact else [each.address for each in submissions if each.address is not None]
    typed = ["name", "affiliation", "role", "country", "comment", "display", "domain", "via", "language"]
    shown = [*typed, "state", "verified", "number"]
    return {
        "letter": signature.letter.slug,
        **{name: getattr(signature, name) for name in shown},
        "changes_that_wait_for_a_moderator": signature.pending_changes,
        "changes_that_a_moderator_did_not_take": signature.declined_changes,
        "text": signature.revision.number,
        "carried_over": [
            {"asked_about_text": answer.question.revision.number, "carries": answer.carries, "at": answer.answered_at}
            for answer in signature.answers.select_related("question__revision").order_by("question")
        ],
        # For the minutes that an email takes, also of somebody whose name is shown to nobody, and who signs again.
        "address": decrypt(encrypted[0]) if encrypted else None,
        "address_known_again_by_a_hash": signature.address_hash is not None,
        "updates": contact.consent if contact else "",
        "updates_agreed_at": contact.consented_at if contact else None,
        # With this address, by whoever it was: until one of these entries is confirmed, or for CONFIRMATION_DAYS. Of an
        # entry that its owner has answered, the words are gone.
        "typed_into_the_form": [
            {
                **{name: getattr(each, name) for name in typed},
                "updates": each.consent,
                "at": each.submitted_at,
                "answered_at": each.answered_at,
            }
            for each in submissions
        ],
        "signed_at": signature.signed_at,
        "confirmed_at": signature.confirmed_at,
        "published_at": signature.published_at,
    }


def confirmable_until(signature: Signature, *, since: datetime) -> datetime:
    """When the link in an email stops being good for what was typed then: never later than the letter takes it."""
    letter = signature.letter
    if letter.status == Letter.Status.WITHDRAWN:
        return since
    own_end = since + timedelta(days=settings.CONFIRMATION_DAYS)
    return min(own_end, letter.confirmations_end() or own_end)


@dataclass(frozen=True)
class MailStanding:
    """What can be said of a mail that a form has asked for, to whoever filled in the form."""

    # "leaving", "delayed", "handed_over" (to the mail server), "refused" (by the mailbox's server)
    state: str
    at: datetime | None = None
    # About how long it will still take.
    minutes: int = 0


# Moments are told in steps of this. Who has asked for a mail that is not sent, since the owner of the mailbox has had
# enough of them, reads the same as everybody else; to the second, that one would be dealt with a little sooner.
STEP = timedelta(seconds=5)
DELAYED_AFTER = timedelta(minutes=1)


def mail_standing(
    signature: Signature, *, since: datetime, now: datetime, submission_id: int | None = None
) -> MailStanding:
    """How the email stands that a form has asked for in that second."""
    # Of no other second: a stranger must not read from their page when somebody else has asked.
    asked_then = Q(created_at__gte=since, created_at__lt=since + timedelta(seconds=1))
    if submission_id is not None:
        asked_then &= Q(submission_id=submission_id)
    mail = OutgoingEmail.objects.filter(asked_then, signature=signature, kind__in=ASKED_FOR).order_by("-pk").first()
    # None is left if its signature was taken back: that is for the owner of the mailbox to know.
    settled_at = since if mail is None else mail.failed_at or mail.put_off_at or mail.sent_at or mail.dropped_at
    if settled_at and now >= (told_at := since + STEP * max(1, ceil((settled_at - since) / STEP))):
        return MailStanding("refused" if mail and mail.failed_at else "handed_over", told_at)
    late = now - since > DELAYED_AFTER or (mail is not None and not settled_at and mail.error)
    if mail and late and now - since >= STEP:
        return MailStanding("delayed", minutes=max(1, ceil((mail.next_attempt_at - now) / timedelta(minutes=1))))
    return MailStanding("leaving")


# The page "check your mail" is for the moments after signing: whoever could look at it for weeks would read there what
# becomes of the signature of somebody whose address they have typed.
CHECK_LIFETIME = timedelta(days=1)


def is_check_over(token: Token, now: datetime) -> bool:
    return now - token.issued_at > CHECK_LIFETIME


def is_expired(token: Token, now: datetime) -> bool:
    return now - token.issued_at > timedelta(days=settings.CONFIRMATION_DAYS)
