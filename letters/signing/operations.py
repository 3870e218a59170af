"""A reader becomes a signer: sign, confirm."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from letters.models import SALT_BYTES, Display, Letter, Signature, SignerContact
from letters.shared import wakeups
from letters.shared.addresses import Address, hash_address, seal
from letters.shared.refusal import Refused
from letters.shared.tokens import make_token

# Signing again within this time is taken for a double click or a retry: the mail is on its way already.
SAME_SIGNING = timedelta(minutes=5)


@dataclass(frozen=True)
class Entry:
    """What a signer typed, cleaned."""

    address: Address
    display: str
    name: str = ""
    affiliation: str = ""
    role: str = ""
    country: str = ""
    comment: str = ""
    # The words agreed to, if the signer wants to hear of the letter again.
    consent: str = ""


# Everything that a signing writes, in one round trip and touching no row that others touch. The database decides
# whether the address has signed before: two requests at once meet at the unique constraint, never at a question.
# Where it has, the same statement owes the mail that says so, at most one a day, and none for a double click.
SIGN = """
WITH signed AS (
    INSERT INTO letters_signature
        (letter_id, revision_id, language, name, affiliation, role, country, comment, display,
         state, verified, salt, address_hash, signed_at)
    VALUES
        (%(letter)s, %(revision)s, %(language)s, %(name)s, %(affiliation)s, %(role)s, %(country)s, %(comment)s,
         %(display)s, 'pending', '', %(salt)s, %(address_hash)s, %(now)s)
    ON CONFLICT (letter_id, address_hash) DO NOTHING
    RETURNING id, salt
), known AS (
    SELECT id, salt FROM letters_signature
    WHERE letter_id = %(letter)s AND address_hash = %(address_hash)s
), contact AS (
    INSERT INTO letters_signercontact (signature_id, address, consent, consented_at)
    SELECT id, %(address)s, %(consent)s, %(consented_at)s FROM signed
), owed AS (
    INSERT INTO letters_delivery (kind, signature_id, key, created_at, next_attempt_at, attempts, error)
    SELECT 'confirm', id, 'confirm:' || id, %(now)s::timestamptz, %(now)s::timestamptz, 0, '' FROM signed
    UNION ALL
    SELECT 'signed_again', id, 'signed_again:' || id || ':' || %(day)s, %(now)s, %(now)s, 0, '' FROM known
    WHERE NOT EXISTS (
        SELECT FROM letters_delivery WHERE signature_id = known.id AND created_at > %(now)s - %(same_signing)s
    )
    ON CONFLICT (key) DO NOTHING
)
SELECT id, salt FROM signed UNION ALL SELECT id, salt FROM known
"""


def sign_letter(letter: Letter, *, entry: Entry, language: str, now: datetime) -> str:
    """Take a signature, which counts once its signer has confirmed it. Returns the token of "look into your mail".

    Signing twice with one address makes one signature, and the answer is the same; only the mail tells.
    Raises Refused if the letter takes no signatures now.
    """
    if refusal := letter.refusal(now):
        raise Refused(refusal)
    signature_id, salt = _write_signature(letter, entry, language, now)
    transaction.on_commit(lambda: wakeups.wake("letters.deliver", queue="confirmations"))
    return make_token("check", signature_id=signature_id, salt=salt, now=now)


def confirm_signature(signature: Signature, *, verified: str, now: datetime) -> None:
    """The signer stands by it. Doing it twice, or late, changes nothing that is already so.

    Raises Refused if it still waits and the letter takes no confirmations any more.
    """
    refusal = signature.letter.confirmation_refusal(now)
    if signature.state == Signature.State.PENDING and refusal:
        raise Refused(refusal)
    state = Signature.State.HELD if signature.letter.reviewed else Signature.State.CONFIRMED
    with transaction.atomic():
        waiting = Signature.objects.filter(pk=signature.pk, state=Signature.State.PENDING)
        if not waiting.update(state=state, confirmed_at=now, verified=verified):
            return
        if signature.display == Display.NOBODY:
            # Promised on the form: from now on only the keyed hash is left of the address.
            SignerContact.objects.filter(pk=signature.pk).delete()
        transaction.on_commit(lambda: _wake_sequencer(signature.letter_id))


# So many seconds the sequencer waits for others to confirm too: a letter is numbered about once a second, however many
# confirm, and a signer sees the number within two.
GATHER_SECONDS = 0.5


def _wake_sequencer(letter_id: int) -> None:
    wakeups.wake("letters.sequence", letter_id, queue="publishing", after=GATHER_SECONDS)


def _write_signature(letter: Letter, entry: Entry, language: str, now: datetime) -> tuple[int, bytes]:
    values = _values(letter, entry, language, now)
    with connection.cursor() as cursor:
        # A signature that was committed while the first statement waited for it is not in that statement's snapshot;
        # the second one sees it.
        for _ in range(2):
            cursor.execute(SIGN, values)
            if row := cursor.fetchone():
                return row[0], bytes(row[1])
    raise Refused("try_again")


def _values(letter: Letter, entry: Entry, language: str, now: datetime) -> dict[str, Any]:
    nobody = entry.display == Display.NOBODY
    return {
        "letter": letter.pk,
        "revision": letter.current_revision_id,
        "language": language,
        # "Nobody sees my name" means that nothing is stored which could name a person.
        "name": "" if nobody else entry.name,
        "affiliation": "" if nobody else entry.affiliation,
        "role": "" if nobody else entry.role,
        "comment": "" if nobody else entry.comment,
        "country": entry.country,
        "display": entry.display,
        "salt": secrets.token_bytes(SALT_BYTES),
        "address_hash": hash_address(entry.address.canonical),
        "address": seal(entry.address.deliverable),
        "consent": "" if nobody else entry.consent,
        "consented_at": None if nobody or not entry.consent else now,
        "day": f"{now:%Y%m%d}",
        "same_signing": SAME_SIGNING,
        "now": now,
    }
