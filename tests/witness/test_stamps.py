"""An authority stamps the site's log of each day, and anyone can verify that with openssl."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from letters.base.ledger_logs.queries import latest_checkpoint
from letters.models import DayStamp, LedgerCheckpoint
from letters.public.witnesses.stamping import stamp_yesterday
from tests.witness.authority import Authority, openssl, running_authority
from tests.witness.conftest import SiteLog
from tests.witness.trees import Witness

pytestmark = pytest.mark.django_db
YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)
ADDRESS = f"/log/site/timestamps/{YESTERDAY}"


@pytest.fixture
def authority(settings: Settings, tmp_path: Path) -> Iterator[Authority]:
    (tmp_path / "authority").mkdir()
    with running_authority(tmp_path / "authority") as running:
        settings.TIMESTAMP_AUTHORITY = running.url
        settings.TIMESTAMP_CERTIFICATES = running.certificates.read_bytes()
        settings.WITNESSES_MAY_BE_PRIVATE = True
        yield running


@pytest.fixture
def checkpoint(site_log: SiteLog) -> LedgerCheckpoint:
    """The last checkpoint of yesterday."""
    found = latest_checkpoint(None)
    assert found
    LedgerCheckpoint.objects.update(created_at=datetime.now(UTC) - timedelta(days=1))
    return found


def verify(client: Client, authority: Authority, folder: Path, *, ending: str = "") -> str:
    """Run the command of docs/running.md."""
    (folder / "day.tsr").write_bytes(client.get(f"{ADDRESS}.tsr").content)
    (folder / "day.checkpoint").write_bytes(client.get(f"{ADDRESS}.checkpoint").content + ending.encode())
    files: list[str | Path] = [
        "-data",
        folder / "day.checkpoint",
        "-in",
        folder / "day.tsr",
        "-CAfile",
        authority.certificates,
    ]
    ended = openssl("ts", "-verify", *files)
    return ended.stdout + ended.stderr


@pytest.mark.usefixtures("checkpoint")
def test_openssl_verifies_what_the_site_offers(authority: Authority, client: Client, tmp_path: Path) -> None:
    stamp_yesterday()
    assert "Verification: OK" in verify(client, authority, tmp_path)
    with pytest.raises(AssertionError, match="message imprint mismatch"):
        verify(client, authority, tmp_path, ending="x")


def test_what_is_stamped_is_the_checkpoint_with_what_witnesses_signed(
    checkpoint: LedgerCheckpoint, authority: Authority, witness: Witness, offer: Callable[..., None], client: Client
) -> None:
    offer()
    stamp_yesterday()
    note = client.get(f"{ADDRESS}.checkpoint").content.decode()
    assert note.startswith(checkpoint.note)
    assert "\N{EM DASH} witness.example/w1 " in note.removeprefix(checkpoint.note)


@pytest.mark.usefixtures("checkpoint")
def test_a_day_is_stamped_once(authority: Authority) -> None:
    stamp_yesterday()
    stamp_yesterday()
    assert authority.asked == 1


def test_a_checkpoint_of_today_is_not_yesterdays(site_log: SiteLog, authority: Authority) -> None:
    LedgerCheckpoint.objects.update(created_at=datetime.now(UTC))
    stamp_yesterday()
    assert authority.asked == 0


@pytest.mark.usefixtures("checkpoint")
@pytest.mark.parametrize("instead", [(500, b""), (200, b""), (200, b"no DER"), (200, b"0" * 100_000)])
def test_what_is_no_time_stamp_is_not_stored_and_is_asked_for_again(
    instead: tuple[int, bytes], authority: Authority
) -> None:
    authority.instead = instead
    stamp_yesterday()
    assert not DayStamp.objects.exists()
    authority.instead = None
    stamp_yesterday()
    assert DayStamp.objects.exists()


@pytest.mark.usefixtures("checkpoint")
def test_a_time_stamp_of_something_else_is_not_stored(authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "other").write_text("another history")
    openssl("ts", "-query", "-data", tmp_path / "other", "-sha256", "-cert", "-out", tmp_path / "query")
    authority.instead = authority.answer((tmp_path / "query").read_bytes())
    stamp_yesterday()
    assert not DayStamp.objects.exists()


@pytest.mark.usefixtures("checkpoint")
def test_a_time_stamp_of_another_authority_is_not_stored(
    authority: Authority, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "stranger").mkdir()
    settings.TIMESTAMP_CERTIFICATES = Authority(tmp_path / "stranger").certificates.read_bytes()
    stamp_yesterday()
    assert not DayStamp.objects.exists()


@pytest.mark.usefixtures("checkpoint")
def test_a_time_stamp_with_another_time_is_not_stored(authority: Authority) -> None:
    stamp_yesterday(lambda: datetime.now(UTC) + timedelta(minutes=11))
    assert not DayStamp.objects.exists()


@pytest.mark.usefixtures("checkpoint")
def test_without_an_authority_nothing_is_asked(authority: Authority, settings: Settings) -> None:
    settings.TIMESTAMP_AUTHORITY = ""
    stamp_yesterday()
    assert authority.asked == 0


@pytest.mark.parametrize("day", ["2026-02-30", "9999-12-31", "0000-00-00", "2026-11-29"])
def test_a_day_without_a_time_stamp_is_not_found(day: str, client: Client) -> None:
    assert client.get(f"/log/site/timestamps/{day}.tsr").status_code == 404
    assert client.get(f"/log/site/timestamps/{day}.checkpoint").status_code == 404


@pytest.mark.usefixtures("checkpoint")
def test_time_stamps_are_for_programs_of_any_site_and_never_change(authority: Authority, client: Client) -> None:
    stamp_yesterday()
    for ending, kind in (("tsr", "application/timestamp-reply"), ("checkpoint", "text/plain; charset=utf-8")):
        answer = client.get(f"{ADDRESS}.{ending}")
        assert answer["Content-Type"] == kind
        assert answer["Access-Control-Allow-Origin"] == "*"
        assert "immutable" in answer["Cache-Control"]
        assert not answer.cookies
        assert client.post(f"{ADDRESS}.{ending}").status_code == 405
