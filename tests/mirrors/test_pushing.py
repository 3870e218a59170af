"""Copies are sent to real places: a folder, a git repository, and a web server that takes PUT."""

import base64
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from zipfile import ZipFile

import pytest
from dulwich.objects import Commit
from dulwich.refs import Ref
from dulwich.repo import Repo
from pytest_django import Settings

from letters.models import BundlePush, Letter, Signature
from letters.public.mirrors.tasks import push_bundles
from letters.shared.mirror_places import WrongPlace, read_places
from letters.signer.signing.operations import withdraw_signature
from tests.mirrors.conftest import Make
from tests.people import NOW, add_published, publish

LATER = NOW + timedelta(minutes=2)


@dataclass
class FileServer:
    """A web server that stores what it gets."""

    port: int = 0
    stored: dict[str, bytes] = field(default_factory=dict)
    users: set[str] = field(default_factory=set)
    status: int = 201


@pytest.fixture
def file_server() -> Iterator[FileServer]:
    kept = FileServer()

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            kept.stored[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
            kept.users.add(base64.b64decode(self.headers["Authorization"].removeprefix("Basic ")).decode())
            self.send_response(kept.status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- as in the standard library
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield kept
    server.shutdown()
    server.server_close()
    thread.join()


def send(settings: Settings, places: str, minutes: float = 0) -> None:
    settings.MIRRORS = read_places(places)
    push_bundles(clock=lambda: NOW + timedelta(minutes=minutes))


def withdraw_first() -> None:
    withdraw_signature(Signature.objects.get(number=1), now=NOW)
    publish(NOW)


def test_a_folder_has_the_unpacked_copy_and_loses_withdrawn_names(
    letter: Letter, make: Make, settings: Settings, tmp_path: Path
) -> None:
    add_published(letter, 2)
    made = make(letter)
    send(settings, f"folder:{tmp_path}")
    copy = tmp_path / str(letter.pk)
    assert "Signer 1" in (copy / "signatures" / "1.html").read_text()
    assert (copy / "mirror.zip").read_bytes() == made.read_bytes()
    # A web server of another user reads it.
    assert (copy / "index.html").stat().st_mode & 0o777 == 0o644
    withdraw_first()
    make(letter, now=LATER)
    send(settings, f"folder:{tmp_path}", minutes=2)
    assert "Signer 1" not in (copy / "signatures" / "1.html").read_text()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(str(letter.pk))] == [str(letter.pk)]


def test_a_branch_of_git_holds_one_commit_so_that_no_withdrawn_name_stays_in_its_history(
    letter: Letter, make: Make, settings: Settings, tmp_path: Path
) -> None:
    add_published(letter, 2)
    origin = tmp_path / "letters.git"
    origin.mkdir()
    Repo.init_bare(str(origin)).close()
    make(letter)
    send(settings, f"git:{origin}")
    assert files_of(origin, letter)["signatures/1.html"].count("Signer") == 2
    withdraw_first()
    make(letter, now=LATER)
    send(settings, f"git:{origin}", minutes=2)
    files = files_of(origin, letter)
    assert "Signer 1" not in files["signatures/1.html"]
    assert "Keep the night trains running" in files["index.html"]


def files_of(origin: Path, letter: Letter) -> dict[str, str]:
    """Return the files of the letter's branch, as git has them."""
    branch = f"refs/heads/letter-{letter.pk}".encode()
    with Repo(str(origin)) as repo:
        commit = repo[repo.refs[Ref(branch)]]
        assert isinstance(commit, Commit)
        assert commit.parents == []
        # Midnight of the day of the bundle.
        assert commit.commit_time == int(NOW.replace(hour=0).timestamp())
        found = repo.object_store.iter_tree_contents(commit.tree)
        return {entry.path.decode(): repo[entry.sha].as_raw_string().decode("utf-8", "replace") for entry in found}


def test_put_sends_the_zip_and_its_note_with_the_password(
    letter: Letter, make: Make, settings: Settings, file_server: FileServer
) -> None:
    made = make(letter)
    send(settings, f"put:http://us:s%20cret@127.0.0.1:{file_server.port}/letters/")
    at = f"/letters/{letter.pk}/mirror.zip"
    assert file_server.stored == {at: made.read_bytes(), f"{at}.note": b""}
    assert file_server.users == {"us:s cret"}


def test_a_place_that_refuses_is_asked_again_later_and_no_log_has_its_password(
    letter: Letter, make: Make, settings: Settings, file_server: FileServer, caplog: pytest.LogCaptureFixture
) -> None:
    make(letter)
    place = f"put:http://us:secret@127.0.0.1:{file_server.port}/letters"
    file_server.status = 507
    send(settings, place)
    assert "could not be sent" in caplog.text
    assert "secret" not in caplog.text + BundlePush.objects.get().place
    file_server.status, file_server.stored = 201, {}
    send(settings, place, minutes=4)
    assert not file_server.stored
    send(settings, place, minutes=6)
    assert file_server.stored
    file_server.stored = {}
    send(settings, place, minutes=60)
    assert not file_server.stored


def test_a_place_that_fails_does_not_keep_the_others_waiting(
    letter: Letter, make: Make, settings: Settings, tmp_path: Path
) -> None:
    make(letter)
    (tmp_path / "there").mkdir()
    send(settings, f"folder:{tmp_path}/missing folder:{tmp_path}/there")
    assert (tmp_path / "there" / str(letter.pk) / "index.html").exists()


def test_a_letter_that_was_taken_down_is_replaced_everywhere(
    letter: Letter, make: Make, settings: Settings, tmp_path: Path
) -> None:
    add_published(letter, 2)
    make(letter)
    send(settings, f"folder:{tmp_path}")
    Letter.objects.update(status=Letter.Status.TAKEN_DOWN, version=letter.version + 1)
    make(letter)
    send(settings, f"folder:{tmp_path}", minutes=1)
    copy = tmp_path / str(letter.pk)
    assert "has taken this letter down" in (copy / "index.html").read_text()
    assert not (copy / "signatures").exists()
    with ZipFile(copy / "mirror.zip") as archive:
        assert "signatures/1.html" not in archive.namelist()


@pytest.mark.parametrize(
    "text",
    ["/srv/letters", "ftp:/srv", "folder:letters", "folder:https://example.org", "put:/srv", "put:https:///x", "git:x"],
)
def test_a_place_that_cannot_be_read_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(WrongPlace) as refused:
        read_places(f"folder:/srv/letters {text}")
    assert text not in str(refused.value)


def test_places_say_where_readers_find_a_copy() -> None:
    folder, git = read_places(
        "folder:/srv/www|https://copies.example.org git:https://u:p@git.example.org/x.git|https://raw.example.org/l-{letter}/"
    )
    assert folder.public_address(12) == "https://copies.example.org/12/"
    assert git.public_address(12) == "https://raw.example.org/l-12/"
    assert git.name == "git:https://git.example.org/x.git"
