"""A reader becomes a signer: sign, confirm, change, withdraw, disown."""

import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Literal

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import BinaryField, CharField, Exists, F, Func, OuterRef, Q, Value
from django.db.models.functions import Cast, Greatest

from letters.base.audit_log.operations import record
from letters.base.outbox.enqueueing import insert_email, key_of
from letters.base.switches.queries import is_on
from letters.models import (
    A_DAY,
    ASKED_FOR,
    CAME_BACK,
    COMPLAINED,
    CONTENT_HASH_BYTES,
    FORGOTTEN,
    INVITATION_LIFETIME,
    OF_FORMS,
    RETENTION,
    SALT_BYTES,
    STANDING,
    TO_FORGET,
    WORDS,
    CarryOver,
    ConfirmationCode,
    DeliveryQuerySet,
    Display,
    EmailKind,
    Letter,
    MailRequest,
    OutgoingEmail,
    Signature,
    SignerContact,
    State,
    Submission,
    Switch,
    accepts_code,
    retention_of,
)
from letters.models.lifecycle import is_in
from letters.shared import limits, wakeups
from letters.shared.addresses import Address, decrypt, encrypt, hash_address, hash_spelling, reencrypt
from letters.shared.domains import domain_of, match_domain
from letters.shared.limits import Limit, TooMany
from letters.shared.refused import Refusal, Refused
from letters.shared.tokens import make_check_token
from letters.signer.signing import queries
from letters.signer.signing.changes import in_effect

