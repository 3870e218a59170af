"""Signed notes, checkpoints, verifier keys and cosignatures, as C2SP specifies them.

https://c2sp.org/signed-note, https://c2sp.org/tlog-checkpoint, https://c2sp.org/tlog-cosignature
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

ED25519 = 0x01
COSIGNATURE_ED25519 = 0x04
COSIGNATURE_MLDSA44 = 0x06
HASH_BYTES = 32
ED25519_BYTES = 32
MLDSA44_BYTES = 1312
KEY_BYTES = {ED25519: ED25519_BYTES, COSIGNATURE_ED25519: ED25519_BYTES, COSIGNATURE_MLDSA44: MLDSA44_BYTES}
ID_BYTES = 4
TIME_BYTES = 8
# The specification asks for at least 16. Some of ours are post-quantum ones of 3,300 characters.
MAX_SIGNATURES = 32
MAX_ORIGIN_CHARACTERS = 255
DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
MAX_SIZE = 2**63 - 1
DASH = "\N{EM DASH} "


class Malformed(Exception):
    """A text is not what the specification asks for. The message says what is wrong."""


class WrongSignature(Exception):
    """A signature names a key that we trust, and that key did not make it; or no such key has signed."""


@dataclass(frozen=True)
class Key:
    """A public key, with the name and the identifier that its signatures carry."""

    name: str
    kind: int
    public: bytes

    @property
    def identifier(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:ID_BYTES]

    def __str__(self) -> str:
        """Return the verifier key ("vkey"), as people exchange it."""
        return f"{self.name}+{self.identifier.hex()}+{base64.b64encode(bytes([self.kind]) + self.public).decode()}"

    @classmethod
    def parse(cls, text: str) -> "Key":
        """Read a verifier key. Raises Malformed."""
        # The base64 of the key may contain plus signs, the other parts may not.
        parts = text.strip().split("+", 2)
        if len(parts) != 3 or not is_name(parts[0]):
            raise Malformed("a verifier key has the form name+identifier+key")
        material = decoded(parts[2])
        if not material or KEY_BYTES.get(material[0]) != len(material) - 1:
            raise Malformed("this kind of key is not known here: Ed25519 and ML-DSA-44 are")
        key = cls(parts[0], material[0], material[1:])
        if key.identifier.hex() != parts[1]:
            raise Malformed("the identifier of this verifier key does not belong to its name and key: was it cut off?")
        return key


@dataclass(frozen=True)
class Signature:
    """One signature line of a note."""

    name: str
    identifier: bytes
    signature: bytes

    @property
    def line(self) -> str:
        return f"{DASH}{self.name} {base64.b64encode(self.identifier + self.signature).decode()}\n"

    def is_named_like(self, key: Key) -> bool:
        return self.name == key.name and self.identifier == key.identifier


@dataclass(frozen=True)
class Checkpoint:
    """What a log says about itself: so many entries, with this root. `text` is what was signed."""

    origin: str
    size: int
    root: bytes
    text: str
    signatures: tuple[Signature, ...] = ()


def is_name(text: str) -> bool:
    """Return whether this may name a key."""
    is_plain = text.isprintable() and "+" not in text and not any(each.isspace() for each in text)
    return bool(text) and is_plain and len(text.encode()) <= MAX_ORIGIN_CHARACTERS


def decoded(text: str) -> bytes:
    """Read strict base64. Raises Malformed."""
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as wrong:
        raise Malformed("this is not base64") from wrong
    # One spelling only: stray bits at the end would make two texts of the same bytes.
    if base64.b64encode(found).decode() != text:
        raise Malformed("this is not base64 in its one spelling")
    return found


def decimal(text: str) -> int:
    """Read a number without leading zeroes. Raises Malformed."""
    if not DECIMAL.fullmatch(text) or int(text) > MAX_SIZE:
        raise Malformed("a size is a decimal number without leading zeroes")
    return int(text)


def parse_checkpoint(note: str) -> Checkpoint:
    """Read a checkpoint with its signatures, none of which is checked yet. Raises Malformed."""
    if any(each < " " and each != "\n" for each in note):
        raise Malformed("a note has no control characters")
    text, blank, rest = note.rpartition("\n\n")
    if not blank or not rest.endswith("\n"):
        raise Malformed("a note is a text, an empty line, and signature lines")
    lines = rest.splitlines()
    if len(lines) > MAX_SIGNATURES:
        raise Malformed("a note has at most 32 signatures")
    checkpoint = parse_text(text + "\n")
    return Checkpoint(
        checkpoint.origin, checkpoint.size, checkpoint.root, checkpoint.text, tuple(map(_signature, lines))
    )


def parse_text(text: str) -> Checkpoint:
    """Read the part of a checkpoint that is signed. Raises Malformed."""
    lines = text.removesuffix("\n").split("\n")
    if len(lines) < 3 or not all(lines):
        raise Malformed("a checkpoint has an origin, a size and a root, and no empty line")
    origin, size, root = lines[:3]
    if len(origin.encode()) > MAX_ORIGIN_CHARACTERS:
        raise Malformed("this origin is too long")
    found = decoded(root)
    if len(found) != HASH_BYTES:
        raise Malformed("the root of a checkpoint has 32 bytes")
    return Checkpoint(origin, decimal(size), found, text)


def _signature(line: str) -> Signature:
    name, space, encoded = line.removeprefix(DASH).partition(" ")
    if not line.startswith(DASH) or not space or not is_name(name):
        raise Malformed("a signature line has a dash, a name and base64")
    found = decoded(encoded)
    if len(found) <= ID_BYTES:
        raise Malformed("a signature has four bytes of an identifier, and more")
    return Signature(name, found[:ID_BYTES], found[ID_BYTES:])


def verified(checkpoint: Checkpoint, keys: list[Key]) -> list[Signature]:
    """Return the signatures of these keys. Others are ignored.

    Raises WrongSignature: none of these keys signed, or one is named that did not.
    """
    found = [each for each in checkpoint.signatures if any(map(each.is_named_like, keys))]
    for signature in found:
        key = next(filter(signature.is_named_like, keys))
        if not is_signed(checkpoint, signature.signature, key):
            raise WrongSignature(f"the signature of {key.name} does not verify")
    if not found:
        raise WrongSignature("no key that is trusted for this origin has signed")
    return found


def is_signed(checkpoint: Checkpoint, signature: bytes, key: Key) -> bool:
    """Return whether this key made this signature on a checkpoint."""
    try:
        if key.kind == ED25519:
            Ed25519PublicKey.from_public_bytes(key.public).verify(signature, checkpoint.text.encode())
            return True
        time, rest = int.from_bytes(signature[:TIME_BYTES]), signature[TIME_BYTES:]
        if key.kind == COSIGNATURE_ED25519:
            Ed25519PublicKey.from_public_bytes(key.public).verify(rest, cosigned_text(checkpoint, time))
        else:
            MLDSA44PublicKey.from_public_bytes(key.public).verify(rest, cosigned_message(checkpoint, key.name, time))
    except (InvalidSignature, ValueError):
        return False
    return True


def cosigned_text(checkpoint: Checkpoint, time: int) -> bytes:
    """Return what an Ed25519 cosignature signs."""
    return f"cosignature/v1\ntime {time}\n{checkpoint.text}".encode()


def cosigned_message(checkpoint: Checkpoint, name: str, time: int) -> bytes:
    """Return what an ML-DSA-44 cosignature signs: the whole tree, named by its end."""
    message = b"subtree/v1\n\0" + _short(name) + time.to_bytes(8) + _short(checkpoint.origin)
    return message + (0).to_bytes(8) + checkpoint.size.to_bytes(8) + checkpoint.root


def _short(text: str) -> bytes:
    return bytes([len(text.encode())]) + text.encode()


@dataclass(frozen=True)
class Cosigner:
    """The two private keys of a witness, made from one secret each, under one name."""

    name: str
    ed25519: Ed25519PrivateKey
    mldsa44: MLDSA44PrivateKey

    @classmethod
    def from_seeds(cls, name: str, ed25519: bytes, mldsa44: bytes) -> "Cosigner":
        return cls(name, Ed25519PrivateKey.from_private_bytes(ed25519), MLDSA44PrivateKey.from_seed_bytes(mldsa44))

    @property
    def keys(self) -> tuple[Key, Key]:
        """Return the public halves: the one that every client reads, and the one for after quantum computers."""
        return (
            Key(self.name, COSIGNATURE_ED25519, self.ed25519.public_key().public_bytes_raw()),
            Key(self.name, COSIGNATURE_MLDSA44, self.mldsa44.public_key().public_bytes_raw()),
        )

    def cosign(self, checkpoint: Checkpoint, time: int) -> str:
        """Return the signature lines for a checkpoint, which has been checked before."""
        made = [
            self.ed25519.sign(cosigned_text(checkpoint, time)),
            self.mldsa44.sign(cosigned_message(checkpoint, self.name, time)),
        ]
        stamped = [time.to_bytes(TIME_BYTES) + each for each in made]
        pairs = zip(self.keys, stamped, strict=True)
        return "".join(Signature(key.name, key.identifier, each).line for key, each in pairs)
