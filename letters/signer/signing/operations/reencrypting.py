"""Encrypt stored addresses under the newest key."""

import json
from dataclasses import dataclass

from cryptography.fernet import InvalidToken
from django.db.models import BinaryField, Model, Q, TextField
from django.db.models.functions import Cast, Length
from django.db.models.lookups import Exact

from letters.models import (
    LedgerOpening,
    MailRequest,
    NameReport,
    OrganisationContact,
    Signature,
    SignerContact,
    Submission,
)
from letters.models.entrusted import CHANGES, SEALED
from letters.models.ledger import SEALED_OPENING_BYTES
from letters.models.signature_conditions import WITH_CHANGES
from letters.shared.addresses import reencrypt
from letters.shared.sql import fetch_rows


@dataclass(frozen=True)
class Reencrypted:
    """The result for one batch of addresses."""

    # The highest id of the batch. The next batch begins after it.
    last: int
    # The number of addresses that were now encrypted under the newest key, and of those that already had been.
    changed: int
    already: int
    # The ids of addresses that none of the keys decrypts.
    unreadable: list[int]


# Lock order: this statement is one transaction that must not wait while it holds rows, so it skips locked rows. Race:
# it writes only addresses that have not changed since they were read.
REENCRYPT = """
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
    """Encrypt the next addresses after this id under the newest of ADDRESS_KEYS. Returns None if there are no more.

    Safe while people sign and withdraw. It can be started again at any time, and skips what is done.
    """
    contacts = SignerContact.objects.order_by("pk").filter(pk__gt=after)
    rows = [(pk, bytes(encrypted)) for pk, encrypted in contacts.values_list("pk", "address")[:most]]
    if not rows:
        return None
    fresh, unreadable = _reencrypted(rows)
    changed = _write_reencrypted(fresh)
    for pk in fresh.keys() - changed:
        # Another transaction holds this row. Lock order: waiting is safe here, because we hold no other row.
        changed |= _write_one_reencrypted(pk)
    return Reencrypted(rows[-1][0], len(changed), len(rows) - len(fresh) - len(unreadable), unreadable)


REENCRYPTION_BATCH_SIZE = 1000


# Race: submissions first, because a confirmation moves their words to the signature.
ENCRYPTED: list[tuple[type[Model], str, Q]] = [
    *((model, "address", Q()) for model in (Submission, MailRequest, NameReport, OrganisationContact)),
    *((model, column, Q()) for model in (Submission, Signature) for column in ("sealed", "entrusted")),
    # The others open public names.
    (LedgerOpening, "opening", Q(Exact(Length("opening"), SEALED_OPENING_BYTES))),
]


def reencrypt_submissions() -> tuple[int, list[int]]:
    """Do the same for submissions, requests, reports and organisations, for words of letters that name nobody yet, and
    for words that only organizers may read, with what opens them in the ledger.

    Returns how many changed, and the ids that no key decrypts.
    """
    changed, unreadable = 0, []
    for model, column, condition in ENCRYPTED:
        encrypted = model._default_manager.filter(condition, **{f"{column}__isnull": False}).exclude(**{column: b""})
        # As it is stored: some fields decrypt.
        last, kept = 0, encrypted.order_by("pk").values_list("pk", Cast(column, BinaryField()))
        while rows := list(kept.filter(pk__gt=last)[:REENCRYPTION_BATCH_SIZE]):
            fresh, unread = _reencrypted([(pk, bytes(old or b"")) for pk, old in rows])
            unreadable += unread
            for pk, (old, new) in fresh.items():
                changed += model._default_manager.filter(pk=pk, **{column: old}).update(**{column: new})
            last, _ = rows[-1]
    again, unread = _reencrypt_changes()
    return changed + again, unreadable + unread


def _reencrypt_changes() -> tuple[int, list[int]]:
    """Do the same for the words in changes that wait, were declined or were replaced."""
    changed, unreadable, last = 0, [], 0
    # As text: the field would decrypt them.
    stored = {f"{column}_text": Cast(column, TextField()) for column in CHANGES}
    kept = Signature.objects.filter(WITH_CHANGES).annotate(**stored).order_by("pk").values_list("pk", *stored)
    while rows := list(kept.filter(pk__gt=last)[:REENCRYPTION_BATCH_SIZE]):
        for pk, *texts in rows:
            for column, text in zip(CHANGES, texts, strict=True):
                changes = json.loads(text) if text else {}
                if SEALED not in changes:
                    continue
                (fresh, unread) = _reencrypted([(pk, changes[SEALED].encode())])
                unreadable += unread
                for old, new in fresh.values():
                    same = {f"{column}__{SEALED}": old.decode()}
                    written = {**changes, SEALED: new.decode()}
                    changed += Signature.objects.filter(pk=pk, **same).update(**{column: written})
        last = rows[-1][0]
    return changed, unreadable


def _reencrypted(rows: list[tuple[int, bytes]]) -> tuple[dict[int, tuple[bytes, bytes]], list[int]]:
    """Return old and new bytes by id where the newest key was not used, and the ids that no key decrypts."""
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
    return {row[0] for row in fetch_rows(REENCRYPT, {"ids": list(fresh), "old": old, "new": new})}


def _write_one_reencrypted(pk: int) -> set[int]:
    """Encrypt one address, unless it was deleted or encrypted under the newest key since. Returns its id in a set."""
    for old in map(bytes, SignerContact.objects.filter(pk=pk).values_list("address", flat=True)):
        new = reencrypt(old)
        if new != old and SignerContact.objects.filter(pk=pk, address=old).update(address=new):
            return {pk}
    return set()
