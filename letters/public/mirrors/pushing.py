"""Send a bundle to a place that the people who run the site have named: a folder, a git repository, or HTTP PUT.

Each letter has its id as its name there: its slug can change, and a copy under the old one would stay.

Privacy: a place never keeps an older version on our account. The folder is replaced, the branch of git holds one commit
without a parent, and PUT writes over the same names. So names that were withdrawn leave, as far as the place lets them.
"""

import base64
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, time
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import unquote, urlsplit
from zipfile import ZipFile

from django.conf import settings

from letters.models import Bundle
from letters.public.mirrors.record import CHECKPOINT
from letters.shared.mirror_places import MirrorPlace

if TYPE_CHECKING:
    from dulwich.objects import ObjectID
    from dulwich.pack import UnpackedObject
    from dulwich.repo import Repo

    PackData: TypeAlias = tuple[int, Iterator[UnpackedObject]]

ZIP, NOTE = "mirror.zip", "mirror.zip.note"
STEP_SECONDS = 60
READABLE_FOLDER, READABLE_FILE = 0o755, 0o644
# Of files in git.
MODE = 0o100644


class NotSent(Exception):
    """The place did not take the bundle."""


def places() -> list[MirrorPlace]:
    found: list[MirrorPlace] = settings.MIRRORS
    return found


def push(bundle: Bundle, path: Path, place: MirrorPlace) -> None:
    """Send a bundle. Raises any error of the place, of the file system or of the network."""
    {"folder": _to_folder, "git": _to_git, "put": _by_put}[place.kind](bundle, path, place.target)


def _to_folder(bundle: Bundle, path: Path, target: str) -> None:
    """Unpack the bundle into a folder beside the old one, then exchange them."""
    root = Path(target)
    final, fresh, old = (root / f"{bundle.letter_id}{ending}" for ending in ("", ".new", ".old"))
    shutil.rmtree(fresh, ignore_errors=True)
    # Not the parents: a folder that is missing is a disk that is not mounted.
    fresh.mkdir(mode=READABLE_FOLDER)
    with ZipFile(path) as archive:
        archive.extractall(fresh)
    shutil.copyfile(path, fresh / ZIP)
    (fresh / NOTE).write_text(bundle.note, encoding="utf-8")
    for each in fresh.rglob("*"):
        each.chmod(READABLE_FOLDER if each.is_dir() else READABLE_FILE)
    fresh.chmod(READABLE_FOLDER)
    shutil.rmtree(old, ignore_errors=True)
    with suppress(FileNotFoundError):
        final.rename(old)
    fresh.rename(final)
    shutil.rmtree(old, ignore_errors=True)


def _to_git(bundle: Bundle, path: Path, target: str) -> None:
    """Make a commit without a parent of the bundle's files, and let the branch of the letter point to it."""
    # Memory: other processes and most workers never need it.
    from dulwich.client import get_transport_and_path  # noqa: PLC0415
    from dulwich.config import ConfigDict  # noqa: PLC0415
    from dulwich.refs import Ref  # noqa: PLC0415
    from dulwich.repo import Repo  # noqa: PLC0415

    config = ConfigDict()
    config.set(b"http", b"timeout", str(STEP_SECONDS).encode())
    branch = f"refs/heads/letter-{bundle.letter_id}".encode()
    with TemporaryDirectory() as folder, Repo.init_bare(folder) as repo:
        commit = _commit(repo, bundle, path)

        def all_of_it(have: object, want: Iterable["ObjectID"], **_: object) -> "PackData":
            """Send everything: the place may have forgotten what it had."""
            return repo.object_store.generate_pack_data([], want, ofs_delta=True)

        client, address = get_transport_and_path(target, config=config, quiet=True)
        sent = client.send_pack(
            address.encode(),
            lambda _old: {Ref(branch): commit},
            all_of_it,
        )
        if why := (sent.ref_status or {}).get(branch):
            raise NotSent(why)


def _commit(repo: "Repo", bundle: Bundle, path: Path) -> "ObjectID":
    from dulwich.index import commit_tree  # noqa: PLC0415
    from dulwich.objects import Blob, Commit  # noqa: PLC0415

    def kept(data: bytes) -> "ObjectID":
        blob = Blob.from_string(data)
        repo.object_store.add_object(blob)
        return blob.id

    # Memory: one file at a time.
    with ZipFile(path) as archive:
        entries = [(name.encode(), kept(archive.read(name)), MODE) for name in archive.namelist()]
    entries.append((NOTE.encode(), kept(bundle.note.encode()), MODE))
    commit = Commit()
    commit.tree = commit_tree(repo.object_store, entries)
    commit.author = commit.committer = b"Undersigned <noreply@localhost>"
    commit.author_time = commit.commit_time = int(datetime.combine(bundle.day, time(), UTC).timestamp())
    commit.author_timezone = commit.commit_timezone = 0
    commit.encoding = b"UTF-8"
    commit.message = f"Version {bundle.version}\n".encode()
    repo.object_store.add_object(commit)
    return commit.id


def _by_put(bundle: Bundle, path: Path, target: str) -> None:
    """Send the ZIP, its note, and the checkpoint in it."""
    _put(target, bundle, ZIP, path)
    with TemporaryDirectory() as folder:
        small = Path(folder) / "small"
        small.write_text(bundle.note, encoding="utf-8")
        _put(target, bundle, NOTE, small)
        for data in _checkpoint_in(path):
            small.write_bytes(data)
            _put(target, bundle, CHECKPOINT, small)


def _checkpoint_in(path: Path) -> Iterator[bytes]:
    with ZipFile(path) as archive:
        if CHECKPOINT in archive.namelist():
            yield archive.read(CHECKPOINT)


def _put(target: str, bundle: Bundle, name: str, path: Path) -> None:
    parts = urlsplit(target)
    connect = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    headers = {"Content-Length": str(path.stat().st_size), "Content-Type": "application/octet-stream"}
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    query = f"?{parts.query}" if parts.query else ""
    connection = connect(parts.hostname or "", parts.port, timeout=STEP_SECONDS)
    try:
        with path.open("rb") as body:
            connection.request("PUT", f"{parts.path.rstrip('/')}/{bundle.letter_id}/{name}{query}", body, headers)
            status = connection.getresponse().status
    finally:
        connection.close()
    if not 200 <= status < 300:
        raise NotSent(f"status {status}")
