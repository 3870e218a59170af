"""No process starts with keys that do not match the data: an unrecognised signer could sign twice."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from pytest_django import Settings

from letters.base.keyring.operations import WrongKeys, know_keys
from letters.base.keyring.queries import fingerprint, wrong_keys
from letters.models import KeyFingerprint, Letter
from petition.embedded import free_port
from tests.people import NOW, sign
from tests.stack import Parts

OTHER = "another key, which is long enough to be one for production too"
PROGRAMS: dict[str, list[str]] = {
    "web": ["-c", "import petition.wsgi"],
    "worker": ["-m", "celery", "-A", "petition", "worker", "--pool", "solo"],
    "clock": ["-m", "celery", "-A", "petition", "beat"],
}


@pytest.fixture
def known(transactional_db: None) -> None:
    KeyFingerprint.objects.all().delete()
    know_keys(now=NOW)


def test_the_right_keys_are_noted_once_however_often_a_process_starts(known: None) -> None:
    before = KeyFingerprint.objects.count()
    know_keys(now=NOW)
    assert KeyFingerprint.objects.count() == before == 3
    assert wrong_keys() == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("ADDRESS_HASH_KEY", OTHER), ("ADDRESS_KEYS", [Fernet.generate_key().decode()]), ("SECRET_KEY", OTHER)],
)
def test_a_wrong_key_is_named_and_not_shown(known: None, settings: Settings, name: str, value: object) -> None:
    setattr(settings, name, value)
    with pytest.raises(WrongKeys) as wrong:
        know_keys(now=NOW)
    assert str(wrong.value).startswith(f"{name} is not what this database was written with: with this ")
    assert "python manage.py accept_keys" in str(wrong.value)
    assert str(value) not in str(wrong.value)
    for command in ("reencrypt_addresses", "load_sample"):
        with pytest.raises(CommandError, match=name):
            call_command(command)


def test_a_fingerprint_reveals_nothing_about_its_key_and_depends_on_the_purpose(known: None) -> None:
    assert fingerprint("ADDRESS_HASH_KEY", OTHER) != fingerprint("SECRET_KEY", OTHER)
    stored = "".join(KeyFingerprint.objects.values_list("fingerprint", flat=True))
    assert django_settings.ADDRESS_HASH_KEY not in stored


def test_an_intended_change_is_accepted(known: None, settings: Settings) -> None:
    settings.ADDRESS_HASH_KEY = OTHER
    call_command("accept_keys")
    assert wrong_keys() == []


def test_the_secret_key_can_be_changed_if_the_old_one_is_a_fallback(known: None, settings: Settings) -> None:
    old, settings.SECRET_KEY = settings.SECRET_KEY, OTHER
    settings.SECRET_KEY_FALLBACKS = [old]
    know_keys(now=NOW)
    settings.SECRET_KEY_FALLBACKS = []
    assert wrong_keys() == []


def test_an_old_key_for_addresses_is_needed_until_nothing_is_stored_under_it(
    known: None, letter: Letter, settings: Settings
) -> None:
    sign(letter)
    (old,), new = settings.ADDRESS_KEYS, Fernet.generate_key().decode()
    settings.ADDRESS_KEYS = [new, old]
    know_keys(now=NOW)
    settings.ADDRESS_KEYS = [new]
    assert wrong_keys() == ["ADDRESS_KEYS"]
    settings.ADDRESS_KEYS = [new, old]
    call_command("reencrypt_addresses")
    settings.ADDRESS_KEYS = [new]
    assert wrong_keys() == []


@pytest.fixture
def start(transactional_db: None, tmp_path: Path) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    def start(part: str, **environ: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, *PROGRAMS[part]],
            env=os.environ | Parts(tmp_path).environ | environ,
            cwd=django_settings.BASE_DIR,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return start


@pytest.mark.parametrize("part", PROGRAMS)
def test_no_process_starts_with_a_wrong_key(
    known: None, start: Callable[..., "subprocess.CompletedProcess[str]"], part: str
) -> None:
    ended = start(part, ADDRESS_HASH_KEY=OTHER)
    assert ended.returncode != 0
    assert "Undersigned does not start: ADDRESS_HASH_KEY is not what this database was written with" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_unavailable_database_does_not_prevent_a_start(
    start: Callable[..., "subprocess.CompletedProcess[str]"],
) -> None:
    ended = start("web", DATABASE_URL=f"postgresql://nobody@127.0.0.1:{free_port()}/nothing")
    assert ended.returncode == 0, ended.stderr
    assert "The keys could not be compared with the database yet" in ended.stderr
