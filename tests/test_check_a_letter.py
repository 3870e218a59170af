"""The scripts of docs/check-a-letter.md, with records that tlog-scales wrote and served from a folder."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.checking import checked, objection, script
from tests.record_files import NAMELESS, Record

ADA = {"name": "Ada Lovelace", "role": "", "affiliation": "“Analytical” \\ Society\u2028é"}
OPENING, OTHER_OPENING = bytes(range(32)), bytes(range(32, 64))
ORIGIN = "letters.example/log/12"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    with served(tmp_path) as address:
        yield address


@pytest.fixture
def record(tmp_path: Path) -> Record:
    """A record of more than one tile: 299 published, one withdrawn, one removed and restored."""
    record = Record(tmp_path / "log", ORIGIN)
    record.publish(1, ADA, OPENING)
    for number in range(2, 301):
        record.publish(number, NAMELESS, OTHER_OPENING)
    record.add("withdraw 2", "remove 3 moderator", "restore 3", "carry 4 2", "counts 299 0 0 1 0")
    record.sign()
    return record


def show(folder: Path, record: Record, site: str, **shown: object) -> str:
    """Publish what the letter's page shows, and return its address."""
    texts = [{"number": 1, "published": 298}, {"number": 2, "published": 1}]
    said = {"published": 299, "withdrawn": 1, "removed": 0, "texts": texts, "record": f"{site}/log/", **shown}
    (folder / "letter/count").mkdir(parents=True)
    (folder / "letter/count/index.html").write_text(json.dumps(said))
    (folder / "log/vkeys.txt").write_text(record.keys)
    return f"{site}/letter/"


def test_the_script_adds_up_a_letter(site: str, record: Record, tmp_path: Path) -> None:
    said = checked("check_letter.py", show(tmp_path, record, site))
    assert said.splitlines() == [
        f"{ORIGIN} 306 [('published', 299), ('withdrawn', 1)] [(1, 298), (2, 1)]",
        "Everything agrees.",
    ]


def test_it_is_short_and_needs_nothing_of_ours() -> None:
    code = script("check_letter.py")
    assert "undersigned" not in code
    assert "letters" not in code
    adding = code.partition("\n\n")[2].partition("\n\n")[2]
    assert len(adding.splitlines()) <= 30


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ({"published": 300}, "The page shows other counts"),
        ({"withdrawn": 0}, "The page shows other counts"),
        ({"texts": [{"number": 1, "published": 299}]}, "The page counts the texts differently"),
    ],
)
def test_it_objects_to_other_numbers(
    site: str, record: Record, tmp_path: Path, shown: dict[str, object], said: str
) -> None:
    assert said in objection("check_letter.py", show(tmp_path, record, site, **shown))


def test_it_objects_to_a_changed_entry_and_to_another_key(site: str, record: Record, tmp_path: Path) -> None:
    address = show(tmp_path, record, site)
    other = Record(tmp_path / "other", ORIGIN, key=bytes(32))
    assert "No key signed this state" in objection("check_letter.py", address, *other.keys.split())
    bundle = tmp_path / "log/tile/entries/000"
    bundle.write_bytes(bundle.read_bytes().replace(b"publish 9 ", b"publish 8 "))
    assert "These are not the entries that were signed" in objection("check_letter.py", address)


def test_the_other_script_checks_a_receipt_without_a_server(record: Record, tmp_path: Path) -> None:
    receipt, keys = tmp_path / "receipt.tlog-proof", tmp_path / "keys.txt"
    receipt.write_text(record.receipt(1, ADA, OPENING), encoding="utf-8")
    keys.write_text(record.keys)
    assert "Ada Lovelace" in checked("check_receipt.py", str(receipt), str(keys))
    for words, index in ((NAMELESS, 1), (ADA, 2)):
        receipt.write_text(record.receipt(index, words, OPENING), encoding="utf-8")
        assert "These are not the words" in objection("check_receipt.py", str(receipt), str(keys))
    receipt.write_text(record.receipt(1, ADA, OPENING).replace("index 1", "index 2"), encoding="utf-8")
    assert "InclusionProofInvalid" in objection("check_receipt.py", str(receipt), str(keys))
