"""The sample configuration of nginx: no log holds a token, and an old page finds its style sheet."""

import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.storage import FileSystemStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage

from letters.shared.tokens import make_token
from petition.embedded import free_port
from tests.people import NOW
from tests.rabbit import need
from tests.stack import open_folder, until

TOKEN = make_token("confirm", signature_id=7, salt=bytes(8), now=NOW)
SAMPLE = settings.BASE_DIR / "deploy" / "nginx.conf"
MAIN = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/log/error.log debug;
events {{}}
http {{
    access_log {folder}/log/other.log;
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    {sample}
}}
"""


class Nginx:
    """nginx with the sample, except for ports, folders and certificate. No site answers behind it."""

    def __init__(self, folder: Path) -> None:
        program = need("nginx")
        self.folder, self.port, self.static = folder, free_port(), folder / "static"
        (folder / "log").mkdir()
        self.static.mkdir()
        sample = SAMPLE.read_text(encoding="utf-8")
        for old, new in {
            "listen 80;": f"listen 127.0.0.1:{free_port()};",
            "listen 443 ssl;": f"listen 127.0.0.1:{self.port};",
            "127.0.0.1:8000": f"127.0.0.1:{free_port()}",
            "/var/log/nginx/": f"{folder}/log/",
            "/srv/undersigned/var/static/": f"{self.static}/",
        }.items():
            assert old in sample
            sample = sample.replace(old, new)
        sample = re.sub(r" *ssl_certificate.*\n", "", sample)
        configuration = folder / "nginx.conf"
        configuration.write_text(MAIN.format(folder=folder, sample=sample), encoding="utf-8")
        self.process = subprocess.Popen([program, "-c", str(configuration)], stderr=subprocess.DEVNULL)
        until(lambda: self.process.poll() is None and self.ask("GET /static/nothing HTTP/1.0\r\n\r\n"), 30)

    def ask(self, raw: str) -> str:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=10) as client:
            client.sendall(raw.encode())
            answer = b""
            while more := client.recv(65536):
                answer += more
            return answer.decode(errors="replace")
        return ""

    def status(self, path: str, *headers: str, method: str = "GET") -> int:
        lines = [f"{method} {path} HTTP/1.1", "Host: letters.example.org", "Connection: close", *headers, "", ""]
        return int(self.ask("\r\n".join(lines)).split()[1])

    def logs(self) -> str:
        return "".join(path.read_text(errors="replace") for path in (self.folder / "log").iterdir())

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture
def nginx() -> Iterator[Nginx]:
    nginx = Nginx(open_folder())
    yield nginx
    nginx.stop()


@pytest.mark.parametrize(
    "path",
    [
        f"/signatures/confirm/{TOKEN}/",
        f"/it/signatures/check/{TOKEN}/",
        f"/signatures/manage/{TOKEN}/data.json",
        f"/signatures//confirm/{TOKEN}",
        f"/organize/invitations/{TOKEN}/",
        f"/organize/emails/off/daily/{TOKEN}/",
        f"/accounts/login/?next=%2Forganize%2Finvitations%2F{TOKEN}%2F",
        f"/letters/night-trains/?token={TOKEN}",
        f"/anything/{TOKEN}/",
    ],
    ids=range(9),
)
def test_no_log_holds_a_token_while_the_site_is_unavailable(nginx: Nginx, path: str) -> None:
    for method in ("GET", "POST"):
        assert nginx.status(path, "Content-Length: 0", f"Referer: https://x.org{path}", method=method) == 502
    # Requests that nginx refuses itself, and bytes that are not a request.
    assert nginx.status(path, "Content-Length: 99999999", method="POST") == 413
    assert nginx.status(path, "No colon here", "Content-Length: x") in {400, 502}
    # A missing style sheet, requested by a page with a token in its URL.
    assert nginx.status("/static/gone.css", f"Referer: https://letters.example.org{path}") == 404
    assert TOKEN not in nginx.logs()
    assert TOKEN[:20] not in nginx.logs()
    # The log still shows that the site is unavailable.
    until(lambda: re.search(r'"GET [^"]*" 502 ', nginx.logs()))


def test_public_pages_are_logged_without_an_ip_address(nginx: Nginx) -> None:
    for path in ("/letters/night-trains/signatures/", "/it/letters/night-trains/", "/"):
        nginx.status(path)
        until(lambda path=path: f'"GET {path}" 502 ' in nginx.logs())  # type: ignore[misc]
    lines = (nginx.folder / "log" / "undersigned.log").read_text(encoding="utf-8").splitlines()
    assert lines
    assert not [line for line in lines if "127.0.0.1" in line]


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/organize/letters/an-unpublished-draft/featured/17/", "/organize/(hidden)"),
        ("/moderate/letters/17/", "/moderate/(hidden)"),
        ("/site/letters/night-trains/notes/", "/site/(hidden)"),
        (f"/drafts/letters/{TOKEN.lower()}/", "/drafts/(hidden)"),
    ],
    ids=range(4),
)
def test_no_page_of_organizers_is_logged_like_a_public_one(nginx: Nginx, path: str, logged: str) -> None:
    nginx.status(path)
    until(lambda: f'"GET {logged}" 502 ' in nginx.logs(), 10)


def build(content: str, root: Path, tmp_path: Path) -> str:
    """Do what `collectstatic` does in a release; return the URL of its style sheet."""
    source = tmp_path / "source"
    source.mkdir(exist_ok=True)
    for folder in (source, root):
        (folder / "page.css").write_text(content, encoding="utf-8")
    storage = CompressedManifestStaticFilesStorage(location=str(root), base_url="/static/")
    made = storage.post_process({"page.css": (FileSystemStorage(str(source)), "page.css")})
    assert [*made]
    return str(storage.url("page.css", force=True))


def test_two_releases_find_their_style_sheets_at_the_same_time(nginx: Nginx, tmp_path: Path) -> None:
    before = build("body { color: black }", nginx.static, tmp_path)
    after = build("body { color: #111 }", nginx.static, tmp_path)
    assert before != after
    for url, colour in ((before, "black"), (after, "#111")):
        answer = nginx.ask(f"GET {url} HTTP/1.0\r\n\r\n")
        assert answer.split()[1] == "200"
        assert colour in answer
        assert "max-age=315360000" in answer


def test_an_upgrade_deletes_no_static_file() -> None:
    text = (settings.BASE_DIR / "docs" / "running.md").read_text(encoding="utf-8")
    assert "collectstatic --noinput" in text
    assert "--clear" not in text
    assert not settings.WHITENOISE_KEEP_ONLY_HASHED_FILES


def test_a_client_that_sends_half_a_request_is_cut_off(nginx: Nginx) -> None:
    """Otherwise one computer could hold all connections for a minute each."""
    with socket.create_connection(("127.0.0.1", nginx.port), timeout=15) as client:
        client.sendall(b"GET /letters/night-trains/ HTTP/1.1\r\nHost: letters.example.org\r\n")
        with suppress(ConnectionResetError):
            assert client.recv(100) == b""


def test_one_computer_sends_a_limited_number_of_requests_at_a_time(nginx: Nginx) -> None:
    head = b"POST /letters/night-trains/sign/ HTTP/1.1\r\nHost: letters.example.org\r\nContent-Length: 9\r\n\r\n"
    with ExitStack() as all_open:
        waiting = [
            all_open.enter_context(socket.create_connection(("127.0.0.1", nginx.port), timeout=5)) for _ in range(110)
        ]
        for client in waiting:
            client.sendall(head)
        assert " 429 " in nginx.ask("GET /letters/night-trains/ HTTP/1.0\r\n\r\n")
    until(lambda: " 429 " not in nginx.ask("GET /letters/night-trains/ HTTP/1.0\r\n\r\n"), 20)
