"""Webhooks lead to the public internet and nowhere else, whatever a name resolves to and when."""

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pytest_django import Settings

from letters.organizer.webhooks import sending
from letters.organizer.webhooks.sending import Answer, send
from letters.organizer.webhooks.targets import find_target, may_connect_to
from letters.shared import outgoing
from letters.shared.outgoing import NoTarget
from tests.webhooks.conftest import Program

SECRET = sending.new_secret()


def sent_to(url: str) -> Answer:
    return send(url, SECRET, message_id="msg_1", timestamp=1, body=b"{}")


def resolving_to(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let the name hooks.example.org resolve to these addresses, one answer after the other. Return who asked."""
    asked: list[str] = []
    real, waiting = socket.getaddrinfo, list(answers)

    def answered(host: str, port: int, *args: Any, **more: Any) -> list[Any]:
        if host != "hooks.example.org":
            return real(host, port, *args, **more)
        asked.append(host)
        found = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", answered)
    return asked


@pytest.mark.parametrize(
    "address",
    [
        *["127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1"],  # noqa: S104 -- refused
        # Link-local with the metadata services of clouds, CGNAT, benchmarks, documentation, relays, multicast.
        *["169.254.169.254", "100.64.0.1", "100.100.100.200", "198.18.0.1", "192.0.2.1", "203.0.113.9"],
        *["192.0.0.192", "192.88.99.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255"],
        *["::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1"],
        # These stand for addresses of IPv4: mapped, compatible, translated (NAT64), 6to4 and Teredo.
        *["::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::a00:1"],
        *["2002:7f00:1::", "2002:808:808::1", "2001:0:53aa:64c::1", "2001:db8::1", "3fff::1", "100::1", "5f00::1"],
        *["", "localhost", "0x7f000001", "2130706433"],
    ],
)
def test_no_address_that_is_not_public_is_connected_to(address: str) -> None:
    assert not may_connect_to(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "2a00:1450::1"]
)
def test_public_addresses_are_connected_to(address: str) -> None:
    assert may_connect_to(address)


@pytest.mark.parametrize("found", [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], []])
def test_one_address_that_is_not_public_refuses_the_name(found: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    resolving_to(monkeypatch, found)
    assert sent_to("https://hooks.example.org/") == Answer(error="not_public")


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://8.8.8.8/", "not_https"),
        ("ftp://8.8.8.8/", "not_https"),
        ("https://8.8.8.8:22/", "port"),
        ("https://127.0.0.1/", "not_public"),
        ("https://[::1]/", "not_public"),
        ("https://[::ffff:127.0.0.1]/", "not_public"),
        # Spellings of 127.0.0.1 that resolvers understand.
        ("https://2130706433/", "not_public"),
        ("https://0x7f.1/", "not_public"),
        ("https://nowhere.invalid/", "unresolved"),
        (f"https://{'a' * 70}.example/", "unresolved"),
    ],
)
def test_other_addresses_are_refused_before_anything_is_sent(
    url: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise AssertionError("It connected.")

    monkeypatch.setattr(socket, "create_connection", fail)
    assert sent_to(url) == Answer(error=code)


def test_a_port_can_be_allowed(settings: Settings) -> None:
    settings.WEBHOOK_PORTS = [443, 8443]
    assert find_target("https://8.8.8.8:8443/x?y=1").path == "/x?y=1"
    with pytest.raises(NoTarget, match="port"):
        find_target("https://8.8.8.8:80/")


def test_the_setting_that_reaches_this_machine_is_off(settings: Settings) -> None:
    assert settings.WEBHOOKS_REACH_THIS_MACHINE is False


@pytest.mark.usefixtures("reaching_this_machine")
def test_a_name_is_resolved_once_and_the_connection_goes_to_the_checked_address(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the second answer for the name would be another address."""
    asked = resolving_to(monkeypatch, ["127.0.0.1"], ["10.0.0.1"])
    assert sent_to(f"http://hooks.example.org:{program.port}/") == Answer(204)
    assert asked == ["hooks.example.org"]
    assert program.messages[0].headers["host"] == f"hooks.example.org:{program.port}"


@pytest.mark.usefixtures("reaching_this_machine")
def test_a_redirect_is_not_followed(program: Program) -> None:
    program.status, program.more = 302, {"Location": f"{program.url}&again=1"}
    assert sent_to(program.url) == Answer(302)
    assert len(program.messages) == 1


@pytest.mark.usefixtures("reaching_this_machine")
def test_no_proxy_of_the_environment_is_used(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    assert sent_to(program.url) == Answer(204)


@pytest.mark.usefixtures("reaching_this_machine")
def test_a_server_that_hangs_is_left(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    monkeypatch.setattr(outgoing, "STEP_SECONDS", 0.2)
    program.before = release.wait
    assert sent_to(program.url) == Answer(error="timeout")
    release.set()


@pytest.fixture
def dripping() -> Iterator[int]:
    """A server that answers with one byte after another, without end. Returns its port."""
    over = threading.Event()
    server = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        connection, _ = server.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\nx-slow: ")
            while not over.wait(0.02):
                try:
                    connection.sendall(b"x")
                except OSError:
                    return

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    yield server.getsockname()[1]
    over.set()
    thread.join()
    server.close()


@pytest.mark.usefixtures("reaching_this_machine")
def test_a_server_that_drips_is_left_too(dripping: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "MAX_SECONDS", 0.3)
    began = time.monotonic()
    assert sent_to(f"http://127.0.0.1:{dripping}/") == Answer(error="timeout")
    assert time.monotonic() - began < outgoing.STEP_SECONDS


@pytest.mark.usefixtures("reaching_this_machine")
def test_what_is_no_answer_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def babble() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"220 mail.example.org ESMTP\r\n")

        thread = threading.Thread(target=babble, daemon=True)
        thread.start()
        assert sent_to(f"http://127.0.0.1:{port}/") == Answer(error="unreachable")
        thread.join()
    assert sent_to(f"http://127.0.0.1:{port}/") == Answer(error="unreachable")


# HTTPS


@pytest.fixture
def https(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, list[str | None]]]:
    """A server with a certificate for hooks.example.org that we trust. Returns its port and the names asked for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hooks.example.org")])
    now = datetime.now(tz=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.example.org")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (tmp_path / "server.pem").write_bytes(
        key.private_bytes(pem, form, serialization.NoEncryption()) + certificate.public_bytes(pem)
    )
    ours = ssl.create_default_context(cafile=str(tmp_path / "server.pem"))
    monkeypatch.setattr(outgoing, "tls_context", lambda: ours)
    context, over = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), threading.Event()
    context.load_cert_chain(tmp_path / "server.pem")
    names: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.05)

    def serve() -> None:
        while not over.is_set():
            try:
                connection, _ = server.accept()
            except TimeoutError:
                continue
            connection.settimeout(5)
            try:
                with context.wrap_socket(connection, server_side=True) as secure:
                    received = b""
                    while not received.endswith(b"{}"):
                        received += secure.recv(65536)
                    secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            except OSError:
                connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield server.getsockname()[1], names
    over.set()
    thread.join()
    server.close()


@pytest.mark.usefixtures("reaching_this_machine")
def test_the_certificate_must_be_for_the_name_although_the_connection_goes_to_an_address(
    https: tuple[int, list[str | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, names = https
    resolving_to(monkeypatch, ["127.0.0.1"])
    assert sent_to(f"https://hooks.example.org:{port}/") == Answer(200)
    assert names == ["hooks.example.org"]
    assert sent_to(f"https://127.0.0.1:{port}/") == Answer(error="certificate")


@pytest.mark.usefixtures("reaching_this_machine")
def test_the_usual_context_trusts_no_certificate_of_its_own(
    https: tuple[int, list[str | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving_to(monkeypatch, ["127.0.0.1"])
    monkeypatch.setattr(outgoing, "tls_context", ssl.create_default_context)
    assert sent_to(f"https://hooks.example.org:{https[0]}/") == Answer(error="certificate")


def test_every_address_of_ipv6_outside_2000_is_refused() -> None:
    first = [int(outgoing.GLOBAL_IPV6.network_address) - 1, int(outgoing.GLOBAL_IPV6.broadcast_address) + 1]
    assert not any(may_connect_to(str(ipaddress.IPv6Address(each))) for each in first)
