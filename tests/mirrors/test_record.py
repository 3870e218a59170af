"""The record in a bundle, the signature of a bundle, and the records of copies elsewhere."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from zipfile import ZipFile

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings as django_settings
from pytest_django import Settings

from letters.base.ledger_logs.queries import latest_checkpoint, vkeys_of
from letters.models import Bundle, LedgerEntry, Letter, Mirror
from letters.organizer.webhooks.targets import find_target
from letters.public.ledger.keys import signers
from letters.public.mirrors.record import statement
from letters.public.mirrors.tasks import check_mirrors, push_bundles, sign_bundles
from letters.shared import tlog
from letters.shared.mirror_places import read_places
from letters.shared.notes import Checkpoint, Kind, Note, parse_checkpoint, parse_note
from tests import proofs
from tests.conftest import LetterMaker
from tests.ledger_logs.conftest import Append, Signing, append, ledger_dir, signs, tamper
from tests.mirrors.conftest import Make
from tests.people import NOW, Reader

__all__ = ["append", "ledger_dir", "signs"]


@dataclass
class Elsewhere:
    """Another website with a copy of the letter."""

    port: int = 0
    checkpoint: bytes = b""
    asked: str = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/trains/"


@pytest.fixture
def elsewhere(settings: Settings) -> Iterator[Elsewhere]:
    settings.WEBHOOKS_REACH_THIS_MACHINE = True
    kept = Elsewhere()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kept.asked = self.path
            self.send_response(200 if kept.checkpoint else 404)
            self.end_headers()
            self.wfile.write(kept.checkpoint)

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


def found_at(letter: Letter, url: str) -> tuple[str, int | None]:
    """Look at a copy, and return what readers read of it."""
    Mirror.objects.update_or_create(letter=letter, url=url, defaults={"added_at": NOW, "check_at": NOW})
    check_mirrors(find=find_target, clock=lambda: NOW)
    mirror = Mirror.objects.get(url=url)
    return mirror.finding, mirror.entries


def test_a_bundle_holds_the_whole_record_under_the_names_of_the_site(
    letter: Letter, make: Make, signs: Signing, append: Append, reader: Reader
) -> None:
    append(5)
    signs.run()
    with ZipFile(make(letter)) as archive:
        files = {name: archive.read(name) for name in archive.namelist() if name.startswith("log/")}
    checkpoint, _ = parse_checkpoint(files["log/checkpoint"].decode())
    assert checkpoint.size == LedgerEntry.objects.filter(letter=letter).count()
    entries = proofs.read_bundle(files[f"log/tile/entries/000.p/{checkpoint.size}"])
    assert tlog.root_of([tlog.leaf_hash(entry) for entry in entries]) == checkpoint.root
    for name, data in files.items():
        assert reader.get(f"/log/{letter.pk}/{name.removeprefix('log/')}").content == data


def test_a_bundle_that_is_made_again_has_the_record_that_it_had(
    letter: Letter, make: Make, signs: Signing, append: Append
) -> None:
    append(3)
    signs.run()
    path = make(letter)
    first = path.read_bytes()
    path.unlink()
    # An entry about the counts comes later, and does not change the version.
    append(1)
    signs.run()
    assert make(letter, now=NOW + timedelta(hours=1)).read_bytes() == first


def test_a_bundle_waits_a_moment_for_a_signature_and_is_made_again_if_none_came(
    letter: Letter, make: Make, signs: Signing, append: Append, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    append(3)
    signs.run()
    append(1)
    make(letter)
    assert sum(waited) == pytest.approx(6)
    assert not Bundle.objects.get().is_record_whole
    signs.run()
    with ZipFile(make(letter, now=NOW + timedelta(minutes=2))) as archive:
        checkpoint, _ = parse_checkpoint(archive.read("log/checkpoint").decode())
    assert checkpoint.size == LedgerEntry.objects.filter(letter=letter).count()
    assert Bundle.objects.get().is_record_whole


def test_the_key_of_the_log_signs_each_bundle(letter: Letter, make: Make, signs: Signing, tmp_path: Path) -> None:
    signs.run()
    make(letter)
    sign_bundles()
    bundle = Bundle.objects.get()
    name, text = statement(bundle)
    note = parse_note(bundle.note)
    assert note.text == text
    assert f"zip sha256 {bundle.sha256}\n" in text
    assert f"SHA256SUMS sha256 {bundle.sums_sha256}\n" in text
    (key,) = [key for key in vkeys_of(name) if key.kind == Kind.ED25519]
    (signature,) = note.signatures
    assert (signature.name, signature.key_id) == (key.name, key.id)
    Ed25519PublicKey.from_public_bytes(key.key).verify(signature.payload, text.encode())


def test_a_bundle_without_a_signature_is_sent_nowhere_on_a_site_that_signs(
    letter: Letter, make: Make, signs: Signing, settings: Settings, tmp_path: Path
) -> None:
    signs.run()
    make(letter)
    settings.MIRRORS = read_places(f"folder:{tmp_path}")
    push_bundles(clock=lambda: NOW)
    assert not (tmp_path / str(letter.pk)).exists()
    sign_bundles()
    push_bundles(clock=lambda: NOW)
    assert (tmp_path / str(letter.pk) / "mirror.zip.note").read_text() == Bundle.objects.get().note


def test_a_process_without_the_key_signs_nothing(letter: Letter, make: Make, settings: Settings) -> None:
    settings.READ_LEDGER_KEYS = list
    make(letter)
    sign_bundles()
    assert Bundle.objects.get().note == ""


# Copies elsewhere


def test_the_record_of_an_older_copy_is_the_beginning_of_ours(
    letter: Letter, signs: Signing, append: Append, elsewhere: Elsewhere
) -> None:
    append(3)
    signs.run()
    old = latest_checkpoint(letter)
    assert old
    elsewhere.checkpoint = old.note.encode()
    append(300)
    signs.run()
    assert found_at(letter, elsewhere.url) == ("same", old.size)
    assert elsewhere.asked == "/trains/log/checkpoint"


def test_a_record_that_our_key_signed_and_that_is_not_ours_is_named(
    letter: Letter, signs: Signing, append: Append, elsewhere: Elsewhere
) -> None:
    append(3)
    signs.run()
    ours = latest_checkpoint(letter)
    assert ours
    elsewhere.checkpoint = forged(ours.log.origin, ours.size, b"\1" * 32)
    assert found_at(letter, elsewhere.url) == ("different", ours.size)
    elsewhere.checkpoint = forged(ours.log.origin, ours.size + 1, b"\1" * 32)
    assert found_at(letter, elsewhere.url) == ("ahead", ours.size + 1)


def forged(origin: str, size: int, root: bytes) -> bytes:
    """Return a checkpoint that was signed with our own key."""
    said = Checkpoint(origin, size, root)
    return str(Note(said.text, [each for signer in signers() for each in signer.sign(said)])).encode()


def test_what_our_key_has_not_signed_says_nothing_about_us(
    letter: Letter, signs: Signing, append: Append, elsewhere: Elsewhere
) -> None:
    append(3)
    signs.run()
    ours = latest_checkpoint(letter)
    assert ours
    changed = ours.note.replace(f"\n{ours.size}\n", f"\n{ours.size + 5}\n")
    unsigned, other = ours.note.partition("—")[0], ours.note.replace("/log/", "/other/")
    for said in (changed, unsigned, other, "x", "", "x" * 200_000):
        elsewhere.checkpoint = said.encode()
        assert found_at(letter, elsewhere.url) == ("unreadable", None)


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/x/", "https://10.0.0.1/x/", "http://example.org/x/", "https://a.invalid/"]
)
def test_the_site_connects_to_no_private_network(letter: Letter, url: str) -> None:
    assert django_settings.WEBHOOKS_REACH_THIS_MACHINE is False
    assert found_at(letter, url) == ("unreachable", None)


def test_a_copy_is_looked_at_once_an_hour(letter: Letter, elsewhere: Elsewhere) -> None:
    found_at(letter, elsewhere.url)
    elsewhere.asked = ""
    check_mirrors(find=find_target, clock=lambda: NOW + timedelta(minutes=59))
    assert elsewhere.asked == ""
    check_mirrors(find=find_target, clock=lambda: NOW + timedelta(minutes=60))
    assert elsewhere.asked


def test_a_copy_that_does_not_answer_twice_is_looked_at_less_often(letter: Letter) -> None:
    """Twenty addresses of servers that never answer would take most of the time that there is for all letters."""
    mirror = Mirror.objects.create(letter=letter, url="https://a.invalid/", added_at=NOW, check_at=NOW)
    for hours, next_look in ((0, 1), (1, 7)):
        check_mirrors(find=find_target, clock=lambda at=NOW + timedelta(hours=hours): at)  # type: ignore[misc]
        mirror.refresh_from_db()
        assert mirror.check_at == NOW + timedelta(hours=next_look)


def test_a_damaged_record_of_ours_says_nothing_about_a_copy_and_stops_no_other_comparison(
    letter: Letter, published: LetterMaker, signs: Signing, append: Append, elsewhere: Elsewhere
) -> None:
    append(300)
    signs.run()
    newest = latest_checkpoint(letter)
    assert newest
    elsewhere.checkpoint = newest.note.encode()
    assert found_at(letter, elsewhere.url) == ("same", newest.size)
    tamper("DELETE FROM letters_ledgertile")
    other = Mirror.objects.create(letter=published("other"), url="https://a.invalid/", added_at=NOW, check_at=NOW)
    assert found_at(letter, elsewhere.url) == ("same", newest.size)
    other.refresh_from_db()
    assert other.finding == "unreachable"


def test_the_public_addresses_in_mirrors_are_listed_and_looked_at(
    letter: Letter, make: Make, settings: Settings, reader: Reader
) -> None:
    make(letter)
    settings.MIRRORS = read_places("folder:/srv/www|https://copies.invalid")
    check_mirrors(find=find_target, clock=lambda: NOW)
    assert f"https://copies.invalid/{letter.pk}/" in reader.get("/letters/night-trains/mirrors/").content.decode()
    settings.MIRRORS = []
    check_mirrors(find=find_target, clock=lambda: NOW)
    assert not Mirror.objects.exists()
