"""A log for tests, written straight from RFC 6962's definitions, slowly, and a witness as a process of its own."""

import base64
import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from undersigned_witness.notes import ED25519, Key, Signature
from undersigned_witness.storage import Storage

ORIGIN = "letters.example/log/site"


def leaf(entry: bytes) -> bytes:
    return hashlib.sha256(b"\0" + entry).digest()


def root_of(leaves: list[bytes]) -> bytes:
    """MTH, RFC 6962 section 2.1."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    middle = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root_of(leaves[:middle]) + root_of(leaves[middle:])).digest()


def consistency(old: int, leaves: list[bytes]) -> list[bytes]:
    """PROOF, RFC 6962 section 2.1.2."""
    return [] if old in (0, len(leaves)) else _subproof(old, leaves, whole=True)


def _subproof(old: int, leaves: list[bytes], *, whole: bool) -> list[bytes]:
    if old == len(leaves):
        return [] if whole else [root_of(leaves)]
    middle = 1 << (len(leaves) - 1).bit_length() - 1
    if old <= middle:
        return [*_subproof(old, leaves[:middle], whole=whole), root_of(leaves[middle:])]
    return [*_subproof(old - middle, leaves[middle:], whole=False), root_of(leaves[:middle])]


@dataclass
class SmallLog:
    """A log that signs whatever it is told to sign, two histories too."""

    origin: str = ORIGIN
    private: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    leaves: list[bytes] = field(default_factory=list)

    @property
    def key(self) -> Key:
        return Key(self.origin, ED25519, self.private.public_key().public_bytes_raw())

    def grow(self, *entries: str) -> "SmallLog":
        self.leaves += [leaf(each.encode()) for each in entries]
        return self

    def checkpoint(self, size: int | None = None, *, extension: str = "") -> str:
        leaves = self.leaves[:size]
        text = f"{self.origin}\n{len(leaves)}\n{base64.b64encode(root_of(leaves)).decode()}\n{extension}"
        signed = Signature(self.key.name, self.key.identifier, self.private.sign(text.encode()))
        return f"{text}\n{signed.line}"

    def request(self, old: int, size: int | None = None, *, proof: list[bytes] | None = None) -> bytes:
        hashes = consistency(old, self.leaves[:size]) if proof is None else proof
        lines = "".join(f"{base64.b64encode(each).decode()}\n" for each in hashes)
        return f"old {old}\n{lines}\n{self.checkpoint(size)}".encode()


@dataclass
class Witness:
    """A witness that runs as a process of its own."""

    folder: Path
    url: str
    process: subprocess.Popen[str]

    def post(self, body: bytes, path: str = "/add-checkpoint") -> tuple[int, str, str]:
        """Return the status, the kind of the answer, and its text."""
        return self._ask("POST", path, body)

    def get(self, path: str) -> tuple[int, str, str]:
        return self._ask("GET", path)

    def _ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, str, str]:
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=20)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
        finally:
            connection.close()


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `undersigned-witness`, with nothing of the site's settings in its environment."""
    return subprocess.run(
        [sys.executable, "-m", "undersigned_witness", "--folder", folder, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=Path(__file__).parents[2],
        env={"PATH": os.environ["PATH"]},
    )


@contextmanager
def running_witness(folder: Path, *, program: tuple[str, ...] = ("-m", "undersigned_witness")) -> Iterator[Witness]:
    """Serve on a free port until the end of the block, then kill the process: nothing may depend on a good end."""
    process = subprocess.Popen(
        [sys.executable, *program, "--folder", folder, "serve", "--listen", "127.0.0.1:0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=Path(__file__).parents[2],
        env={"PATH": os.environ["PATH"]},
    )
    try:
        assert process.stdout
        found = re.search(r"http://\S+(?=/)", process.stdout.readline())
        assert found
        yield Witness(folder, found[0], process)
    finally:
        process.kill()
        process.communicate()


def new_witness(folder: Path, *keys: Key, name: str = "witness.example/w1") -> list[Key]:
    """Set a witness up that trusts these logs. Return its public keys."""
    with closing(Storage.create(folder, name)) as storage:
        for key in keys:
            storage.trust(key.name, key)
        return list(storage.cosigner().keys)
