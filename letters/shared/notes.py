"""Signed notes, checkpoints and receipts as text (C2SP: signed-note, tlog-checkpoint, tlog-cosignature, tlog-proof).

A *note* is text with signature lines below it. A *checkpoint* is the note in which a log says how many entries it has
and what their root is. Everything here is pure: keys are passed in, and nothing is stored.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from letters.shared.tlog import HASH_SIZE, MAX_SIZE, BadProof

# A note of a log with two signatures has 3,500 bytes. Each witness adds up to 3,400.
MAX_NOTE = 100_000
MAX_SIGNATURES = 40
MAX_NAME = 255
MAX_PROOF_HASHES = 63
MAX_EXTRA = 10_000
HEADER = "c2sp.org/tlog-proof@v1"
SIGNATURE_LINE = re.compile(r"— (\S+) ([A-Za-z0-9+/]+={0,2})")
DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
NAME = re.compile(r"[^\s+]+")


class Kind(IntEnum):
    """What a key signs, and how: the type byte of a signature."""

    ED25519 = 1
    COSIGNATURE_ED25519 = 4
    COSIGNATURE_ML_DSA_44 = 6


KEY_SIZES = {Kind.ED25519: 32, Kind.COSIGNATURE_ED25519: 32, Kind.COSIGNATURE_ML_DSA_44: 1312}


@dataclass(frozen=True)
class Checkpoint:
    """What a log says about itself: its name, its number of entries, and their root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The signed text."""
        return f"{self.origin}\n{self.size}\n{encode(self.root)}\n"


@dataclass(frozen=True)
class VerifierKey:
    """A public key with the name it signs under (a *vkey*)."""

    name: str
    kind: Kind
    key: bytes

    @property
    def id(self) -> bytes:
        """The four bytes that lead each signature of the key."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.key).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{encode(bytes([self.kind]) + self.key)}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a vkey.

        Raises:
            BadProof: it is not one, or of a kind that this program does not know.
        """
        name, _, rest = text.partition("+")
        key_id, _, encoded = rest.partition("+")
        material = decode(encoded)
        if not NAME.fullmatch(name) or len(name.encode()) > MAX_NAME or not material or material[0] not in list(Kind):
            raise BadProof("This is no public key of a log or a witness.")
        found = cls(name, Kind(material[0]), material[1:])
        if len(found.key) != KEY_SIZES[found.kind] or found.id.hex() != key_id:
            raise BadProof("This is no public key of a log or a witness.")
        return found


@dataclass(frozen=True)
class Signature:
    """One signature line: `payload` is the signature, after eight bytes of time for the two kinds of cosignature."""

    name: str
    key_id: bytes
    payload: bytes

    @property
    def line(self) -> str:
        """The line as it stands in a note."""
        return f"— {self.name} {encode(self.key_id + self.payload)}\n"

    @property
    def timestamp(self) -> int:
        """The time in a cosignature, in seconds since 1970; 0 says nothing about time."""
        return int.from_bytes(self.payload[:8])


@dataclass(frozen=True)
class Note:
    """A text and the signatures below it."""

    text: str
    signatures: Sequence[Signature]

    def __str__(self) -> str:
        return f"{self.text}\n{''.join(signature.line for signature in self.signatures)}"


def encode(data: bytes) -> str:
    """Return base64."""
    return b64encode(data).decode()


def decode(text: str) -> bytes:
    """Read base64 in its one right spelling.

    Raises:
        BadProof: it is something else.
    """
    try:
        data = b64decode(text, validate=True)
    except ValueError as error:
        raise BadProof("A line is not base64.") from error
    if encode(data) != text:
        raise BadProof("A line is not base64.")
    return data


def read_hash(line: str) -> bytes:
    """Read one hash.

    Raises:
        BadProof: the line is something else.
    """
    if len(data := decode(line)) != HASH_SIZE:
        raise BadProof("A line is not a hash.")
    return data


def _read_decimal(text: str) -> int:
    if not DECIMAL.fullmatch(text) or (number := int(text)) > MAX_SIZE:
        raise BadProof("A line is not a number.")
    return number


def parse_note(note: str) -> Note:
    """Split a note into its text and its signatures, which nobody has checked yet.

    Raises:
        BadProof: it is no signed note, or a very long one.
    """
    if len(note) > MAX_NOTE or any(ord(sign) < 0x20 and sign != "\n" for sign in note):
        raise BadProof("This is no signed note.")
    text, blank, below = note.rpartition("\n\n")
    lines = below.split("\n")
    if not blank or not text or lines.pop() != "" or not 1 <= len(lines) <= MAX_SIGNATURES:
        raise BadProof("This is no signed note.")
    return Note(f"{text}\n", [_parse_signature(line) for line in lines])


def _parse_signature(line: str) -> Signature:
    if not (found := SIGNATURE_LINE.fullmatch(line)) or len(data := decode(found[2])) <= 4 or "+" in found[1]:
        raise BadProof("This is no signed note.")
    return Signature(found[1], data[:4], data[4:])


def parse_checkpoint(note: str) -> tuple[Checkpoint, Note]:
    """Read a checkpoint with its signatures, which nobody has checked yet. Lines after the root are refused.

    Raises:
        BadProof: it is no checkpoint.
    """
    parsed = parse_note(note)
    return parse_checkpoint_text(parsed.text), parsed


def parse_checkpoint_text(text: str) -> Checkpoint:
    """Read the three lines of a checkpoint.

    Raises:
        BadProof: they are something else.
    """
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not lines[0] or len(lines[0].encode()) > MAX_NAME:
        raise BadProof("This is no checkpoint.")
    return Checkpoint(lines[0], _read_decimal(lines[1]), read_hash(lines[2]))


def signed_message(kind: Kind, name: str, checkpoint: Checkpoint, timestamp: int) -> bytes:
    """Return the bytes that a key of this kind signs."""
    if kind == Kind.ED25519:
        return checkpoint.text.encode()
    if kind == Kind.COSIGNATURE_ED25519:
        return f"cosignature/v1\ntime {timestamp}\n{checkpoint.text}".encode()
    signer, origin = name.encode(), checkpoint.origin.encode()
    return b"".join([
        b"subtree/v1\n\0",
        bytes([len(signer)]) + signer,
        timestamp.to_bytes(8),
        bytes([len(origin)]) + origin,
        (0).to_bytes(8),
        checkpoint.size.to_bytes(8),
        checkpoint.root,
    ])  # fmt: skip


@dataclass(frozen=True)
class Signer:
    """The private keys of a log: Ed25519, which every program reads, and ML-DSA-44 against computers of later years."""

    ed25519: Ed25519PrivateKey
    ml_dsa_44: MLDSA44PrivateKey

    def verifier_keys(self, name: str) -> list[VerifierKey]:
        """Return the public keys under the name of a log."""
        return [
            VerifierKey(name, Kind.ED25519, self.ed25519.public_key().public_bytes_raw()),
            VerifierKey(name, Kind.COSIGNATURE_ML_DSA_44, self.ml_dsa_44.public_key().public_bytes_raw()),
        ]

    def sign(self, checkpoint: Checkpoint) -> list[Signature]:
        """Sign a checkpoint with both keys, under the name of its log.

        Privacy: the time in the second signature is 0, which tlog-cosignature allows. Any other would stay in every
        receipt, and tell when the entries before it came.
        """
        plain, mldsa = self.verifier_keys(checkpoint.origin)
        message = signed_message(mldsa.kind, mldsa.name, checkpoint, 0)
        return [
            Signature(plain.name, plain.id, self.ed25519.sign(signed_message(plain.kind, plain.name, checkpoint, 0))),
            Signature(mldsa.name, mldsa.id, bytes(8) + self.ml_dsa_44.sign(message)),
        ]

    def sign_text(self, name: str, text: str) -> Signature:
        """Sign any text that is no checkpoint, with the first key under the name of a log."""
        plain, _ = self.verifier_keys(name)
        return Signature(plain.name, plain.id, self.ed25519.sign(text.encode()))


def is_signed_by(key: VerifierKey, checkpoint: Checkpoint, signatures: Iterable[Signature]) -> bool:
    """Return whether the key signed the checkpoint; False if no signature claims to be of the key.

    Raises:
        BadProof: a signature claims to be of the key, and is not.
    """
    found = [signature for signature in signatures if (signature.name, signature.key_id) == (key.name, key.id)]
    for signature in found:
        _check_signature(key, checkpoint, signature)
    return bool(found)


def _check_signature(key: VerifierKey, checkpoint: Checkpoint, signature: Signature) -> None:
    timed = key.kind != Kind.ED25519
    message = signed_message(key.kind, key.name, checkpoint, signature.timestamp if timed else 0)
    payload = signature.payload[8:] if timed else signature.payload
    public: Ed25519PublicKey | MLDSA44PublicKey
    if key.kind == Kind.COSIGNATURE_ML_DSA_44:
        public = MLDSA44PublicKey.from_public_bytes(key.key)
    else:
        public = Ed25519PublicKey.from_public_bytes(key.key)
    try:
        public.verify(payload, message)
    except InvalidSignature as error:
        raise BadProof(f"The signature of {key.name} is wrong.") from error


@dataclass(frozen=True)
class TlogProof:
    """A receipt: the index of an entry, the hashes from it to the root, and a checkpoint; `extra` is not proved."""

    index: int
    hashes: Sequence[bytes]
    checkpoint: str
    extra: bytes = b""

    def __str__(self) -> str:
        extra = [f"extra {encode(self.extra)}"] if self.extra else []
        lines = [HEADER, *extra, f"index {self.index}", *(encode(each) for each in self.hashes)]
        return "\n".join([*lines, "", self.checkpoint])

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a receipt, of which nobody has checked anything yet.

        Raises:
            BadProof: it is no receipt, or cut off.
        """
        above, _, checkpoint = text.partition("\n\n")
        lines = above.split("\n")
        if len(text) > MAX_NOTE + MAX_EXTRA or lines[0] != HEADER or len(lines) < 2:
            raise BadProof("This is no receipt.")
        extra = decode(lines.pop(1).removeprefix("extra ")) if lines[1].startswith("extra ") else b""
        if len(lines) < 2 or not lines[1].startswith("index ") or len(lines) - 2 > MAX_PROOF_HASHES:
            raise BadProof("This is no receipt.")
        parse_checkpoint(checkpoint)
        index = _read_decimal(lines[1].removeprefix("index "))
        return cls(index, [read_hash(line) for line in lines[2:]], checkpoint, extra)
