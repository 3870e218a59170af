"""Signers that are killed, or that work at once, and a web server that someone has taken over."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from letters.models import LedgerCheckpoint, Letter
from letters.public.ledger import signing
from letters.shared.notes import parse_checkpoint
from letters.shared.sql import fetch_one
from petition.first_steps import write_ledger_key
from tests.ledger_logs.conftest import SECRET, Append, Signing, log_of
from tests.people import in_threads
from tests.stack import _test_database, until

pytestmark = pytest.mark.django_db(transaction=True)

OTHERS_AT_WORK = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
    AND (state LIKE 'idle in transaction%%' OR state = 'active')
"""
# A worker that ends with SIGKILL when it comes to a function.
KILLED = """
import os, signal, sys
import django
django.setup()
from datetime import datetime, UTC
from letters.public.ledger import memory, signing
def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
place = sys.argv[1]
if place == "before the file":
    memory.remember = die
elif place == "in the file":
    memory.os.fsync = die
elif place == "after the file":
    signing._store_tiles = die
elif place == "before the commit":
    signing.THIN = "SELECT pg_terminate_backend(pg_backend_pid()) WHERE %(log)s > 0 AND %(before)s IS NOT NULL"
elif place == "after the commit":
    done = signing._sign_some
    def once(*given, **named):
        done(*given, **named)
        die()
    signing._sign_some = once
signing.sign_logs(now=datetime.now(UTC))
"""


def run(code: str, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "petition.settings", "DATABASE_URL": _test_database()} | environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    "place", ["before the file", "in the file", "after the file", "before the commit", "after the commit"]
)
def test_a_signer_that_is_killed_makes_no_second_history(
    letter: Letter, append: Append, signs: Signing, ledger_dir: Path, place: str
) -> None:
    append(300)
    signs.run()
    append(10)
    ended = run(KILLED, place, LEDGER_KEY=SECRET, LEDGER_DIR=str(ledger_dir))
    assert ended.returncode == (1 if place == "before the commit" else -signal.SIGKILL), ended.stderr
    # Race: until PostgreSQL notices that the signer has ended, it keeps the lock on the log.
    until(lambda: fetch_one(OTHERS_AT_WORK, {})[0] == 0)
    append(10)
    signs.run()
    log = log_of(letter)
    # After a commit, that log was signed just now.
    assert (log.doubt, log.size) == ("", 310 if place == "after the commit" else 320)
    kept, _ = parse_checkpoint((ledger_dir / f"{letter.pk}.checkpoint").read_text(encoding="utf-8"))
    assert kept == log.checkpoint()


def test_two_signers_at_once_make_one_history(letter: Letter, append: Append, signs: Signing) -> None:
    append(300)
    signs.run()
    log, keys = log_of(letter), signing.keys_to_use(now=signs.now)
    for _ in range(5):
        append(20)
        in_threads(lambda _: signing.sign_log(log.pk, keys, now=signs.now), range(4), threads=4)
    assert (log_of(letter).doubt, log_of(letter).size) == ("", 400)
    sizes = list(LedgerCheckpoint.objects.filter(log=log).order_by("size").values_list("size", flat=True))
    assert sizes == [300, 320, 340, 360, 380, 400]


WEB = """
from petition.wsgi import application
from letters.public.ledger.keys import NoKey, signers
try:
    signers()
except NoKey:
    import os
    print("no key", [name for name in os.environ if "LEDGER_KEY" in name])
"""


@pytest.mark.parametrize("name", ["LEDGER_KEY", "LEDGER_KEY_FILE"])
def test_a_stolen_web_process_cannot_sign(tmp_path: Path, name: str) -> None:
    write_ledger_key(tmp_path / "ledger.key")
    value = SECRET if name == "LEDGER_KEY" else str(tmp_path / "ledger.key")
    ended = run(WEB, **{name: value})
    assert ended.stdout == "no key []\n", ended.stderr


DEPLOY = settings.BASE_DIR / "deploy"


def test_in_containers_only_the_worker_has_the_key_and_the_folder() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]
    assert [name for name, service in services.items() if "ledger_key" in str(service)] == ["worker"]
    assert [name for name, service in services.items() if "ledger:" in str(service.get("volumes"))] == ["worker"]


def test_under_systemd_only_the_worker_has_the_key_and_the_folder() -> None:
    units = {unit.stem: unit.read_text(encoding="utf-8") for unit in (DEPLOY / "systemd").glob("*.service")}
    assert [name for name, text in units.items() if "ledger.key" in text] == ["undersigned-worker"]
    assert "InaccessiblePaths=-/var/lib/undersigned/ledger" in units["undersigned-web"]
