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
from django.db import connection
from django.db.models import Q

from letters.models import (
    COMPLAINED,
    MAX_MAILS_A_DAY,
    MAX_PRIVATE_FIRST,
    OF_ORGANIZERS,
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


# What a form brings that anybody may send.
ASKED_FOR = [OutgoingEmail.Kind.CONFIRM, OutgoingEmail.Kind.SIGNED_AGAIN, OutgoingEmail.Kind.REQUESTED]
DAY = timedelta(days=1)
# A mail that is asked for again so soon after the last is a double click or a retry: that one is on its way.
# Only an identical entry is one: who has typed something else gets an email of their own.
SAME_SIGNING = timedelta(minutes=5)
SAME_REQUEST = timedelta(minutes=1)


@dataclass(frozen=True)
class Stranger:
    """Whom an email is for that somebody asked for, if the address has not signed the letter."""

    letter: Letter
    language: str
    # What follows is as in Recipient.
    address: bytes | memoryview | None
    full_since: datetime | None
    mailed_just_now: bool
    replaced: bool
    has_complained: bool


@dataclass(frozen=True)
class Recipient:
    """Whom a mail is for, as things stand now."""

    signature: Signature
    # Encrypted, as it is stored; None once it has been forgotten. What was typed, if a form asked for this email, and
    # never another spelling of it.
    address: bytes | memoryview | None
    # What it asks about: the submission that owes it, or else the newest one. None if nothing waits for an answer.
    submission_id: int | None
    submitted_at: datetime | None
    # What its signer had before their eyes when they typed.
    revision_id: int
    language: str
    # The most private choice of the signature and all submissions that wait for an answer.
    display: str
    # An email about an entry with this spelling came back, or was refused for good.
    has_failed: bool
    # When the first of them left, if the address has had all the mails of a day, over all letters. Whether there was
    # one about this submission a moment before this one, or since; and whether a newer one has been put off. All
    # without mails that thank, which answer the owner of the mailbox, and without those of organizers (OF_ORGANIZERS):
    # whoever has an account could use up the day of somebody who wants to confirm, and those say something else.
    full_since: datetime | None
    mailed_just_now: bool
    replaced: bool
    # The owner called an email spam that a form had brought: about this letter, or about any.
    has_complained_here: bool
    has_complained: bool

    def as_stranger(self) -> Stranger:
        """To be written to like somebody who has not signed."""
        return Stranger(
            self.signature.letter,
            self.language,
            self.address,
            self.full_since,
            self.mailed_just_now,
            self.replaced,
            self.has_complained,
        )


# In one round trip, and not by the ORM, which would take longer to put this question than the database to answer it: it
# is asked for each mail. Other mails that were tried before this one and are not settled are under way, here or in
# another worker. Those that came back count too: else a mailbox that does not exist could be written to without end.
COLUMNS = [field.attname for field in Signature._meta.concrete_fields]
NOT_COUNTED = ", ".join(f"'{kind}'" for kind in [OutgoingEmail.Kind.THANKS, *OF_ORGANIZERS])
DISPLAYS = ", ".join(f"'{display}'" for display in MAX_PRIVATE_FIRST)
FULL_SINCE = f"""(array_agg(left_at ORDER BY left_at DESC) FILTER (WHERE left_at > %(yesterday)s))[{MAX_MAILS_A_DAY}]
    AS full_since"""
OTHERS = f"""
SELECT mails.*, owed, under_way, CASE WHEN under_way THEN %(now)s ELSE coalesce(sent_at, failed_at) END AS left_at
FROM (
    SELECT of_signer.*, same.letter_id FROM letters_signature AS same
        JOIN letters_outgoingemail AS of_signer ON of_signer.signature_id = same.id
    WHERE same.address_hash = {{address_hash}}
    UNION ALL
    SELECT of_stranger.*, same.letter_id FROM letters_mailrequest AS same
        JOIN letters_outgoingemail AS of_stranger ON of_stranger.request_id = same.id
    WHERE same.address_hash = {{address_hash}} AND of_stranger.signature_id IS NULL
) AS mails
    CROSS JOIN LATERAL (SELECT sent_at IS NULL AND failed_at IS NULL AND dropped_at IS NULL AS owed) AS standing
    CROSS JOIN LATERAL (SELECT owed AND attempts > 0 AND mails.id < %(outgoing)s AS under_way) AS moving
WHERE mails.kind NOT IN ({NOT_COUNTED}) AND mails.id <> %(outgoing)s
"""  # noqa: S608 -- our own names of columns
# Privacy: by letter and address, whether there is a signature or not. Otherwise an address that uses up its day, or
# calls an email spam, would from then on get other emails if it has signed.
REPLACED = """count(*) FILTER (WHERE others.letter_id = {letter}
            AND others.spelling_hash IS NOT DISTINCT FROM %(spelling)s::bytea
            AND owed AND put_off_at IS NOT NULL AND others.id > %(outgoing)s) > 0 AS replaced"""
COMPLAINT = f"others.error = '{COMPLAINED}'"
RECIPIENT = f"""
SELECT {", ".join(f"signature.{column}" for column in COLUMNS)},
    CASE WHEN %(request)s::bigint IS NOT NULL THEN request.address
        WHEN %(submission)s::bigint IS NOT NULL THEN typed.address ELSE contact.address END,
    CASE WHEN typed.answered_at IS NULL THEN typed.id END, typed.submitted_at,
    coalesce(typed.revision_id, signature.revision_id),
    coalesce(request.language, typed.language, signature.language),
    (SELECT asked.display
        FROM (SELECT signature.display UNION ALL
            SELECT all_typed.display FROM letters_submission AS all_typed
            WHERE all_typed.signature_id = signature.id AND all_typed.answered_at IS NULL) AS asked
        ORDER BY array_position(ARRAY[{DISPLAYS}]::varchar[], display) LIMIT 1),
    has_failed, full_since, mailed_just_now, replaced, has_complained_here, has_complained
FROM letters_signature AS signature
LEFT JOIN letters_signercontact AS contact ON contact.signature_id = signature.id
LEFT JOIN letters_mailrequest AS request ON request.id = %(request)s
LEFT JOIN LATERAL (
    SELECT id, submitted_at, revision_id, language, address, answered_at FROM letters_submission AS one
    WHERE one.signature_id = signature.id AND (one.id = %(submission)s
        OR (%(submission)s::bigint IS NULL AND one.spelling_hash = %(spelling)s AND answered_at IS NULL))
    ORDER BY submitted_at DESC, id DESC LIMIT 1
) AS typed ON true
CROSS JOIN LATERAL (
    SELECT
        {FULL_SINCE},
        count(*) FILTER (WHERE others.signature_id = signature.id AND failed_at IS NOT NULL
            AND others.spelling_hash = %(spelling)s) > 0 AS has_failed,
        count(*) FILTER (WHERE others.letter_id = signature.letter_id
            AND others.spelling_hash IS NOT DISTINCT FROM %(spelling)s::bytea
            AND (others.submission_id IS NOT DISTINCT FROM %(submission)s::bigint
                OR others.submission_id IS NOT DISTINCT FROM typed.id)
            AND (under_way OR (sent_at IS NOT NULL AND created_at > %(just_now)s))) > 0 AS mailed_just_now,
        {REPLACED.format(letter="signature.letter_id")},
        coalesce(bool_or(others.letter_id = signature.letter_id AND {COMPLAINT}), false) AS has_complained_here,
        coalesce(bool_or({COMPLAINT}), false) AS has_complained
    FROM ({OTHERS.format(address_hash="signature.address_hash")}) AS others
) AS mailed
WHERE signature.id = %(signature)s
"""  # noqa: S608 -- our own names of columns


def recipient_of(outgoing: OutgoingEmail, *, now: datetime) -> Recipient:
    """With the letter as it was within the last second. Raises Signature.DoesNotExist if the signature is gone."""
    row = _asked_about(outgoing, RECIPIENT, now)
    if row is None:
        raise Signature.DoesNotExist
    signature = Signature.from_db(connection.alias, COLUMNS, row[: len(COLUMNS)])
    signature.letter = _signed_letter_in_second(signature.letter_id, int(time.monotonic()))
    return Recipient(signature, *row[len(COLUMNS) :])


STRANGER = f"""
SELECT asked.letter_id, asked.language, asked.address, mailed.*
FROM letters_mailrequest AS asked CROSS JOIN LATERAL (
    SELECT
        {FULL_SINCE},
        count(*) FILTER (WHERE others.letter_id = asked.letter_id AND others.spelling_hash = %(spelling)s
            AND (under_way OR (sent_at IS NOT NULL AND created_at > %(just_now)s))) > 0 AS mailed_just_now,
        {REPLACED.format(letter="asked.letter_id")},
        coalesce(bool_or({COMPLAINT}), false) AS has_complained
    FROM ({OTHERS.format(address_hash="asked.address_hash")}) AS others
) AS mailed
WHERE asked.id = %(request)s
"""  # noqa: S608 -- our own names of columns


def stranger_of(outgoing: OutgoingEmail, *, now: datetime) -> Stranger:
    """With the letter as it was within the last second. Raises Signature.DoesNotExist if the request is gone."""
    row = _asked_about(outgoing, STRANGER, now)
    if row is None:
        raise Signature.DoesNotExist
    return Stranger(_signed_letter_in_second(row[0], int(time.monotonic())), *row[1:])


def _asked_about(outgoing: OutgoingEmail, question: str, now: datetime) -> Any:
    values: dict[str, Any] = {
        "signature": outgoing.signature_id,
        "spelling": outgoing.spelling_hash,
        "outgoing": outgoing.pk,
        "submission": outgoing.submission_id,
        "request": outgoing.request_id,
        "now": now,
        "yesterday": now - DAY,
        "just_now": outgoing.created_at
        - (SAME_REQUEST if outgoing.kind == OutgoingEmail.Kind.REQUESTED else SAME_SIGNING),
    }
    with connection.cursor() as cursor:
        cursor.execute(question, values)
        return cursor.fetchone()


def is_needless(outgoing: OutgoingEmail, recipient: Recipient | Stranger, *, now: datetime) -> bool:
    """Whether this mail, which a form asked for, would say what another says that left a moment before it, or since.

    So it is too with one that has been put off for as long as a signature may wait.
    """
    if outgoing.kind == OutgoingEmail.Kind.THANKS:
        return False
    again = outgoing.put_off_at is not None or outgoing.kind in {
        OutgoingEmail.Kind.SIGNED_AGAIN,
        OutgoingEmail.Kind.REQUESTED,
    }
    is_old = outgoing.put_off_at is not None and now - outgoing.created_at > timedelta(days=settings.CONFIRMATION_DAYS)
    return (again and recipient.mailed_just_now) or recipient.replaced or is_old


def confirmable_until(signature: Signature, *, since: datetime) -> datetime:
    """When the link in an email stops being good for what was typed then: never later than the letter takes it."""
    letter = signature.letter
    if letter.status == Letter.Status.WITHDRAWN:
        return since
    own_end = since + timedelta(days=settings.CONFIRMATION_DAYS)
    return min(own_end, letter.confirmations_end() or own_end)


def put_off_until(outgoing: OutgoingEmail, recipient: Recipient | Stranger) -> datetime | None:
    """Not before then, if this would be the fourth mail of a day. Never dropped for it: whoever signs three letters
    with somebody's address would keep from them the mail that they want.
    """
    if outgoing.kind == OutgoingEmail.Kind.THANKS or recipient.full_since is None:
        return None
    return recipient.full_since + DAY


@lru_cache(maxsize=256)
def _signed_letter_in_second(letter_id: int, second: int) -> Letter:
    return Letter.objects.select_related("collective").get(pk=letter_id)


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
