"""Accept a signature with one statement, whether or not the address has signed before."""

import json
import secrets
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction

from letters.base.outbox.enqueueing import insert_email, key_of
from letters.base.switches.queries import is_on
from letters.models import (
    CONTENT_HASH_BYTES,
    SALT_BYTES,
    Display,
    EmailKind,
    Letter,
    State,
    Switch,
    Transition,
    sealed_words,
    stored_words,
)
from letters.models.lifecycle import is_in, states
from letters.shared import counting, wakeups
from letters.shared.addresses import encrypt, hash_address, hash_spelling
from letters.shared.refused import Refusal, Refused
from letters.shared.sealing import keyed_hash
from letters.shared.sql import fetch_row
from letters.shared.tokens import make_check_token
from letters.shared.traces import hash_browser, hash_network
from letters.signer.signing import queries
from letters.signer.signing.operations.submitted_form import SubmittedForm

# Emails that one signature may cause more than once have a random part of this length in their key.
NONCE_BYTES = 8


OWE_FIRST = insert_email(
    f"CASE WHEN again THEN '{EmailKind.SIGNED_AGAIN}' ELSE '{EmailKind.CONFIRM}' END",
    signature_id="found.id",
    submission_id="submitted.id",
    spelling_hash="%(spelling)s",
    key=f"""CASE WHEN again THEN {key_of(EmailKind.SIGNED_AGAIN, "found.id", "%(nonce)s::text")}
        ELSE {key_of(EmailKind.CONFIRM, "found.id")} END""",
)
# This statement writes everything that a signing needs in one round trip, and touches no row that other signers touch.
# The unique constraint decides whether the address has signed before, so two requests at once cannot both be the first.
# Timing defence: either way, one submission stores what was typed, and one email about it is queued. Whether the
# address has had too many emails is decided when the email is built (letters/signer/signing/mail.py).
#
# An invited first signatory who signs with the form has a row already, which this statement reuses. It overwrites what
# the organizer proposed, and the invitation can no longer be answered.
#
# Privacy: the email goes to the address as it was typed, which is stored with the submission. The address that signed
# before may be spelled differently, or be deleted (nobody sees the name): a mail log would show both.
#
# After "it wasn't me" no email follows. The address is stored all the same, until the email is dropped: its domain
# decides how long the email waits, and the page "Check your email" shows that wait.
SIGN = f"""
WITH invited AS (
    UPDATE letters_signature SET revision_id = %(revision)s, language = %(language)s, name = %(name)s,
        affiliation = %(affiliation)s, role = %(role)s, country = %(country)s, comment = %(comment)s,
        comment_for = %(comment_for)s, sealed = %(sealed)s::bytea, entrusted = %(entrusted)s::bytea,
        entrusted_keys = %(entrusted_keys)s::bigint[],
        display = %(display)s, domain = %(domain)s, via = %(via)s, signed_at = %(now)s,
        {Transition.SIGN_INSTEAD.becomes()}, is_first = {is_in([State.INVITED])}, spelling_hash = %(spelling)s,
        concern = CASE WHEN concern = 'complained' THEN concern ELSE %(concern)s END
    WHERE letter_id = %(letter)s AND address_hash = %(address_hash)s AND {Transition.SIGN_INSTEAD.came_from()}
    RETURNING id, salt
), inserted AS (
    INSERT INTO letters_signature
        (letter_id, revision_id, language, name, affiliation, role, country, comment, comment_for, sealed, entrusted,
         entrusted_keys, display, domain, concern, via, state, verified, salt, address_hash, spelling_hash, signed_at)
    VALUES
        (%(letter)s, %(revision)s, %(language)s, %(name)s, %(affiliation)s, %(role)s, %(country)s, %(comment)s,
         %(comment_for)s, %(sealed)s::bytea, %(entrusted)s::bytea, %(entrusted_keys)s::bigint[], %(display)s,
         %(domain)s, %(concern)s, %(via)s,
         {states(Transition.SIGN.target)}, '', %(salt)s, %(address_hash)s, %(spelling)s, %(now)s)
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
    SELECT id, salt, false AS again FROM signed
    UNION ALL
    SELECT id, salt, true FROM letters_signature
    WHERE letter_id = %(letter)s AND address_hash = %(address_hash)s AND NOT {Transition.SIGN_INSTEAD.came_from()}
        -- Race: a signature that is withdrawn at this moment still looks known, though the new row has just replaced
        -- it.
        -- Privacy: nothing may be written to a signature that its owner has emptied.
        AND NOT EXISTS (SELECT FROM signed)
), submitted AS (
    INSERT INTO letters_submission AS before
        (signature_id, revision_id, language, name, affiliation, role, country, comment, comment_for, sealed, entrusted,
         entrusted_keys, display, domain, consent, consented_at, concern, via, submitted_at, content_hash, address,
         spelling_hash, network, browser)
    SELECT id, %(revision)s, %(language)s, %(name)s, %(affiliation)s, %(role)s, %(country)s, %(comment)s,
        %(comment_for)s, %(sealed)s::bytea, %(entrusted)s::bytea, %(entrusted_keys)s::bigint[], %(display)s, %(domain)s,
        %(consent)s,
        %(consented_at)s::timestamptz, %(concern)s, %(via)s, %(now)s::timestamptz,
        %(content_hash)s, %(address)s::bytea, %(spelling)s, %(network)s::bytea, %(browser)s::bytea
    FROM found
    -- Someone sent the same form again. If one of the two raised no concern, neither does.
    ON CONFLICT (signature_id, content_hash) DO UPDATE SET submitted_at = excluded.submitted_at,
        address = excluded.address, network = excluded.network, browser = excluded.browser,
        concern = CASE WHEN before.concern = '' THEN '' ELSE excluded.concern END
    RETURNING id, signature_id
), owed AS (
    {OWE_FIRST}
    FROM found JOIN submitted ON submitted.signature_id = found.id
)
SELECT found.id, salt, submitted.id FROM found JOIN submitted ON submitted.signature_id = found.id
"""  # noqa: S608 -- our own statement


