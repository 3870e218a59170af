"""Confirm a signature, with the words of one submission."""

from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction

from letters.base.outbox.enqueueing import insert_email, key_of
from letters.models import EmailKind, Signature, State, Transition
from letters.shared import counting, limits, wakeups
from letters.shared.limits import Limit, TooMany
from letters.shared.refused import Refusal, Refused
from letters.shared.sql import fetch_row
from letters.shared.traces import TRACE_LIFETIME
from letters.signer.signing.operations.encrypting import encrypt_words_of

# A bounce is no longer a concern: the person who confirms has received another email.
CONCERN = """(CASE WHEN signature.concern IN ('complained', 'changed') THEN signature.concern
            WHEN chosen.id IS NOT NULL THEN chosen.concern
            WHEN signature.concern = 'bounced' THEN '' ELSE signature.concern END)"""
NOBODY = "(signature.display = 'nobody' OR asked.nobody)"


def _taken(column: str) -> str:
    """Return SQL for a column of encrypted words, which are taken as a whole."""
    return f"(CASE WHEN {NOBODY} THEN NULL WHEN chosen.id IS NOT NULL THEN chosen.{column} ELSE signature.{column} END)"


SEALED = _taken("sealed")
# This statement confirms in one round trip. If two confirmations arrive at once, the second finds nothing to do.
#
# It takes the words of one submission, or those of the signature if its signer has changed it since. Privacy: nobody
# becomes more visible than they asked to be in any submission, so the most private choice applies. After "Nobody sees
# my name", only the keyed hash of the address remains, as the form promises. The signature gets the address of the
# submission, because its owner has just read an email there. A spelling that someone else typed before proves nothing.
#
# Race: the signer may change the signature while this statement waits for its row. It would then overwrite that change
# with the words that it read before, so it requires the same version of the row (xmin), and `confirm_now` tries again.
# On a letter that names nobody yet, the words are in one ciphertext (`sealed`), and the signature is sealed.
# The letter may also have moved to another collective, whose members would read a name that is only for the organizers.
# So the statement requires the collective that the page named.
CONFIRM = """
WITH current AS MATERIALIZED (
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
        comment_for = CASE WHEN {nobody} THEN '' ELSE coalesce(chosen.comment_for, signature.comment_for) END,
        sealed = {sealed}, entrusted = {entrusted}, entrusted_keys = {entrusted_keys},
        country = coalesce(chosen.country, signature.country), domain = coalesce(chosen.domain, signature.domain),
        display = CASE WHEN {nobody} THEN 'nobody'
            WHEN signature.display = 'organizers' OR asked.organizers THEN 'organizers' ELSE 'public' END,
        via = coalesce(chosen.via, signature.via), concern = {concern}, to_score = true,
        spelling_hash = CASE WHEN chosen.address IS NULL THEN signature.spelling_hash ELSE chosen.spelling_hash END,
        {becomes}
    FROM current, asked LEFT JOIN chosen ON true
    WHERE signature.id = %(signature)s AND {pending} AND signature.xmin = current.version
        AND (%(submission)s::bigint IS NULL OR chosen.id IS NOT NULL)
        AND EXISTS (SELECT FROM letters_letter WHERE id = signature.letter_id AND collective_id = %(collective)s)
    RETURNING signature.id, signature.letter_id, signature.display, signature.language,
        signature.display = 'organizers' AND signature.name <> '' AS is_readable
), forgotten AS (
    DELETE FROM letters_signercontact WHERE signature_id IN (SELECT id FROM confirmed WHERE display = 'nobody')
), agreed AS (
    UPDATE letters_signercontact AS contact SET consent = chosen.consent, consented_at = chosen.consented_at,
        address = coalesce(chosen.address, contact.address)
    FROM confirmed, chosen WHERE contact.signature_id = confirmed.id AND confirmed.display <> 'nobody'
), traced AS (
    INSERT INTO letters_signingtrace (signature_id, letter_id, at, network, browser)
    SELECT confirmed.id, letter_id, submitted_at, network, browser FROM confirmed, chosen
    WHERE submitted_at > %(trace_since)s AND confirmed.display <> 'nobody'
    ON CONFLICT (signature_id) DO UPDATE SET at = excluded.at, network = excluded.network, browser = excluded.browser,
        domain = NULL, is_member = false
), untraced AS (
    DELETE FROM letters_signingtrace WHERE signature_id IN (SELECT id FROM confirmed WHERE display = 'nobody')
), answered AS (
    DELETE FROM letters_submission WHERE signature_id IN (SELECT id FROM confirmed)
), owed AS (
    {thank}
    FROM confirmed WHERE display <> 'nobody'
)
SELECT display, language, is_readable FROM confirmed
""".format(  # noqa: S608 -- our own statement
    thank=insert_email(EmailKind.THANKS, signature_id="id", key=key_of(EmailKind.THANKS, "id")),
    nobody=NOBODY,
    concern=CONCERN,
    sealed=SEALED,
    entrusted=_taken("entrusted"),
    entrusted_keys=_taken("entrusted_keys"),
    becomes=Transition.CONFIRM.becomes_one_of(
        (f"%(is_sealed)s OR {SEALED} IS NOT NULL", State.SEALED),
        (f"%(reviewed)s OR {CONCERN} <> ''", State.HELD),
        otherwise=State.CONFIRMED,
    ),
    pending=Transition.CONFIRM.came_from("signature.state"),
)


