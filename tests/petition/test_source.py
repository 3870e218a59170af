"""Users of the site can have its source, and nothing else from its folder."""

import io
import re
import tarfile
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

from letters.models import Letter
from petition.source import archive
from tests.people import Reader

BASE = Path(django_settings.BASE_DIR)


def names(packed: bytes) -> set[str]:
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as files:
        return {entry.name.removeprefix("undersigned/") for entry in files.getmembers()}


def unpack(packed: bytes, folder: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as files:
        files.extractall(folder, filter="data")


def test_the_archive_holds_what_is_needed_to_run_the_site() -> None:
    found = names(Reader().get("/source.tar.gz").getvalue())
    assert {"LICENSE", "manage.py", "Makefile", "requirements.txt", "petition/source.py"} <= found
    assert {"letters/templates/base.html", "letters/static/letters/base.css"} <= found
    assert "letters/locale/it/LC_MESSAGES/django.po" in found
    wanted = {str(path.relative_to(BASE)) for path in (BASE / "letters").rglob("*.py")}
    assert wanted <= found


def test_the_archive_contains_nothing_else(tmp_path: Path) -> None:
    secret = [
        ".env",
        "var/laptop.json",
        "var/keys.py",
        "letters/.env",
        "letters/.hidden/a.py",
        "letters/key.pem",
        "a.py",
    ]
    for name in [*secret, "letters/a.py", "letters/__pycache__/a.py", "petition/db.sqlite3", "letters/dump.sql"]:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x", encoding="utf-8")
    (tmp_path / "letters/link.py").symlink_to(tmp_path / ".env")
    assert names(archive(tmp_path)[0]) == {"letters/a.py"}


def test_every_process_packs_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "manage.py").write_text("x", encoding="utf-8")
    first = archive(tmp_path)
    archive.cache_clear()
    assert archive(tmp_path) == first


def test_a_client_that_has_the_archive_gets_a_304() -> None:
    reader = Reader()
    etag = reader.get("/source.tar.gz").headers["ETag"]
    again = reader.client.get("/source.tar.gz", headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")


def test_an_operator_may_name_another_place(settings: Settings) -> None:
    settings.SOURCE_URL = "https://code.example.org/ours"
    answer = Reader().get("/source.tar.gz")
    assert (answer.status_code, answer.headers["Location"]) == (302, "https://code.example.org/ours")


@pytest.mark.parametrize(("url", "href"), [("", "/source.tar.gz"), ("https://code.example.org/?a=1&b", "")])
def test_public_pages_link_to_the_source(letter: Letter, settings: Settings, url: str, href: str) -> None:
    settings.SOURCE_URL = url
    wanted = href or "https://code.example.org/?a=1&amp;b"
    pages = ["/", "/it/", "/letters/night-trains/", "/letters/night-trains/signatures/", "/letters/night-trains/link/"]
    for page in [*pages, "/letters/night-trains/history/", "/nothing/here/"]:
        assert f'<a href="{wanted}">' in Reader().get(page).content.decode(), page


def test_the_licence_is_there_in_full() -> None:
    text = (BASE / "LICENSE").read_text(encoding="utf-8")
    assert text.split("\n")[0].strip() == "GNU AFFERO GENERAL PUBLIC LICENSE"
    assert "Version 3, 19 November 2007" in text
    assert [int(number) for number in re.findall(r"^  (\d+)\. [A-Z]", text, re.MULTILINE)] == [*range(18)]
    assert "END OF TERMS AND CONDITIONS" in text
    assert "How to Apply These Terms to Your New Programs" in text
    # The text that the Free Software Foundation publishes, byte for byte.
    assert len(text.encode()) == 34523