# In the keys of mails that may be owed more than once.
NONCE_BYTES = 8


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What a signer may say about themselves, cleaned."""

    display: str
    name: str = ""
    affiliation: str = ""
    role: str = ""
    country: str = ""
    comment: str = ""
    # The words agreed to, if the signer wants to hear of the letter again.
    consent: str = ""
    # Where the address is, if the letter is limited to domains and the signer has it shown.
    domain: str = ""

    def as_shown(self) -> dict[str, str]:
        """The fields of a signature. "Nobody sees my name" means that nothing is stored which could name a person."""
        typed = {"name": self.name, "affiliation": self.affiliation, "role": self.role, "comment": self.comment}
        if self.display == Display.NOBODY:
            typed = dict.fromkeys(typed, "")
        return {**typed, "country": self.country, "domain": self.domain, "display": self.display}


@dataclass(frozen=True, kw_only=True)
class Entry(Changes):
    """The same with an address: what it takes to sign."""

    address: Address
    # Why a moderator should look before it is published (Signature.Concern).
    concern: str = ""
    # The host whose page led here, as the browser says; empty if none did, or it does not say.
    via: str = ""


# Everything that a signing writes, in one round trip and touching no row that others touch. The database decides
# whether the address has signed before: two requests at once meet at the unique constraint, never at a question.
# Either way one submission holds what was typed, and one email is owed about it. The answer takes the same way, so it
# tells nobody which it was. Whether that email would be one too many is asked when its turn comes
# (letters/signer/signing/mail.py).
#
# A person who was invited to be among the first, and signs by the form instead, has a row already: that one is taken.
# From then on an answer to the invitation comes to nothing, and what the organizer had proposed is overwritten.
#
# Privacy: the address is stored with the submission, as it was typed, and the email goes there. If it went to the
# spelling that had signed before, the log of a mail server would show it; and a signature that is shown to nobody has
# no address any more, so no email would tell that too.
OWE_FIRST = insert_email(
    f"CASE WHEN again THEN '{EmailKind.SIGNED_AGAIN}' ELSE '{EmailKind.CONFIRM}' END",
    signature_id="found.id",
    submission_id="submitted.id",
    spelling_hash="%(spelling)s",
    key=f"""CASE WHEN again THEN {key_of(EmailKind.SIGNED_AGAIN, "found.id", "%(nonce)s::text")}
        ELSE {key_of(EmailKind.CONFIRM, "found.id")} END""",
)
SIGN = f"""
WITH invited AS (
    UPDATE letters_signature SET revision_id = %(revision)s, language = %(language)s, name = %(name)s,
        affiliation = %(affiliation)s, role = %(role)s, country = %(country)s, comment = %(comment)s,
        display = %(display)s, domain = %(domain)s, via = %(via)s, signed_at = %(now)s, state = 'pending',
        spelling_hash = %(spelling)s,
        concern = CASE WHEN concern = 'complained' THEN concern ELSE %(concern)s END, is_first = (state = 'invited')
    WHERE letter_id = %(letter)s AND address_hash = %(address_hash)s AND state IN ('invited', 'declined', 'expired')
    RETURNING id, salt
), inserted AS (
    INSERT INTO letters_signature
        (letter_id, revision_id, language, name, affiliation, role, country, comment, display,
         domain, concern, via, state, verified, salt, address_hash, spelling_hash, signed_at)
    VALUES
        (%(letter)s, %(revision)s, %(language)s, %(name)s, %(affiliation)s, %(role)s, %(country)s, %(comment)s,
         %(display)s, %(domain)s, %(concern)s, %(via)s, 'pending', '', %(salt)s, %(address_hash)s, %(spelling)s,
         %(now)s)
    ON CONFLICT (address_hash, letter_id) DO NOTHING
    RETURNING id, salt
), signed AS (
    SELECT id, salt FROM inserted UNION ALL SELECT id, salt FROM invited
), contact AS (
    INSERT INTO letters_signercontact (signature_id, address, consent, consented_at)
    SELECT id, %(address)s, %(consent)s, %(consented_at)s::timestamptz FROM signed
    ON CONFLICT (signature_id) DO UPDATE SET address = excluded.address,
        consent = excluded.consent, consented_at = excluded.consented_at
), found AS (
    SELECT id, salt, false AS again, true AS stands FROM signed
    UNION ALL
    -- Of who said "it wasn't me", or was taken out, no address is stored again: no email follows.
    SELECT id, salt, true, state IN ('pending', 'confirmed', 'held', 'published') FROM letters_signature
    WHERE letter_id = %(letter)s AND address_hash = %(address_hash)s AND state NOT IN ('invited', 'declined', 'expired')
        -- Race: one that is withdrawn at this moment still looks known, though a new one has just taken its place.
        -- Privacy: nothing may be written to a signature that its owner has emptied.
        AND NOT EXISTS (SELECT FROM signed)
), submitted AS (
    INSERT INTO letters_submission AS before
        (signature_id, revision_id, language, name, affiliation, role, country, comment, display, domain,
         consent, consented_at, concern, via, submitted_at, content_hash, address, spelling_hash)
    SELECT id, %(revision)s, %(language)s, %(name)s, %(affiliation)s, %(role)s, %(country)s, %(comment)s,
        %(display)s, %(domain)s, %(consent)s, %(consented_at)s::timestamptz, %(concern)s, %(via)s,
        %(now)s::timestamptz, %(content_hash)s, CASE WHEN stands THEN %(address)s::bytea END, %(spelling)s
    FROM found
    -- The same form, sent once more. A doubt that it was sent without once is none.
    ON CONFLICT (signature_id, content_hash) DO UPDATE SET submitted_at = excluded.submitted_at,
        address = excluded.address, concern = CASE WHEN before.concern = '' THEN '' ELSE excluded.concern END
    RETURNING id, signature_id
), owed AS (
    {OWE_FIRST}
    FROM found JOIN submitted ON submitted.signature_id = found.id
)
SELECT found.id, salt, submitted.id FROM found JOIN submitted ON submitted.signature_id = found.id
"""  # noqa: S608 -- our own statement


def sign_letter(letter: Letter, *, entry: Entry, language: str, now: datetime, seen: str | None = None) -> str:
    """Take a signature, which counts once its signer has confirmed it. Returns the token of "check your email".

    Signing twice with one address makes one signature, and the answer is the same; only the email tells.
    `seen` is the number of the text that the signer read, empty if their form does not say; None for a caller who has
    just read the text. Nobody signs words that they have not seen.
    Raises Refused if the letter takes no signatures now, Refused("paused") if no letter does, and
    Refused("text_changed") if the letter says something else now.
    """
    if refusal := letter.refusal(now):
        raise Refused(refusal)
    if not is_on(Switch.Name.TAKE_SIGNATURES):
        raise Refused(Refusal.PAUSED)
    if seen is not None and not queries.has_seen_current(letter, language, seen):
        raise Refused(Refusal.TEXT_CHANGED)
    signature_id, salt, submission_id = _write_signature(letter, entry, language, now)
    transaction.on_commit(wakeups.notify_mail_worker)
    address = entry.address.deliverable
    return make_check_token(signature_id=signature_id, salt=salt, submission_id=submission_id, address=address, now=now)


# The same for a confirmation: one round trip, and of two at once the one that comes second finds nothing to do.
# What is confirmed is what one submission says, or what the signature says if its signer has changed it since. Nobody
# becomes more visible than they asked to be with any of them: of all choices the most private one holds.
# "Nobody sees my name" promised on the form that from now on only the keyed hash is left of the address.
# The address is that of the submission: its owner has just shown that they read mail there. Whoever typed another
# spelling before them has shown nothing.
#
# Race: its signer may change the signature while this statement waits for its row. What was read here before that must
# not be put back, so the row has to be the same version still. `_confirm` asks again.
CONFIRM = """
WITH stands AS MATERIALIZED (
    SELECT xmin AS version FROM letters_signature WHERE id = %(signature)s
), chosen AS MATERIALIZED (
    SELECT * FROM letters_submission
    WHERE id = %(submission)s AND signature_id = %(signature)s AND answered_at IS NULL
), asked AS MATERIALIZED (
    SELECT coalesce(bool_or(display = 'nobody'), false) AS nobody,
        coalesce(bool_or(display = 'organizers'), false) AS organizers
    FROM letters_submission WHERE signature_id = %(signature)s AND answered_at IS NULL
), confirmed AS (
    UPDATE letters_signature AS signature SET confirmed_at = %(now)s, verified = %(verified)s,
        revision_id = coalesce(chosen.revision_id, signature.revision_id),
        language = coalesce(chosen.language, signature.language),
        name = CASE WHEN {nobody} THEN '' ELSE coalesce(chosen.name, signature.name) END,
        affiliation = CASE WHEN {nobody} THEN '' ELSE coalesce(chosen.affiliation, signature.affiliation) END,
        role = CASE WHEN {nobody} THEN '' ELSE coalesce(chosen.role, signature.role) END,
        comment = CASE WHEN {nobody} THEN '' ELSE coalesce(chosen.comment, signature.comment) END,
        country = coalesce(chosen.country, signature.country), domain = coalesce(chosen.domain, signature.domain),
        display = CASE WHEN {nobody} THEN 'nobody'
            WHEN signature.display = 'organizers' OR asked.organizers THEN 'organizers' ELSE 'public' END,
        via = coalesce(chosen.via, signature.via), concern = {concern},
        spelling_hash = CASE WHEN chosen.address IS NULL THEN signature.spelling_hash ELSE chosen.spelling_hash END,
        state = CASE WHEN %(reviewed)s OR {concern} <> '' THEN 'held' ELSE 'confirmed' END
    FROM stands, asked LEFT JOIN chosen ON true
    WHERE signature.id = %(signature)s AND state = 'pending' AND signature.xmin = stands.version
        AND (%(submission)s::bigint IS NULL OR chosen.id IS NOT NULL)
    RETURNING signature.id, signature.display, signature.language
), forgotten AS (
    DELETE FROM letters_signercontact WHERE signature_id IN (SELECT id FROM confirmed WHERE display = 'nobody')
), agreed AS (
    UPDATE letters_signercontact AS contact SET consent = chosen.consent, consented_at = chosen.consented_at,
        address = coalesce(chosen.address, contact.address)
    FROM confirmed, chosen WHERE contact.signature_id = confirmed.id AND confirmed.display <> 'nobody'
), answered AS (
    DELETE FROM letters_submission WHERE signature_id IN (SELECT id FROM confirmed)
), owed AS (
    {thank}
    FROM confirmed WHERE display <> 'nobody'
)
SELECT display, language FROM confirmed
"""
CONFIRM = CONFIRM.format(
    thank=insert_email(EmailKind.THANKS, signature_id="id", key=key_of(EmailKind.THANKS, "id")),
    nobody="(signature.display = 'nobody' OR asked.nobody)",
    # An email that came back: the person who confirms has had another.
    concern="""(CASE WHEN signature.concern IN ('complained', 'changed') THEN signature.concern
            WHEN chosen.id IS NOT NULL THEN chosen.concern
            WHEN signature.concern = 'bounced' THEN '' ELSE signature.concern END)""",
)


def confirm_signature(signature: Signature, *, verified: str, now: datetime, submission_id: int | None = None) -> None:
    """The signer stands by what one submission says; without one, by what the signature says. Doing it twice, or late,
    changes nothing that is already so. Afterwards the signature has the display and the language that hold.

    Raises Refused if it still waits and the letter takes no confirmations any more; Refused("changed") if the
    submission is gone because its signer has changed the signature meanwhile; TooMany("many_confirmations") if the
    address has confirmed and withdrawn too often: each time leaves a gap in the list.
    """
    refusal = signature.letter.confirmation_refusal(now)
    if signature.state == Signature.State.PENDING and refusal:
        raise Refused(refusal)
    limit = _limit_of_confirmations(signature)
    if limits.is_used_up(limit) and Signature.objects.filter(pk=signature.pk, state=Signature.State.PENDING).exists():
        raise TooMany(Refusal.MANY_CONFIRMATIONS, seconds=limits.seconds_left(limit))
    _confirm(signature, verified, now, submission_id=submission_id)


def _confirm(signature: Signature, verified: str, now: datetime, *, submission_id: int | None = None) -> None:
    values: dict[str, Any] = {
        "signature": signature.pk,
        "submission": submission_id,
        "reviewed": signature.letter.reviewed,
        "verified": verified,
        "now": now,
    }
    if not (row := _confirmed(values)):
        return
    signature.display, signature.language = row
    # Not before: of two windows only one confirms. Nor can there be two to confirm: an address has one in each letter.
    limits.count([_limit_of_confirmations(signature)])
    transaction.on_commit(wakeups.notify_mail_worker)
    transaction.on_commit(lambda: wakeups.wake_sequencer(signature.letter_id))


def _confirmed(values: dict[str, Any]) -> tuple[str, str] | None:
    """The display and the language that hold; None if nothing waits for a confirmation any more.

    Raises Refused("changed") if it still waits, but no longer with these words: nobody is told that they have signed.
    """
    for _ in range(5):
        with connection.cursor() as cursor:
            cursor.execute(CONFIRM, values)
            if row := cursor.fetchone():
                return row[0], row[1]
        if not Signature.objects.filter(pk=values["signature"], state=Signature.State.PENDING).exists():
            return None
    raise Refused(Refusal.CHANGED)


def _limit_of_confirmations(signature: Signature) -> Limit:
    whose = f"{signature.letter_id}:{bytes(signature.address_hash or b'').hex()}"
    return Limit("confirmations", whose, settings.LIMIT_CONFIRMATIONS)


def invitation_refusal(signature: Signature, now: datetime) -> Refusal | Literal[""]:
    """Why an invitation cannot be answered at this moment; empty if it can.

    Before the letter opens it can: that is what it is for. The text is fixed by then (letters/inviting). Accepting
    signs and confirms in one step, so a closed letter gives no day of grace here: it takes no new signature.
    """
    letter = signature.letter
    if not is_on(Switch.Name.TAKE_SIGNATURES):
        return Refusal.PAUSED
    if signature.state == Signature.State.INVITED and now - signature.signed_at > INVITATION_LIFETIME:
        return Refusal.INVITATION_OVER
    refusal = letter.refusal(now)
    return "" if refusal in {Refusal.LETTER_DRAFT, Refusal.LETTER_NOT_OPEN_YET} else refusal


@transaction.atomic
def accept_invitation(signature: Signature, *, changes: Changes, language: str, seen: str, now: datetime) -> None:
    """Somebody who was invited signs, as they say themselves: whatever an organizer had proposed is overwritten.

    `language` and `seen`, the version, say which text they have before their eyes: what they sign is what is published.
    Doing it twice changes nothing. Raises Refused, for example with "text_changed" or "elsewhere".
    """
    # Its row first, as all take them: who calls the round off at this moment waits for this, or this for them.
    letter = Letter.objects.select_for_update(no_key=True).get(pk=signature.letter_id)
    invited = Signature.objects.filter(pk=signature.pk, state=Signature.State.INVITED)
    signature.letter = letter
    if not invited.exists():
        return
    if refusal := invitation_refusal(signature, now):
        raise Refused(refusal)
    text = queries.texts_to_sign(signature).get(language)
    if text is None or text.version != seen:
        raise Refused(Refusal.TEXT_CHANGED)
    address = decrypt(signature.contact.address)
    if letter.domains and not match_domain(domain_of(address), letter.domains):
        raise Refused(Refusal.ELSEWHERE)
    what = {"revision_id": text.revision_id, "language": language, "spelling_hash": hash_spelling(address)}
    invited.update(**changes.as_shown(), **what, state=Signature.State.PENDING, signed_at=now)
    if changes.consent:
        SignerContact.objects.filter(pk=signature.pk).update(consent=changes.consent, consented_at=now)
    _confirm(signature, Signature.Verified.LINK, now)


@transaction.atomic
def decline_invitation(signature: Signature, *, now: datetime) -> None:
    """Somebody who was invited says no. What was proposed and their address are gone; the hash stays, so that nobody
    invites them to this letter again. Doing it twice changes nothing, nor does it after they have signed.
    """
    nothing = dict.fromkeys([*WORDS, "via"], "")
    invited = Signature.objects.filter(pk=signature.pk, state=Signature.State.INVITED)
    if invited.update(**nothing, state=Signature.State.DECLINED):
        SignerContact.objects.filter(pk=signature.pk).delete()
        Submission.objects.filter(signature_id=signature.pk).delete()
        # Those that were sent stay: they count among the mails that an address has had today.
        OutgoingEmail.objects.owed().filter(signature=signature).update(dropped_at=now)


def check_code(submission_id: int, *, code: str, now: datetime) -> None:
    """The code in the email proves whose mailbox it is. It confirms nothing: the words are shown before they count.

    Raises Refused("wrong_code"), whether the code was wrong, old, used up, or there never was one.
    """
    if not accepts_code(code, submission_id=submission_id, now=now):
        raise Refused(Refusal.WRONG_CODE)


def use_submission(signature: Signature, *, submission_id: int, now: datetime) -> None:
    """A person who had signed already takes what they have typed since: a change like any other.

    Raises Refused("taken_back") if there is nothing left to change, Refused("answered") if it has been done.
    """
    with transaction.atomic():
        # Race: the signer may choose more privacy in another window at this moment. So this is read under the lock.
        said = queries.said_by(_lock_standing(signature)[1], submission_id)
        if said.submission_id is None:
            raise Refused(Refusal.ANSWERED)
        words = {name: getattr(said, name) for name in [*WORDS, "display", "consent"]}
        change_signature(signature, changes=Changes(**words), now=now)
    signature.display = said.display


def change_signature(signature: Signature, *, changes: Changes, now: datetime) -> None:
    """The signer sets right what is shown. What takes away is in effect at once; words that are new wait, where
    moderators look at what is published, and the old ones stay until then.

    Raises Refused("taken_back") if there is nothing left to change.
    """
    with transaction.atomic():
        letter, stands = _lock_standing(signature)
        changed = in_effect(stands, changes.as_shown(), is_reviewed=letter.reviewed)
        shown_before = stands.as_public()
        Signature.objects.filter(pk=stands.pk).update(**changed)
        for name, value in changed.items():
            setattr(stands, name, value)
        # Privacy: the version is public. It tells of no act that changes nothing on a public page.
        if stands.as_public() != shown_before:
            Letter.objects.filter(pk=letter.pk).update(version=F("version") + 1)
        transaction.on_commit(lambda: wakeups.wake_sequencer(letter.pk))
        _answer_submissions(stands, now)
        contact = SignerContact.objects.filter(pk=signature.pk)
        if changes.display == Display.NOBODY:
            contact.delete()
        else:
            consented_at = now if changes.consent else None
            contact.exclude(consent=changes.consent).update(consent=changes.consent, consented_at=consented_at)


def _answer_submissions(signature: Signature, now: datetime) -> None:
    """The owner of the mailbox has spoken: delete the words of all that somebody typed before.

    Privacy: address, language and text stay for the reminders, which still come (Submission.answered_at).
    """
    nothing = {**dict.fromkeys([*WORDS, "via", "concern", "consent"], ""), "consented_at": None}
    # The hash would let a name be guessed. This one is of nothing, and no two are the same.
    unique = Func(Cast("pk", CharField()), function="md5", output_field=CharField())
    of_nothing = Func(unique, Value("hex"), function="decode", output_field=BinaryField())
    waiting = Submission.objects.unanswered().filter(signature_id=signature.pk)
    waiting.update(**nothing, display=Display.PUBLIC, content_hash=of_nothing, answered_at=now)


def _lock_standing(signature: Signature) -> tuple[Letter, Signature]:
    """The letter and the signature as they are now, until the transaction ends. Raises Refused("taken_back").

    Lock order: the letter's row first, as the sequencer takes them. The other way round each waits for the other.
    """
    letter = Letter.objects.select_for_update(no_key=True).get(pk=signature.letter_id)
    standing = Signature.objects.filter(pk=signature.pk, state__in=STANDING)
    stands = standing.select_for_update(no_key=True).first()
    if stands is None:
        raise Refused(Refusal.TAKEN_BACK)
    return letter, stands


def withdraw_signature(signature: Signature, *, now: datetime) -> None:
    """The signer takes it back. Nothing about them is left; a published one leaves its number behind, without a name.

    Doing it twice changes nothing. The address may sign again, as a new signature; but if a moderator has taken out
    this one its hash stays, or everybody could undo that by withdrawing and signing once more.
    """
    _empty(signature, now=now, state=Signature.State.WITHDRAWN, address_hash=None)


def disown_signature(signature: Signature, *, now: datetime, spelling_hash: bytes | None = None) -> None:
    """ "It wasn't me": as a withdrawal, and the address gets no more mail about this letter, whoever types it.

    Recorded, since many of them on one letter tell its moderators that somebody signs for others. It does nothing if
    the signature has been confirmed with another spelling of the address than the one that the link went to.
    """

    def may_disown(stands: Signature) -> bool:
        return queries.may_disown(stands, spelling_hash)

    with transaction.atomic():
        if _empty(signature, now=now, only_if=may_disown, state=Signature.State.DISOWNED):
            details = {"letter": signature.letter_id, "confirmed": signature.confirmed_at is not None}
            record("disown_signature", signature, by="signer", now=now, details=details)


# An email is owed to the address, whether it has signed or not.
#
# Privacy: the same rows are written for every address, so the answer takes as long, and an email leaves for each. With
# the address as it was just typed: who signed as nobody has left none, and without an email they could be told apart.
OWE_REQUESTED = insert_email(
    EmailKind.REQUESTED,
    signature_id="found.id",
    # About the entry whose page asks, or else the newest one with this spelling of the address.
    submission_id="""coalesce(%(submission)s::bigint, (SELECT typed.id FROM letters_submission AS typed
        WHERE typed.signature_id = found.id AND typed.spelling_hash = %(spelling)s AND answered_at IS NULL
        ORDER BY submitted_at DESC, typed.id DESC LIMIT 1))""",
    request_id="asked.id",
    spelling_hash="%(spelling)s",
    key=key_of(EmailKind.REQUESTED, "asked.id"),
)
REQUEST = f"""
WITH asked AS (
    INSERT INTO letters_mailrequest (letter_id, language, address_hash, address, requested_at)
    VALUES (%(letter)s, %(language)s, %(address_hash)s, %(address)s, %(now)s)
    RETURNING id
), found AS (
    SELECT id FROM letters_signature WHERE letter_id = %(letter)s AND address_hash = %(address_hash)s
        AND state NOT IN ('invited', 'declined', 'expired', 'rejected')
)
{OWE_REQUESTED}
FROM asked LEFT JOIN found ON true
"""  # noqa: S608 -- our own statement


def request_mail(
    letter: Letter, *, address: Address, language: str, now: datetime, submission_id: int | None = None
) -> None:
    """Somebody has lost an email about a signature: with the page "check your email" (`submission_id`), or with the
    form for lost links. Nothing tells them whether the address has signed at all; only the email does.
    """
    values: dict[str, Any] = {
        "letter": letter.pk,
        "language": language,
        "address_hash": hash_address(address.canonical),
        "address": encrypt(address.deliverable),
        "spelling": hash_spelling(address.deliverable),
        "submission": submission_id,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(REQUEST, values)
    transaction.on_commit(wakeups.notify_mail_worker)


# Reminders of what was typed and is not answered, if mail arrives, one for each pause in REMINDER_HOURS. What has
# waited for all pauses at once (the clock was stopped) brings the last one only. Of several entries the newest counts.
#
# Privacy: of an entry for a signature that is confirmed already, too. If reminders came only to addresses that had not
# signed, whoever reads the log of a mail server could type an address and wait for a day. Nor is a complaint looked for
# here: it counts by the address, when the email is built.
OWE_REMINDER = insert_email(
    EmailKind.REMINDER,
    signature_id="signature.id",
    submission_id="typed.id",
    spelling_hash="typed.spelling_hash",
    key=key_of(EmailKind.REMINDER, "signature.id", "floor(extract(epoch FROM since))::bigint", "%(hours)s"),
)
REMIND = f"""
WITH typed AS (
    SELECT signature_id, id, spelling_hash, submitted_at AS since FROM letters_submission AS one
    WHERE submitted_at <= %(since)s AND submitted_at > %(before)s AND NOT EXISTS (
        SELECT FROM letters_submission AS newer WHERE newer.signature_id = one.signature_id
            AND (newer.submitted_at, newer.id) > (one.submitted_at, one.id))
    UNION ALL
    SELECT id, NULL, NULL, signed_at FROM letters_signature AS untyped
    WHERE {is_in([State.PENDING])} AND concern <> 'complained' AND signed_at <= %(since)s AND signed_at > %(before)s
        AND NOT EXISTS (SELECT FROM letters_submission WHERE signature_id = untyped.id)
)
{OWE_REMINDER}
FROM typed JOIN letters_signature AS signature ON signature.id = typed.signature_id
    JOIN letters_letter AS letter ON letter.id = signature.letter_id
