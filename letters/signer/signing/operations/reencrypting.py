"""Encrypt stored addresses under the newest key."""

from dataclasses import dataclass

from cryptography.fernet import InvalidToken
from django.db import connection

from letters.models import (
    MailRequest,
    SignerContact,
    Submission,
)
from letters.shared.addresses import reencrypt


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
