"""The public files of a letter's record, written by tlog-scales instead of our own program."""

import base64
import hmac
import json
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tlog_scales.backend import LocalBackend
from tlog_scales.reader import TilesReader
from tlog_scales.signing import MLDSA44CosignatureSigner, PlainEd25519Signer, Vkey
from tlog_scales.writer import TilesWriter

NAMELESS = {"name": "", "role": "", "affiliation": ""}


def commitment(words: dict[str, str], opening: bytes) -> str:
    written = json.dumps(words, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hmac.new(opening, written.encode(), sha256).hexdigest()


class Record:
    """A log in a folder that grows, and receipts of its entries."""

    def __init__(self, folder: Path, origin: str, key: bytes = bytes(range(32))) -> None:
        # A log that continues another one begins with the entries of that one.
        first = origin.rpartition(".")[0] if origin.endswith(".2") else origin
        self.folder, self.origin, self.entries = folder, origin, [f"undersigned/1 begin {first}"]
        self._signer = PlainEd25519Signer(origin, Ed25519PrivateKey.from_private_bytes(key))
        self._also = MLDSA44CosignatureSigner(origin, key)
        self._writer = TilesWriter.create(folder, origin)
        self._writer.add_leaf(self.entries[0].encode())

    @property
    def keys(self) -> str:
        signers: list[Vkey] = [self._signer.vkey, self._also.vkey]
        return "".join(f"{vkey.serialize()}\n" for vkey in signers)  # type: ignore[no-untyped-call]

    def add(self, *entries: str) -> int:
        """Add entries, and return the index of the last one."""
        for entry in entries:
            self.entries.append(f"undersigned/1 {entry}")
            self._writer.add_leaf(self.entries[-1].encode())
        return len(self.entries) - 1

    def continue_from(self, closed: "Record") -> None:
        """Add the entries of a closed record, and the one that says which it was."""
        checkpoint = TilesReader(LocalBackend(closed.folder)).get_checkpoint()
        for entry in closed.entries[len(self.entries) :]:
            self.add(entry.removeprefix("undersigned/1 "))
        root = base64.b64encode(checkpoint.root_hash).decode()
        self.add(f"begin {self.origin} continues {closed.origin} {checkpoint.size} {root}")

    def publish(self, number: int, words: dict[str, str], opening: bytes, text: int = 1) -> int:
        return self.add(f"publish {number} {text} - {commitment(words, opening)}")

    def sign(self) -> None:
        self._writer.commit([self._signer, self._also], gc=False)

    def receipt(self, index: int, words: dict[str, str], opening: bytes, version: int = 1) -> str:
        said = {"version": version, "entry": self.entries[index], "words": words, "opening": opening.hex()}
        reader = TilesReader(LocalBackend(self.folder))
        checkpoint = reader.get_checkpoint()
        hashes = [
            base64.b64encode(each).decode() for each in reader.get_inclusion_proof(index, checkpoint.size).node_hashes
        ]
        extra = base64.b64encode(json.dumps(said, ensure_ascii=False).encode()).decode()
        head = ["c2sp.org/tlog-proof@v1", f"extra {extra}", f"index {index}", *hashes, ""]
        return "\n".join(head) + "\n" + checkpoint.serialize()

    def files(self) -> dict[str, bytes]:
        """Return each file by its path under the address of the record."""
        paths = [path for path in self.folder.rglob("*") if path.is_file()]
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in paths}