WHERE {is_in(STANDING)}
    -- What came back is told by the entry: a spelling that does not exist must not end the reminders of another.
    AND (concern <> 'bounced' OR typed.id IS NOT NULL)
    AND NOT EXISTS (SELECT FROM letters_outgoingemail AS failed WHERE failed.signature_id = signature.id
        AND failed.spelling_hash = typed.spelling_hash AND failed.failed_at IS NOT NULL)
    AND letter.status = 'published' AND (letter.closes_at IS NULL OR letter.closes_at > %(now)s)
    -- By an older key too.
    AND NOT EXISTS (SELECT FROM letters_outgoingemail AS mail WHERE mail.signature_id = signature.id
        AND mail.kind = '{EmailKind.REMINDER}' AND mail.created_at >= since + %(hours)s * interval '1 hour')
ON CONFLICT (key) DO NOTHING
"""  # noqa: S608 -- our own statement


def remind_unconfirmed(*, now: datetime) -> int:
    """Owe a reminder to everybody who has let an entry wait for so long, if it can still be confirmed. How many."""
    owed = 0
    pauses = [*sorted(settings.REMINDER_HOURS), settings.CONFIRMATION_DAYS * 24]
    with connection.cursor() as cursor:
        for hours, next_hours in pairwise(pauses):
            since, before = now - timedelta(hours=hours), now - timedelta(hours=next_hours)
            cursor.execute(REMIND, {"hours": hours, "now": now, "since": since, "before": before})
            owed += cursor.rowcount
    if owed:
        transaction.on_commit(wakeups.notify_bulk_mail_worker)
    return owed


PURGE_BATCH_SIZE = 1000
# By then the clock has owed a reminder that is due. It looks every ten minutes.
OWED_WITHIN = timedelta(hours=1)


def purge_unconfirmed(*, now: datetime) -> int:
    """Delete signatures that nobody has confirmed within CONFIRMATION_DAYS, with address and mails. How many.

    Of whoever called our mail spam the hash is kept, as after "it wasn't me": that address is written to no more.
    """
    since = now - timedelta(days=settings.CONFIRMATION_DAYS)
    # One that had been confirmed, and waits again since its mail came back, has as long again from then. And the pages
    # "check your mail" lead to it until they end, or they would tell that it was there before they were opened.
    kept = Q(failed_at__gt=since) | Q(created_at__gt=now - queries.CHECK_LIFETIME, kind__in=ASKED_FOR)
    # Privacy: organizers read how many invitations came back. That number must not tell who has not confirmed.
    kept |= Q(CAME_BACK, kind=OutgoingEmail.Kind.INVITED)
    keeping = OutgoingEmail.objects.filter(kept, signature=OuterRef("pk"))
    # Each submission may be confirmed for as long, whoever typed the one before it.
    typed = Submission.objects.unanswered().filter(signature=OuterRef("pk"), submitted_at__gt=since)
    waited = Signature.objects.filter(
        ~Exists(keeping), ~Exists(typed), state=Signature.State.PENDING, signed_at__lte=since
    )
    for signature in waited.filter(concern=Signature.Concern.COMPLAINED)[:PURGE_BATCH_SIZE]:
        # Somebody may confirm at this very moment.
        _empty(signature, now=now, only_if=_is_pending, state=Signature.State.DISOWNED)
    old = waited.exclude(concern=Signature.Concern.COMPLAINED)
    purged = 0
    while batch := list(old.values_list("pk", flat=True)[:PURGE_BATCH_SIZE]):
        with transaction.atomic():
            # Asked again under the lock: somebody may confirm at this very moment.
            doomed = old.filter(pk__in=batch).select_for_update().values_list("pk", flat=True)
            # With them go their contacts and deliveries.
            purged += Signature.objects.filter(pk__in=list(doomed)).delete()[1].get("letters.Signature", 0)
    return purged


def forget_submissions(*, now: datetime) -> int:
    """Delete what was typed after a signature had been confirmed, once CONFIRMATION_DAYS are over. How many.

    And the addresses that were kept for emails, none of which is owed or will be; and codes that nobody can use.
    """
    ConfirmationCode.objects.filter(expires_at__lte=now - queries.CHECK_LIFETIME).delete()
    owed = OutgoingEmail.objects.owed().filter(signature=OuterRef("signature"), submission_id=OuterRef("pk"))
    reminded = now - timedelta(hours=max(settings.REMINDER_HOURS, default=0)) - OWED_WITHIN
    kept = Submission.objects.filter(~Exists(owed), address__isnull=False)
    after_reminders = kept.filter(submitted_at__lte=reminded)
    after_reminders.filter(answered_at__isnull=False).delete()
    # One that waits keeps it: if it is confirmed, that is the signer's address.
    after_reminders.exclude(signature__state=Signature.State.PENDING).update(address=None)
    # Whatever is still owed: the page and the emails about it say how long it is kept.
    old = Submission.objects.filter(submitted_at__lte=now - timedelta(days=settings.CONFIRMATION_DAYS))
    doomed = old.exclude(signature__state=Signature.State.PENDING)
    forgotten = 0
    while batch := list(doomed.values_list("pk", flat=True)[:PURGE_BATCH_SIZE]):
        forgotten += Submission.objects.filter(pk__in=batch).delete()[0]
    return forgotten


def forget_requests(*, now: datetime) -> int:
    """Delete the addresses of emails that somebody asked for and that are not owed any more, and in the end the
    requests. How many.
    """
    _forget_counts(now)
    of_it = OutgoingEmail.objects.filter(request_id=OuterRef("pk"))
    MailRequest.objects.filter(~Exists(of_it.owed()), address__isnull=False).update(address=None)
    old = MailRequest.objects.filter(~Exists(of_it), requested_at__lte=now - RETENTION)
    forgotten = 0
    while batch := list(old.values_list("pk", flat=True)[:PURGE_BATCH_SIZE]):
        forgotten += MailRequest.objects.filter(pk__in=batch).delete()[0]
    return forgotten


def _forget_counts(now: datetime) -> None:
    """What a signature that was emptied had left behind (`_keep_count`): after a day nobody counts it."""
    left = OutgoingEmail.objects.filter(TO_FORGET, kind=OutgoingEmail.Kind.REQUESTED, key__startswith=LEFT)
    ended = left.annotate(left_at=Greatest("sent_at", "failed_at")).filter(left_at__lte=now - A_DAY)
    # What its reader called spam is kept longer, like that of any other request.
    while batch := dict(ended.exclude(error=COMPLAINED).values_list("pk", "request_id")[:PURGE_BATCH_SIZE]):
        OutgoingEmail.objects.filter(pk__in=batch).delete()
        MailRequest.objects.filter(pk__in=batch.values()).delete()


def forget_mails(*, now: datetime) -> int:
    """Delete what is left of mails that ended a while ago. How many. What organizers are still shown stays."""
    forgotten = 0
    for kind in FORGOTTEN:
        before = now - retention_of(kind)
        old = OutgoingEmail.objects.filter(TO_FORGET, kind=kind, created_at__lte=before)
        ended = old.annotate(ended_at=Greatest("sent_at", "failed_at", "dropped_at")).filter(ended_at__lte=before)
        # What its reader called spam keeps us from writing there once more. Privacy: whether they have signed or not.
        unwanted = Q(error=COMPLAINED)
        doomed = ended.exclude(CAME_BACK, signature__state=Signature.State.PENDING).exclude(unwanted)
        while batch := list(doomed.values_list("pk", flat=True)[:PURGE_BATCH_SIZE]):
            forgotten += doomed.filter(pk__in=batch).delete()[0]
    return forgotten


@dataclass(frozen=True)
class Reencrypted:
    """What became of one batch of addresses."""

    # The highest id of the batch: the next one begins behind it.
    last: int
    # How many stand under the newest key by this, and how many did before.
    changed: int
    already: int
    # Ids of those that none of the keys opens.
    unreadable: list[int]


# One statement, so one transaction. It waits for nobody while it holds rows: what somebody else is changing is left
# out. And nothing is put back that has been changed since it was read.
RESEAL = """
WITH free AS MATERIALIZED (
    SELECT signature_id FROM letters_signercontact
    WHERE signature_id = ANY(%(ids)s::bigint[]) FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE letters_signercontact AS contact SET address = fresh.new
FROM free JOIN unnest(%(ids)s::bigint[], %(old)s::bytea[], %(new)s::bytea[]) AS fresh (id, old, new)
    ON fresh.id = free.signature_id
WHERE contact.signature_id = fresh.id AND contact.address = fresh.old
RETURNING contact.signature_id
"""


def reencrypt_addresses(*, after: int, most: int) -> Reencrypted | None:
    """Encrypt the next addresses behind an id under the newest of ADDRESS_KEYS. None if there are no more.

    Safe while people sign and withdraw, and to begin again at any time: what is done is passed over.
    """
    contacts = SignerContact.objects.order_by("pk").filter(pk__gt=after)
    rows = [(pk, bytes(encrypted)) for pk, encrypted in contacts.values_list("pk", "address")[:most]]
    if not rows:
        return None
    fresh, unreadable = _reencrypted(rows)
    changed = _write_reencrypted(fresh)
    for pk in fresh.keys() - changed:
        # Somebody was just changing it. Alone it may be waited for: who holds no row keeps nobody waiting.
        changed |= _write_one_reencrypted(pk)
    return Reencrypted(rows[-1][0], len(changed), len(rows) - len(fresh) - len(unreadable), unreadable)


REENCRYPTION_BATCH_SIZE = 1000


def reencrypt_submissions() -> tuple[int, list[int]]:
    """The same for addresses that are kept for a few emails. How many, and the ids of those that no key opens."""
    changed, unreadable = 0, []
    for model in (Submission, MailRequest):
        last, kept = 0, model._default_manager.filter(address__isnull=False).order_by("pk")
        while rows := kept.filter(pk__gt=last).values_list("pk", "address")[:REENCRYPTION_BATCH_SIZE]:
            fresh, unread = _reencrypted([(pk, bytes(encrypted or b"")) for pk, encrypted in rows])
            unreadable += unread
            for pk, (old, new) in fresh.items():
                changed += model._default_manager.filter(pk=pk, address=old).update(address=new)
            last = rows[len(rows) - 1][0]
    return changed, unreadable


def _reencrypted(rows: list[tuple[int, bytes]]) -> tuple[dict[int, tuple[bytes, bytes]], list[int]]:
    """Old and new bytes of each address that is not under the newest key, by its id; and those that nobody can open."""
    fresh: dict[int, tuple[bytes, bytes]] = {}
    unreadable = []
    for pk, old in rows:
        try:
            new = reencrypt(old)
        except InvalidToken:
            unreadable.append(pk)
        else:
            if new != old:
                fresh[pk] = (old, new)
    return fresh, unreadable


def _write_reencrypted(fresh: dict[int, tuple[bytes, bytes]]) -> set[int]:
    old, new = [pair[0] for pair in fresh.values()], [pair[1] for pair in fresh.values()]
    with connection.cursor() as cursor:
        cursor.execute(RESEAL, {"ids": list(fresh), "old": old, "new": new})
        return {row[0] for row in cursor.fetchall()}


def _write_one_reencrypted(pk: int) -> set[int]:
    """Nothing, if it went away or was put under the newest key meanwhile."""
    for old in map(bytes, SignerContact.objects.filter(pk=pk).values_list("address", flat=True)):
        new = reencrypt(old)
        if new != old and SignerContact.objects.filter(pk=pk, address=old).update(address=new):
            return {pk}
    return set()


@transaction.atomic
def _empty(
    signature: Signature, *, now: datetime, only_if: Callable[[Signature], bool] | None = None, **values: Any
) -> bool:
    """Leave nothing of a person: not what was shown, nor the address, nor the mails to it. Whether there was any.

    Race: `only_if` is asked of the signature as it is once its row is locked.
    """
    if _is_empty(signature):
        return False
    # Lock order: the letter's row before the signature's, see above.
    letter = Letter.objects.select_for_update(no_key=True).get(pk=signature.letter_id)
    # As it stands now: a moderator may have judged it meanwhile.
    row = Signature.objects.filter(pk=signature.pk)
    stands = row.select_for_update(no_key=True).first()
    if stands is None or _is_empty(stands) or (only_if and not only_if(stands)):
        return False
    # Pages that show it are old from now on, with or without a worker. Privacy: only if there is one, see above.
    if stands.state == Signature.State.PUBLISHED:
        Letter.objects.filter(pk=letter.pk).update(version=F("version") + 1)
    if stands.state == Signature.State.REJECTED and values["state"] == Signature.State.WITHDRAWN:
        values = {"confirmed_at": None, "verified": Signature.Verified.NO}
    values = {"pending_changes": None, "declined_changes": None, "spelling_hash": None, **values}
    row.update(**dict.fromkeys([*WORDS, "via"], ""), **values)
    SignerContact.objects.filter(pk=signature.pk).delete()
    Submission.objects.filter(signature_id=signature.pk).delete()
    _forget_emails(stands, now)
    _forget_answers(signature)
    transaction.on_commit(lambda: wakeups.wake_sequencer(signature.letter_id))
    return True


def _is_pending(signature: Signature) -> bool:
    return signature.state == Signature.State.PENDING


# In the keys of emails that are remembered without their signature.
LEFT = "left:"


def _forget_emails(signature: Signature, now: datetime) -> None:
    """Those of a signature that is emptied; it is as it was before.

    Privacy: invitations that have ended stay. The organizers' numbers of them must not move when one person answers.
    """
    emails = OutgoingEmail.objects.filter(signature_id=signature.pk)
    _keep_count(signature, emails, now)
    has_ended = Q(sent_at__isnull=False) | Q(failed_at__isnull=False)
    emails.exclude(has_ended, kind=OutgoingEmail.Kind.INVITED).delete()


def _keep_count(signature: Signature, emails: DeliveryQuerySet, now: datetime) -> None:
    """Remember for a day that these emails left for the address. Otherwise whoever signs, withdraws and signs again
    could have any number of emails sent to one address.

    What its owner called spam is remembered for good, as of an address that has not signed.
    """
    if signature.address_hash is None:
        return
    counted = emails.filter(kind__in=OF_FORMS, dropped_at=None)
    # Tried, and not settled: it may be leaving at this moment. Its worker will find nothing to settle.
    under_way = Q(sent_at=None, failed_at=None, attempts__gt=0)
    since, called_spam = now - A_DAY, Q(error=COMPLAINED)
    for email in counted.filter(Q(sent_at__gt=since) | Q(failed_at__gt=since) | under_way | called_spam):
        request = MailRequest.objects.create(
            letter_id=signature.letter_id,
            language=signature.language,
            address_hash=signature.address_hash,
            requested_at=email.created_at,
        )
        OutgoingEmail.objects.filter(pk=email.pk).update(
            kind=OutgoingEmail.Kind.REQUESTED,
            key=f"{LEFT}{email.pk}",
            request=request,
            signature=None,
            submission=None,
            sent_at=None if email.failed_at else email.sent_at or now,
        )


def _forget_answers(signature: Signature) -> None:
    """What they have said about changes of the text. The letter's row is held, as by all who count answers."""
    for answer in signature.answers.all():
        said = "carried" if answer.carries else "stayed"
        CarryOver.objects.filter(pk=answer.question_id).update(**{said: F(said) - 1})
    signature.answers.all().delete()


def _is_empty(signature: Signature) -> bool:
    return signature.is_taken_back or signature.state in {Signature.State.WITHDRAWN, Signature.State.DISOWNED}


def _write_signature(letter: Letter, entry: Entry, language: str, now: datetime) -> tuple[int, bytes, int]:
    values = _values(letter, entry, language, now)
    # Race: a signing that finds the address known by waiting for its row cannot see it in the same statement. The next
    # one can, unless it goes away in between; it may also go away after it was seen.
    for _ in range(3):
        try:
            with connection.cursor() as cursor:
                cursor.execute(SIGN, values)
                row = cursor.fetchone()
        except IntegrityError:
            if connection.in_atomic_block:
                raise
            continue
        if row:
            return row[0], bytes(row[1]), row[2]
    raise Refused(Refusal.TRY_AGAIN)


def _values(letter: Letter, entry: Entry, language: str, now: datetime) -> dict[str, Any]:
    consent = "" if entry.display == Display.NOBODY else entry.consent
    typed = {
        **entry.as_shown(),
        "letter": letter.pk,
        "revision": letter.current_revision_id,
        "language": language,
        "consent": consent,
    }
    spelling = hash_spelling(entry.address.deliverable)
    return {
        **typed,
        "spelling": spelling,
        # Privacy: one form with two spellings is two entries, or the link to one would serve for the other.
        "content_hash": _content_hash({**typed, "spelling": spelling.hex()}),
        "concern": entry.concern,
        "via": entry.via,
        "salt": secrets.token_bytes(SALT_BYTES),
        "address_hash": hash_address(entry.address.canonical),
        "address": encrypt(entry.address.deliverable),
        "consented_at": now if consent else None,
        "nonce": secrets.token_hex(NONCE_BYTES),
        "now": now,
    }


def _content_hash(typed: dict[str, Any]) -> bytes:
    content = json.dumps(typed, sort_keys=True).encode()
    return hashlib.sha256(content).digest()[:CONTENT_HASH_BYTES]
