"""Undersigned can be installed as a package, and works from any folder."""

import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from signal import SIGKILL
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from cryptography.fernet import Fernet
from django.conf import settings
from psycopg.sql import SQL, Identifier

from petition.embedded import free_port
from petition.source import archive
from tests.petition.test_requirements import declared, plain
from tests.petition.test_source import unpack
from tests.smtp import SmtpSink
from tests.stack import Web, until

BASE = Path(settings.BASE_DIR)
PACKAGES = ("letters", "petition", "undersigned_witness")
# Prints a sentence of one of our templates in Italian: template and translation were found.
SAY = """
from django.template.loader import get_template
from django.utils.translation import gettext, override
get_template("letters/public_pages/letter.html"), get_template("account/login.html")
with override("it"):
    print(gettext("Signatures"))
"""


def run(*command: str | Path, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    return subprocess.run(
        command, cwd=cwd, env=inherited | environ, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built offline, from the archive that the site offers."""
    folder = tmp_path_factory.mktemp("wheel")
    unpack(archive(BASE)[0], folder)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--no-deps", "--no-index", "--quiet"]
    ended = run(*pip, "--no-build-isolation", "--wheel-dir", folder, folder / "undersigned", cwd=folder)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def undersigned(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The console script, in a virtual environment that knows of our source only what the wheel contains."""
    folder = tmp_path_factory.mktemp("installed")
    assert run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder).returncode == 0
    python = folder / "bin" / "python"
    pip: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "--disable-pip-version-check",
        "install",
        "--no-deps",
    ]
    ended = run(*pip, "--no-index", "--quiet", wheel, cwd=folder)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    # It uses the packages of the tests, so that nothing is downloaded.
    (site_packages,) = folder.glob("lib/python*/site-packages")
    (site_packages / "requirements.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return folder / "bin" / "undersigned"


@pytest.fixture
def production(tmp_path: Path) -> dict[str, str]:
    return {
        "SECRET_KEY": "".join(map(chr, range(48, 123))),
        "ADDRESS_KEYS": Fernet.generate_key().decode(),
        "ADDRESS_HASH_KEY": "k" * 50,
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
        "VALKEY_URL": "redis://127.0.0.1:1/0",
        "EMAIL_URL": "smtp://mail.example.org:25",
        "SITE_URL": "https://letters.example.org",
        "BEHIND_PROXY": "yes",
        "SOURCE_URL": "https://code.example.org/undersigned",
    }


def test_the_wheel_holds_all_files_of_both_packages_and_no_others(wheel: Path) -> None:
    wanted = {
        str(path.relative_to(BASE))
        for package in PACKAGES
        for path in (BASE / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }
    with zipfile.ZipFile(wheel) as files:
        held = {name for name in files.namelist() if ".dist-info/" not in name}
    assert held == wanted
    assert len(wanted) > 500


def test_the_wheel_requires_what_requirements_in_declares(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as files:
        (name,) = (name for name in files.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = files.read(name).decode()
        assert any(name.endswith("/LICENSE") for name in files.namelist())
    asked = re.findall(r"^Requires-Dist: ([A-Za-z0-9_.-]+)", metadata, re.MULTILINE)
    assert {*map(plain, asked)} == declared("requirements.in")


def test_the_commands_work_from_any_folder(undersigned: Path, production: dict[str, str], tmp_path: Path) -> None:
    checked = run(undersigned, "check", "--deploy", "--fail-level", "WARNING", cwd=tmp_path, **production)
    assert (checked.returncode, checked.stderr) == (0, "")
    helped = run(undersigned, "migrate", "--help", cwd=tmp_path, **production)
    assert "usage: undersigned migrate" in helped.stdout
    said = run(undersigned, "shell", "--no-imports", "-c", SAY, cwd=tmp_path, **production)
    assert said.stdout.strip() == "Firme", said.stderr
    found = run(undersigned, "findstatic", "--first", "letters/icon.svg", cwd=tmp_path, **production)
    assert "site-packages/letters/static/letters/icon.svg" in found.stdout


def test_an_installed_package_keeps_env_and_data_where_it_is_started(
    undersigned: Path, production: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("SITE_URL=https://here.example.org\n", encoding="utf-8")
    del production["SITE_URL"]
    say = "from django.conf import settings; print(settings.SITE_URL, settings.VAR_DIR)"
    said = run(undersigned, "shell", "--no-imports", "-c", say, cwd=tmp_path, **production)
    assert said.stdout.split() == ["https://here.example.org", str(tmp_path / "var")], said.stderr


def test_an_installed_package_must_say_where_its_source_is(
    undersigned: Path, production: dict[str, str], tmp_path: Path
) -> None:
    checked = run(undersigned, "check", "--deploy", cwd=tmp_path, **production | {"SOURCE_URL": ""})
    assert checked.returncode == 1
    assert "petition.E011" in checked.stderr


@pytest.fixture
def servers() -> Iterator[dict[str, str]]:
    """A database of its own, the Valkey of the tests, and a mail server."""
    name = f"package_{uuid4().hex}"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server, SmtpSink() as sink:
        server.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
        yield {"--database-url": url, "--valkey-url": settings.VALKEY_URL, "--email-url": sink.url}
        server.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


@pytest.fixture
def started(undersigned: Path, tmp_path: Path) -> Iterator[Callable[..., None]]:
    """Start commands that keep running, and end them after the test."""
    running: list[subprocess.Popen[bytes]] = []

    def start(*words: str) -> None:
        with (tmp_path / f"{words[0]}.log").open("wb") as log:
            command = [str(undersigned), *words]
            inherited = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
            running.append(
                subprocess.Popen(command, cwd=tmp_path, env=inherited, stdout=log, stderr=log, start_new_session=True)
            )

    yield start
    for process in running:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, SIGKILL)
        process.wait()
    sys.stderr.write("".join(log.read_text() for log in tmp_path.glob("*.log")))


@pytest.mark.xdist_group("stack")
def test_a_site_starts_in_an_empty_folder(
    undersigned: Path, servers: dict[str, str], started: Callable[..., None], tmp_path: Path
) -> None:
    def call(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return run(undersigned, *words, cwd=tmp_path, **environ)

    told = {
        "--site-url": "https://letters.example.org",
        "--email-from": "Letters <letters@example.org>",
        "--source-url": "https://code.example.org/undersigned",
        **servers,
    }
    written = call("init", *(word for pair in told.items() for word in pair))
    assert (written.returncode, written.stderr) == (0, "")
    early = call("check")
    assert early.returncode == 1
    assert "Run: undersigned migrate" in early.stdout
    assert "Run: undersigned collectstatic --noinput" in early.stdout
    for words in (
        ["migrate", "--verbosity", "0"],
        ["collectstatic", "--noinput", "--verbosity", "0"],
        ["createsuperuser", "--noinput", "--email", "us@example.org"],
    ):
        ended = call(*words, DJANGO_SUPERUSER_PASSWORD="a long password of ours")
        assert ended.returncode == 0, ended.stderr
    assert "The sample letter is published." in call("sample").stdout
    late = call("check").stdout
    assert "The tables are up to date" in late
    assert "lets the site in" in late
    assert "are those of this version" in late
    web = Web(free_port())
    started("web", "--port", str(web.port))
    started("worker")
    started("beat")
    until(lambda: call("status").returncode == 0, 180)
    until(web.answers, 60)
