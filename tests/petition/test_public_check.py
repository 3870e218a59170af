"""`undersigned check --url` asks the site as readers do, and notices proxies that let readers invent their address."""

import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.core.signing import TimestampSigner
from django.test.client import Client
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from petition.checkup import public, seen
from petition.checkup.findings import Finding, Verdict
from petition.embedded import free_port


def problems(url: str) -> list[str]:
    return [str(finding) for finding in public.public_site(url) if finding.verdict is Verdict.WRONG]


@pytest.mark.django_db(transaction=True)
class TestASite:
    def test_without_proxies_it_says_that_readers_need_https(self, live_server: LiveServer) -> None:
        assert any("has no HTTPS" in found for found in problems(live_server.url))

    def test_an_address_that_readers_can_invent_is_a_problem(self, live_server: LiveServer, settings: Settings) -> None:
        """One proxy is trusted, and none has added the address that connected to it."""
        settings.TRUSTED_PROXIES = 1
        assert any("Readers can invent the address" in found for found in problems(live_server.url))
        settings.TRUSTED_PROXIES = 0
        assert not any("Readers can invent the address" in found for found in problems(live_server.url))

    def test_a_site_with_another_key_says_nothing(self, live_server: LiveServer, settings: Settings) -> None:
        found = list(public.public_site(live_server.url))
        assert any("counts this machine as 127.0.0.1" in str(each) for each in found)
        sent = seen.token()
        settings.SECRET_KEY = "another key, which is as long as the one that was there before"
        answer = Client().get("/healthz", headers={seen.HEADER: sent})
        assert (answer.status_code, answer.content) == (200, b"ok")


def test_an_answer_needs_the_key_and_ends_after_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    for sent in ("", "seen", "seen:1:nonsense", "seen:ä:ä", ":" * 9000):
        assert Client().get("/healthz", headers={seen.HEADER: sent}).content == b"ok"
    sent = seen.token()
    assert Client().get("/healthz", headers={seen.HEADER: sent}).json() == {"address": "127.0.0.1", "https": False}
    monkeypatch.setattr(seen, "ANSWER_SECONDS", -1)
    assert Client().get("/healthz", headers={seen.HEADER: sent}).content == b"ok"


def test_an_answer_says_nothing_but_how_one_request_has_come() -> None:
    sent = {seen.HEADER: seen.token(), "Host": "someone.example", "Via": "1.1 proxy"}
    answer = Client().get("/healthz", headers=sent)
    assert answer.json() == {"address": "127.0.0.1", "https": False}
    assert answer.headers["Cache-Control"] == "no-store"
    assert Client().get("/healthz/", headers=sent).status_code != 200


def test_what_is_signed_for_another_purpose_gets_no_answer() -> None:
    for other in (TimestampSigner().sign("seen"), TimestampSigner(salt="undersigned check").sign("other")):
        assert Client().get("/healthz", headers={seen.HEADER: other}).content == b"ok"


def test_a_site_that_does_not_answer_is_a_problem() -> None:
    (found,) = problems(f"http://127.0.0.1:{free_port()}")
    assert "does not answer" in found


@pytest.fixture
def self_signed(tmp_path: Path) -> Iterator[str]:
    """The address of a server whose certificate nobody has signed."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "us")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    pem = tmp_path / "server.pem"
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, *plain)
        + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    )
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign] # the client hangs up, as it should
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_certificate_that_browsers_refuse_is_a_problem(self_signed: str) -> None:
    (found,) = problems(self_signed)
    assert "The certificate of" in found
    assert "is not valid" in found


def ask(name: str, kind: str) -> list[str]:
    return {("org.", "NS"): ["a."], ("letters.example.org", "A"): ["192.0.2.1"]}.get((name, kind), [])


@pytest.mark.parametrize(
    ("hosts", "site", "said"),
    [
        (["letters.example.org"], "https://letters.example.org", []),
        (["www.example.org"], "https://letters.example.org", ["does not answer to its own name, letters.example.org"]),
        (["*"], "https://letters.example.org", ["answers to every host name"]),
        (["other.example.org"], "https://other.example.org", ["other.example.org has no address in DNS"]),
    ],
)
def test_the_name_of_the_site_must_be_known(settings: Settings, hosts: list[str], site: str, said: list[str]) -> None:
    settings.LAPTOP, settings.ALLOWED_HOSTS, settings.SITE_URL = False, hosts, site
    found: list[Finding] = [each for each in public.host_names(ask) if each.verdict is Verdict.WRONG]
    assert len(found) == len(said)
    assert all(words in each.what for words, each in zip(said, found, strict=True))
