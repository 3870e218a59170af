"""`undersigned check` says who has the key of the logs, and whether one is in doubt."""

from pathlib import Path

import pytest

from letters.models import Letter
from petition import environment
from petition.checkup.signed_logs import signed_logs
from tests.ledger_logs.conftest import Append, Signing

pytestmark = pytest.mark.django_db


def said() -> str:
    return "\n".join(map(str, signed_logs()))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(environment, "HOME_DIR", tmp_path)
    return tmp_path


def test_without_a_key_nobody_can_check_the_counts(letter: Letter) -> None:
    assert "No worker has signed a log yet" in said()


def test_a_key_that_the_web_server_reads_is_a_problem(letter: Letter, home: Path) -> None:
    (home / ".env").write_text("LEDGER_KEY_FILE=/etc/undersigned/ledger.key\n")
    assert "which the web server reads" in said()


def test_a_log_in_doubt_is_named(letter: Letter, append: Append, signs: Signing, ledger_dir: Path) -> None:
    append(1)
    signs.run()
    assert "none is in doubt" in said()
    (ledger_dir / f"{letter.pk}.checkpoint").unlink()
    append(1)
    signs.run()
    assert f"These logs are in doubt: {letter.pk}." in said()