def confirm_signature(signature: Signature, *, verified: str, now: datetime, submission_id: int | None = None) -> None:
    """Confirm with the words of one submission; without one, with those of the signature. Idempotent.

    Afterwards `signature` has the display and the language that were stored.

    Raises Refused if the signature is pending and the letter no longer accepts confirmations; Refused("changed") if the
    submission is gone because the signer has changed the signature since; TooMany("many_confirmations") if the address
    has confirmed and withdrawn too often, because each time leaves a gap in the list.
    """
    refusal = signature.letter.confirmation_refusal(now)
    if signature.state == State.PENDING and refusal:
        raise Refused(refusal)
    limit = _limit_of_confirmations(signature)
    if limits.is_used_up(limit) and Signature.objects.filter(pk=signature.pk, state=State.PENDING).exists():
        raise TooMany(Refusal.MANY_CONFIRMATIONS, seconds=limits.seconds_left(limit))
    confirm_now(signature, verified, now, submission_id=submission_id)


def confirm_now(signature: Signature, verified: str, now: datetime, *, submission_id: int | None = None) -> None:
    values: dict[str, Any] = {
        "signature": signature.pk,
        "submission": submission_id,
        "reviewed": signature.letter.reviewed,
        "is_sealed": signature.letter.is_sealed,
        "collective": signature.letter.collective_id,
        "verified": verified,
        "trace_since": now - TRACE_LIFETIME,
        "now": now,
    }
    if not (row := _confirmed(values)):
        return
    signature.display, signature.language = row
    # Count only now, because of two windows only one confirms. An address has one signature for each letter, so one
    # confirmation is counted.
    limits.count([_limit_of_confirmations(signature)])
    transaction.on_commit(counting.confirmed)
    transaction.on_commit(partial(wakeups.notify_of_confirmation, signature.letter_id))


def _confirmed(values: dict[str, Any]) -> tuple[str, str] | None:
    """Return the display and the language that were stored; None if the signature is no longer pending.

    Raises Refused("changed") if it is still pending, but with other words, so that the page does not say that the
    person has signed.
    """
    for _ in range(5):
        if row := fetch_row(CONFIRM, values):
            display, language, is_readable = row
            if is_readable:
                # A public form, after another one that showed the name only to the organizers. If the process dies
                # here, the clock encrypts the words.
                encrypt_words_of([values["signature"]])
            return display, language
        if not Signature.objects.filter(pk=values["signature"], state=State.PENDING).exists():
            return None
    raise Refused(Refusal.CHANGED)


def _limit_of_confirmations(signature: Signature) -> Limit:
    whose = f"{signature.letter_id}:{bytes(signature.address_hash or b'').hex()}"
    return Limit("confirmations", whose, settings.LIMIT_CONFIRMATIONS)
