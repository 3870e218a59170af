"""Ask a witness to cosign a checkpoint of the site's log, as C2SP's tlog-witness says.

Security: the witness answers from another machine, so nothing that it says is believed without its signature, except
that it refuses. A refusal has no signature: a witness can refuse falsely, which is why pages name it.
"""

import ipaddress
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from urllib.parse import urlsplit

from django.conf import settings

from letters.base.ledger_logs.queries import consistency_of_site, latest_checkpoint
from letters.models import LedgerCheckpoint, Witness
from letters.shared.notes import Checkpoint, VerifierKey, encode, is_signed_by, parse_checkpoint, parse_note
from letters.shared.outgoing import NoTarget, Reply, Target, Unanswered, is_public, post, resolve
from letters.shared.tlog import BadProof

MAX_ANSWER_BYTES = 64 * 1024
# How far the clock of a witness may differ from ours. An older signature could be one that was sent before.
MAX_DIFFERENCE = timedelta(minutes=5)
HEADERS = {"Content-Type": "text/plain; charset=utf-8", "User-Agent": "Undersigned"}


@dataclass(frozen=True)
class Cosigned:
    """A witness has cosigned: the checkpoint, its signature line, and the time in it."""

    checkpoint: Checkpoint
    line: str
    at: datetime


@dataclass(frozen=True)
class Failed:
    """A witness has not answered, or nothing that can be used."""

    error: str


Outcome = Cosigned | Witness.Refusal | Failed


def find_service(url: str) -> Target:
    """Find a server that the people who run the site have chosen. Raises NoTarget."""
    if urlsplit(url).scheme != "https" and not settings.WITNESSES_MAY_BE_PRIVATE:
        raise NoTarget("not_https")
    return resolve(url, _may_connect_to)


def _may_connect_to(address: str) -> bool:
    if settings.WITNESSES_MAY_BE_PRIVATE:
        with suppress(ValueError):
            return not ipaddress.ip_address(address.partition("%")[0]).is_multicast
    return is_public(address)


def ask(witness: Witness, url: str, newest: LedgerCheckpoint, *, now: datetime) -> Outcome:
    """Offer the newest checkpoint. A witness that names another old size is asked once more, with that one."""
    checkpoint, _ = parse_checkpoint(newest.note)
    is_known = witness.origin == checkpoint.origin and witness.size <= checkpoint.size
    old = witness.size if is_known else 0
    try:
        reply = _offer(url, old, checkpoint, newest.note)
        if reply.status == HTTPStatus.CONFLICT:
            theirs = _size_in(reply)
            if theirs > checkpoint.size:
                return _ahead(theirs)
            reply = _offer(url, theirs, checkpoint, newest.note)
        if reply.status == HTTPStatus.UNPROCESSABLE_ENTITY:
            return Witness.Refusal.CHANGED
        if reply.status != HTTPStatus.OK:
            return Failed(f"status {reply.status}")
        return _verified(VerifierKey.parse(witness.key), checkpoint, reply, now)
    except Unanswered as failure:
        return Failed(failure.code)
    except (BadProof, ValueError):
        return Failed("unreadable")


def _ahead(theirs: int) -> Outcome:
    """Return what it means that a witness has seen more than it was offered.

    Race: anyone can offer it the newest state of our log, which was perhaps signed a moment ago.
    """
    current = latest_checkpoint(None)
    return Failed("newer") if current and theirs <= current.size else Witness.Refusal.AHEAD


def _offer(url: str, old: int, checkpoint: Checkpoint, note: str) -> Reply:
    proof = consistency_of_site(old, checkpoint.size)
    lines = [f"old {old}", *map(encode, proof)]
    body = "".join(f"{line}\n" for line in lines) + f"\n{note}"
    address = f"{url}/add-checkpoint"
    return post(partial(find_service, address), body.encode(), HEADERS, most=MAX_ANSWER_BYTES)


def _size_in(reply: Reply) -> int:
    """Return the size that a witness has seen. Raises ValueError."""
    text = reply.body.decode("ascii").removesuffix("\n")
    if not text.isdecimal() or len(text) > 19:
        raise ValueError("no size")
    return int(text)


def _verified(key: VerifierKey, checkpoint: Checkpoint, reply: Reply, now: datetime) -> Outcome:
    """Return the cosignature of the key that we trust. Signatures of other keys are ignored. Raises BadProof."""
    note = parse_note(f"{checkpoint.text}\n{reply.body.decode()}")
    if not is_signed_by(key, checkpoint, note.signatures):
        return Failed("another key")
    (found, *_) = [each for each in note.signatures if (each.name, each.key_id) == (key.name, key.id)]
    if abs(found.timestamp - now.timestamp()) > MAX_DIFFERENCE.total_seconds():
        return Failed("clock")
    return Cosigned(checkpoint, found.line, datetime.fromtimestamp(found.timestamp, UTC))
