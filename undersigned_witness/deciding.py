"""The one decision of a witness: does this checkpoint continue what it has seen?"""

import hashlib
from dataclasses import dataclass
from http import HTTPStatus

from undersigned_witness.notes import (
    Checkpoint,
    Malformed,
    WrongSignature,
    decimal,
    decoded,
    parse_checkpoint,
    verified,
)
from undersigned_witness.storage import Seen, Storage
from undersigned_witness.trees import EMPTY_ROOT, MAX_PROOF_HASHES, is_consistent

HASH_BYTES = 32


@dataclass(frozen=True)
class Answer:
    """A status, and what the body says."""

    status: HTTPStatus
    body: str
    kind: str = "text/plain; charset=utf-8"


@dataclass(frozen=True)
class Request:
    """What a log asks: cosign this, which continues what you saw at the old size."""

    old_size: int
    proof: list[bytes]
    checkpoint: Checkpoint


def parse_request(body: bytes) -> Request:
    """Read the body of `add-checkpoint`. Raises Malformed."""
    try:
        text = body.decode()
    except UnicodeDecodeError as wrong:
        raise Malformed("the body is not UTF-8") from wrong
    head, blank, note = text.partition("\n\n")
    first, *hashes = head.split("\n")
    if not blank or not first.startswith("old "):
        raise Malformed("the body is a line 'old SIZE', a proof, an empty line, and a checkpoint")
    if len(hashes) > MAX_PROOF_HASHES:
        raise Malformed("a proof has at most 63 hashes")
    proof = [decoded(each) for each in hashes]
    if any(len(each) != HASH_BYTES for each in proof):
        raise Malformed("each hash of a proof has 32 bytes")
    request = Request(decimal(first.removeprefix("old ")), proof, parse_checkpoint(note))
    if request.old_size > request.checkpoint.size:
        raise Malformed("the old size is larger than the checkpoint's")
    return request


def add_checkpoint(storage: Storage, body: bytes, now: int) -> Answer:
    """Cosign a checkpoint if it continues what this witness has seen, and remember it before answering."""
    try:
        request = parse_request(body)
    except Malformed as wrong:
        return Answer(HTTPStatus.BAD_REQUEST, f"{wrong}\n")
    checkpoint = request.checkpoint
    keys = storage.keys_of(checkpoint.origin)
    if not keys:
        return Answer(HTTPStatus.NOT_FOUND, "this witness does not know the log\n")
    try:
        signatures = verified(checkpoint, keys)
    except WrongSignature as wrong:
        return Answer(HTTPStatus.FORBIDDEN, f"{wrong}\n")
    note = checkpoint.text + "\n" + "".join(each.line for each in signatures)
    with storage.deciding():
        seen = storage.seen(checkpoint.origin)
        refusal = refusal_of(request, seen)
        if refusal is None:
            lines = storage.cosigner().cosign(checkpoint, now)
            storage.remember(checkpoint, hash_of(checkpoint.origin), note + lines, now)
        elif refusal.status == HTTPStatus.UNPROCESSABLE_ENTITY or is_other_history(checkpoint, seen):
            is_certain = is_other_history(checkpoint, seen)
            storage.keep_evidence(checkpoint.origin, note, now, is_certain=is_certain)
    return refusal or Answer(HTTPStatus.OK, lines)


def refusal_of(request: Request, seen: Seen | None) -> Answer | None:
    """Return why the checkpoint is not cosigned; None if it is."""
    checkpoint, size = request.checkpoint, seen.size if seen else 0
    if request.old_size != size:
        return Answer(HTTPStatus.CONFLICT, f"{size}\n", "text/x.tlog.size")
    root = seen.root if seen else EMPTY_ROOT
    if not is_consistent(size, root, checkpoint.size, checkpoint.root, request.proof):
        return Answer(HTTPStatus.UNPROCESSABLE_ENTITY, "the proof does not lead from what this witness has seen\n")
    return None


def is_other_history(checkpoint: Checkpoint, seen: Seen | None) -> bool:
    """Return whether the log has signed two roots for one size."""
    return seen is not None and seen.size == checkpoint.size and seen.root != checkpoint.root


def hash_of(origin: str) -> str:
    """Return the name of a log in the addresses of this witness."""
    return hashlib.sha256(origin.encode()).hexdigest()
