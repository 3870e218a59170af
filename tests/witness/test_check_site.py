"""What docs/check-a-letter.md says about the site's log: with a real witness, and real time stamps."""

import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from letters.models import LedgerCheckpoint, Letter
from letters.public.witnesses.stamping import stamp_yesterday
from letters.shared.tlog import tile_path
from tests.checking import PAGE, checked, objection
from tests.record_files import Record
from tests.test_check_a_letter import served
from tests.witness.authority import Authority, openssl
from tests.witness.conftest import SiteLog
from tests.witness.test_stamps import authority
from tests.witness.trees import new_witness

__all__ = ["authority"]
pytestmark = pytest.mark.django_db


@dataclass
class Published:
    """The public files of the logs, in a folder that a server of files sends."""

    folder: Path
    url: str
    client: Client

    def save(self, letter: Letter) -> None:
        """Save what the site sends now."""
        for name in ("site", str(letter.pk)):
            note = self.save_file(f"log/{name}/checkpoint").read_text(encoding="utf-8")
            self.save_file(f"log/{name}/vkeys.txt")
            size = int(note.splitlines()[1])
            self.save_file(f"log/{name}/{tile_path('entries', 0, size)}")

    def save_file(self, path: str) -> Path:
        answer = self.client.get(f"/{path}")
        assert answer.status_code == 200, path
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(answer.content)
        return file


@pytest.fixture
def published_files(tmp_path: Path, client: Client) -> Iterator[Published]:
    (tmp_path / "files").mkdir()
    with served(tmp_path / "files") as address:
        yield Published(tmp_path / "files", f"{address}/", client)


@pytest.mark.usefixtures("witness")
def test_the_script_finds_what_a_witness_has_cosigned(
    offer: Callable[..., None], letter: Letter, published_files: Published, settings: Settings
) -> None:
    offer()
    published_files.save(letter)
    ((key, _),) = settings.WITNESSES
    said = checked("check_site.py", published_files.url, str(letter.pk), key)
    lines = said.splitlines()
    assert lines[0].endswith("/log/site 3 entries about 1 records")
    assert lines[1].endswith(f"/log/{letter.pk} continues all 3 states in the log of the site")
    cosigned_at = datetime.fromisoformat(lines[2].removeprefix("witness.example/w1 has cosigned this state: "))
    assert abs(cosigned_at - datetime.now(UTC)) < timedelta(minutes=10)
    assert lines[3:] == ["Everything agrees."]


@pytest.mark.usefixtures("site_log")
def test_it_objects_to_a_state_without_the_cosignature_of_a_witness(
    letter: Letter, published_files: Published, tmp_path: Path
) -> None:
    published_files.save(letter)
    (key, _) = new_witness(tmp_path / "stranger")
    assert "has not cosigned this state" in objection("check_site.py", published_files.url, str(key))


@pytest.mark.usefixtures("site_log")
def test_it_objects_to_a_letter_whose_record_the_site_has_rewritten(letter: Letter, published_files: Published) -> None:
    published_files.save(letter)
    origin = (published_files.folder / f"log/{letter.pk}/checkpoint").read_text().splitlines()[0]
    other = Record(published_files.folder / "other", origin)
    # It is longer than the true one.
    other.add(*(f"withdraw {number}" for number in range(20)))
    other.sign()
    (published_files.folder / f"log/{letter.pk}").rename(published_files.folder / "first")
    (published_files.folder / "other").rename(published_files.folder / f"log/{letter.pk}")
    (published_files.folder / f"log/{letter.pk}/vkeys.txt").write_text(other.keys)
    assert f"{origin} was changed" in objection("check_site.py", published_files.url, str(letter.pk))


def test_the_commands_check_a_time_stamp(
    site_log: SiteLog, authority: Authority, letter: Letter, published_files: Published
) -> None:
    now = datetime.now(UTC)
    yesterday = now.date() - timedelta(days=1)
    LedgerCheckpoint.objects.update(created_at=now - timedelta(days=1))
    stamp_yesterday(lambda: now)
    assert published_files.client.get("/log/site/timestamps/").content.decode() == f"{yesterday}\n"
    site_log.grow()
    published_files.save(letter)
    *fetches, verify, check = commands(str(yesterday))
    for fetch in fetches:
        published_files.save_file(fetch[-1].removeprefix("https://letters.example.org/"))
    stamps = published_files.folder / "log/site/timestamps"
    (stamps / "authority.pem").write_bytes(authority.certificates.read_bytes())
    assert verify[0] == "openssl"
    ended = openssl(*(stamps / word if (stamps / word).is_file() else word for word in verify[1:]))
    assert "Verification: OK" in ended.stdout + ended.stderr
    assert check[:2] == ["python", "check_site.py"]
    kept = stamps / check[-1]
    assert "is the beginning of this log, with 3 entries" in checked("check_site.py", published_files.url, str(kept))
    kept.write_text(kept.read_text().replace("\n3\n", "\n2\n", 1))
    assert "has changed since" in objection("check_site.py", published_files.url, str(kept))


def commands(day: str) -> list[list[str]]:
    """Return the commands of the page about a time stamp, for another day, as words."""
    page = PAGE.read_text(encoding="utf-8")
    found = re.search(r"<!-- time stamp: begin -->\s+```sh\n(.*?)```", page, re.DOTALL)
    assert found
    return [shlex.split(line) for line in found[1].replace("2026-11-30", day).splitlines()]


def test_the_page_about_counting_links_to_the_days_if_there_is_an_authority(client: Client, settings: Settings) -> None:
    link = '<a href="/log/site/timestamps/">'
    assert link not in client.get("/how-we-count/").content.decode()
    settings.TIMESTAMP_AUTHORITY = "https://stamps.example.org/"
    assert link in client.get("/how-we-count/").content.decode()