def sign_letter(
    letter: Letter, *, submitted: SubmittedForm, language: str, now: datetime, seen: str | None = None
) -> str:
    """Accept a signature, which counts once its signer has confirmed it. Returns the token of "Check your email".

    Signing twice with one address makes one signature. Privacy: the answer is the same; only the email differs. `seen`
    is the number of the text that the signer read, so that nobody signs words that they have not seen. It is empty for
    a form that does not say, and None for a caller who has just read the text.

    Raises Refused if the letter does not accept signatures now, Refused("paused") if no letter does, and
    Refused("text_changed") if the letter says something else now.
    """
    if refusal := letter.refusal(now):
        raise Refused(refusal)
    if not is_on(Switch.Name.TAKE_SIGNATURES):
        raise Refused(Refusal.PAUSED)
    if seen is not None and not queries.has_seen_current(letter, language, seen):
        raise Refused(Refusal.TEXT_CHANGED)
    signature_id, salt, submission_id = _write_signature(letter, submitted, language, now)
    transaction.on_commit(wakeups.notify_mail_worker)
    transaction.on_commit(counting.signed)
    address = submitted.address.deliverable
    return make_check_token(signature_id=signature_id, salt=salt, submission_id=submission_id, address=address, now=now)


def _write_signature(letter: Letter, submitted: SubmittedForm, language: str, now: datetime) -> tuple[int, bytes, int]:
    values = _values(letter, submitted, language, now)
    # Race: if the statement waits for another signing with this address, it cannot see the row that the other one
    # commits, so it runs again. That row may be deleted in between, so this can take more than two tries.
    for _ in range(3):
        try:
            row = fetch_row(SIGN, values)
        except IntegrityError:
            if connection.in_atomic_block:
                raise
            continue
        if row:
            return row[0], row[1], row[2]
    raise Refused(Refusal.TRY_AGAIN)


def _values(letter: Letter, submitted: SubmittedForm, language: str, now: datetime) -> dict[str, Any]:
    consent = "" if submitted.display == Display.NOBODY else submitted.consent
    typed = {
        **submitted.as_shown(),
        "letter": letter.pk,
        "revision": letter.current_revision_id,
        "language": language,
        "consent": consent,
    }
    spelling = hash_spelling(submitted.address.deliverable)
    # Privacy: on a letter that names nobody yet, no word is stored but in the ciphertext. The same holds for words that
    # only organizers may read.
    shown = submitted.as_shown()
    stored = sealed_words(shown) if letter.is_sealed else {**stored_words(shown, letter.pk), "sealed": None}
    return {
        **typed,
        **stored,
        "spelling": spelling,
        # Privacy: the same form with two spellings makes two submissions. Otherwise the link sent to one spelling would
        # also confirm the other.
        "content_hash": _content_hash({**typed, "spelling": spelling.hex()}),
        "concern": submitted.concern,
        # Privacy: where a few people came from could tell who they are.
        "via": "" if letter.is_sealed else submitted.via,
        "network": hash_network(letter.pk, submitted.network),
        "browser": hash_browser(submitted.browser) if submitted.browser else None,
        "salt": secrets.token_bytes(SALT_BYTES),
        "address_hash": hash_address(submitted.address.canonical),
        "address": encrypt(submitted.address.deliverable),
        "consented_at": now if consent else None,
        "nonce": secrets.token_hex(NONCE_BYTES),
        "now": now,
    }


def _content_hash(typed: dict[str, Any]) -> bytes:
    return keyed_hash(json.dumps(typed, sort_keys=True).encode())[:CONTENT_HASH_BYTES]
