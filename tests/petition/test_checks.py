"""The site does not start with unsafe settings, and says what to do about them."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.conf import settings as django_settings
from django.core.checks import Tags, run_checks
from pytest_django import Settings

from petition.checks import refuse_unsafe_boot

LONG = "a secret of more than fifty characters, as production wants it"
SAFE: dict[str, Any] = {
    "LAPTOP": False,
    "DEBUG": False,
    "SECRET_KEY": LONG,
    "EMAIL_SERVER": {"host": "mail.example.org"},
    "HTTPS": True,
}


@pytest.fixture
def production(settings: Settings) -> Settings:
    """Settings that are safe in production."""
    for name, value in SAFE.items():
        setattr(settings, name, value)
    return settings


def found() -> list[str]:
    return sorted(str(message.id) for message in run_checks(tags=[Tags.security]) if message.is_serious())


def test_safe_settings_are_found_safe(production: Settings) -> None:
    assert found() == []
    refuse_unsafe_boot()


@pytest.mark.parametrize(
    ("setting", "value", "error"),
    [
        ("SECRET_KEY", "", "petition.E001"),
        ("ADDRESS_KEYS", [], "petition.E002"),
        ("ADDRESS_KEYS", [Fernet.generate_key().decode(), "short"], "petition.E002"),
        ("ADDRESS_KEYS", ["ключ"], "petition.E002"),
        ("ADDRESS_HASH_KEY", "", "petition.E003"),
        ("ADDRESS_HASH_KEY", "x" * 31, "petition.E003"),
        ("VALKEY_URL", "", "petition.E005"),
        ("DEBUG", True, "petition.E006"),
        ("EMAIL_SERVER", {}, "petition.E007"),
        ("HTTPS", False, "petition.E008"),
        ("SECRET_KEY", "x" * 49, "petition.E009"),
    ],
)
def test_each_unsafe_setting_has_its_error(production: Settings, setting: str, value: object, error: str) -> None:
    setattr(production, setting, value)
    assert found() == [error]
    with pytest.raises(SystemExit) as refusal:
        refuse_unsafe_boot()
    lines = str(refusal.value).splitlines()
    assert lines[0] == "Undersigned does not start, because it would not be safe:"
    assert len(lines) == 2
    assert lines[1].startswith(f"  {error}: ")


def test_a_provider_can_replace_a_mail_server(production: Settings) -> None:
    production.EMAIL_SERVER, production.EMAIL_PROVIDER = {}, {"name": "postmark"}
    assert found() == []


def test_a_missing_proxy_setting_gives_a_warning(production: Settings) -> None:
    assert [message.id for message in run_checks(tags=[Tags.security])] == ["petition.W001"]
    refuse_unsafe_boot()
    production.TRUSTED_PROXIES = 1
    assert run_checks(tags=[Tags.security]) == []


def test_a_missing_database_has_its_error(production: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(django_settings.DATABASES, "default", {})
    assert found() == ["petition.E004"]


def test_all_errors_are_shown_at_once_each_with_a_hint(production: Settings) -> None:
    production.SECRET_KEY = ""
    production.DEBUG = True
    production.EMAIL_SERVER = {}
    production.ADDRESS_KEYS = []
    messages = run_checks(tags=[Tags.security])
    assert found() == ["petition.E001", "petition.E002", "petition.E006", "petition.E007"]
    assert all(message.hint for message in messages)


def test_no_error_shows_a_secret(production: Settings) -> None:
    production.SECRET_KEY = "hunter2"
    production.ADDRESS_KEYS = ["hunter2"]
    production.ADDRESS_HASH_KEY = "hunter2"
    assert "hunter2" not in "".join(map(str, run_checks(tags=[Tags.security])))
    with pytest.raises(SystemExit) as refusal:
        refuse_unsafe_boot()
    assert "hunter2" not in str(refusal.value)


def test_a_laptop_needs_neither_email_nor_https(production: Settings) -> None:
    production.LAPTOP = True
    production.EMAIL_SERVER = {}
    production.HTTPS = False
    production.DEBUG = True
    production.SECRET_KEY = "short"
    assert found() == []


def test_files_of_a_laptop_do_not_turn_a_server_into_one(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings.LAPTOP
    refuse_unsafe_boot()
    monkeypatch.delenv("LAPTOP")
    with pytest.raises(SystemExit, match=r"petition\.E010: SECRET_KEY is not set.* contains the keys of a laptop"):
        refuse_unsafe_boot()


@pytest.mark.parametrize(
    "program",
    [
        ["-c", "import petition.wsgi"],
        ["-m", "celery", "-A", "petition", "worker", "--pool", "solo"],
    ],
)
def test_neither_the_server_nor_the_worker_starts_in_production_without_its_settings(
    program: list[str], tmp_path: Path
) -> None:
    inherited = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    # Empty counts as unset, and keeps a developer's .env out.
    unset = dict.fromkeys(["LAPTOP", "SECRET_KEY", "ADDRESS_KEYS", "DATABASE_URL", "EMAIL_URL", "SITE_URL"], "")
    environ = {**inherited, **unset, "VALKEY_URL": "redis://127.0.0.1:1/0", "DEBUG": "1", "VAR_DIR": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, *program],
        env=environ,
        cwd=django_settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode != 0
    assert "Undersigned does not start, because it would not be safe:" in ended.stderr
    assert "petition.E001: SECRET_KEY is not set." in ended.stderr
    assert "petition.E006: DEBUG is on." in ended.stderr
    assert "Traceback" not in ended.stderr


def test_check_deploy_finds_nothing_on_a_configured_site(tmp_path: Path) -> None:
    inherited = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    environ = {
        **inherited,
        "LAPTOP": "",
        "DEBUG": "",
        "SECRET_KEY": "".join(map(chr, range(48, 123))),
        "ADDRESS_KEYS": Fernet.generate_key().decode(),
        "ADDRESS_HASH_KEY": LONG,
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
        "VALKEY_URL": "redis://127.0.0.1:1/0",
        "EMAIL_URL": "smtp://mail.example.org:25",
        "SITE_URL": "https://letters.example.org",
        "BEHIND_PROXY": "yes",
        "VAR_DIR": str(tmp_path),
    }
    ended = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        env=environ,
        cwd=django_settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "System check identified no issues (2 silenced)." in ended.stdout
