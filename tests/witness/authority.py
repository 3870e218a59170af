"""A real time stamp authority: `openssl ts -reply` behind a small HTTP server, with certificates made for the test."""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CONFIGURATION = """
[tsa]
default_tsa = ours
[ours]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
ess_cert_id_alg = sha256
"""


class Authority:
    """Where it is, and what it does."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.url, self.asked = folder, "", 0
        # What it answers instead, if anything.
        self.instead: tuple[int, bytes] | None = None
        _make_certificates(folder)
        (folder / "serial").write_text("01\n")
        (folder / "openssl.cnf").write_text(CONFIGURATION.format(folder=folder))

    @property
    def certificates(self) -> Path:
        return self.folder / "ca.pem"

    def answer(self, query: bytes) -> tuple[int, bytes]:
        self.asked += 1
        if self.instead:
            return self.instead
        (self.folder / "query").write_bytes(query)
        files: list[str | Path] = ["-queryfile", self.folder / "query", "-out", self.folder / "reply"]
        openssl("ts", "-reply", "-config", self.folder / "openssl.cnf", *files)
        return 200, (self.folder / "reply").read_bytes()


@contextmanager
def running_authority(folder: Path) -> Iterator[Authority]:
    authority = Authority(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["Content-Type"] == "application/timestamp-query"
            status, body = authority.answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *values: object) -> None:  # noqa: A002 -- the library's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    authority.url = f"http://127.0.0.1:{server.server_port}/tsr"
    threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
    try:
        yield authority
    finally:
        server.shutdown()
        server.server_close()


def openssl(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    if not (program := shutil.which("openssl")):
        pytest.skip("this machine has no openssl")
    ended = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended


def _make_certificates(folder: Path) -> None:
    authority, stamper = rsa.generate_private_key(65537, 2048), rsa.generate_private_key(65537, 2048)
    root = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test root")])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test time stamps")])
    of_root = _certificate(root, root, authority).add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    of_stamper = _certificate(name, root, stamper).add_extension(usage, True)
    of_stamper = of_stamper.add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
    (folder / "ca.pem").write_bytes(of_root.sign(authority, SHA256()).public_bytes(Encoding.PEM))
    (folder / "tsa.pem").write_bytes(of_stamper.sign(authority, SHA256()).public_bytes(Encoding.PEM))
    key = stamper.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "tsa.key").write_bytes(key)


def _certificate(subject: x509.Name, issuer: x509.Name, key: rsa.RSAPrivateKey) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    now = datetime.now(UTC)
    return builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=2))
