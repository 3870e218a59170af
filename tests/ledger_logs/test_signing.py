"""A worker with the key signs what each log has; a program of others agrees, and nobody learns a moment."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries, Settings
from tlog_scales.reader import TilesReader
from tlog_scales.signing import Vkey

from letters.base.ledger_logs import queries
from letters.models import LedgerCheckpoint, LedgerEntry, LedgerLog, Letter, SiteLogEntry
from letters.public.ledger import signing
from letters.public.ledger.keys import NoKey
from letters.public.ledger.tasks import sign_if_possible
from letters.shared import tlog
from letters.shared.notes import parse_checkpoint, parse_checkpoint_text
from tests import proofs
from tests.conftest import LetterMaker
from tests.ledger_logs.conftest import SECRET, Append, Signing, log_of
from tests.people import NOW, Reader

pytestmark = pytest.mark.django_db


class Addresses:
    """What tlog-scales reads files with: here, the public addresses of one log."""

    def __init__(self, reader: Reader, name: str) -> None:
        self.reader, self.name = reader, name

    def get(self, *path: str) -> bytes | None:
        answer = self.reader.get("/".join(["/log", self.name, *path]))
        return answer.content if answer.status_code == 200 else None


def theirs(reader: Reader, name: str) -> TilesReader:
    """Return another program's reader of a log, after it has checked all signatures and the root."""
    found = TilesReader(Addresses(reader, name))
    checkpoint = found.get_checkpoint()
    keys = reader.get(f"/log/{name}/vkeys.txt").content.decode().splitlines()
    assert keys
    for key in keys:
        checkpoint.verify(Vkey.from_string(key))
    assert found.calculate_root_hash() == checkpoint.root_hash
    return found


@pytest.mark.parametrize("steps", [[1], [255, 1, 1], [256, 256], [700, 13], [1, 1, 1]])
def test_another_program_reads_every_entry(
    letter: Letter, append: Append, signs: Signing, reader: Reader, steps: list[int]
) -> None:
    for step in steps:
        append(step)
        signs.run()
    found = theirs(reader, str(letter.pk))
    total = sum(steps)
    assert found.get_checkpoint().size == total
    expected = list(LedgerEntry.objects.filter(letter=letter).order_by("index").values_list("data", flat=True))
    assert [found.get_entry(index).decode() for index in range(total)] == expected


def test_a_large_backlog_is_signed_in_parts(
    letter: Letter, append: Append, signs: Signing, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing, "ENTRIES_AT_ONCE", 512)
    append(1300)
    signs.run()
    assert theirs(reader, str(letter.pk)).get_checkpoint().size == 1300


def test_a_log_is_signed_at_most_every_five_seconds_and_only_if_it_grew(
    letter: Letter, append: Append, signs: Signing
) -> None:
    append(2)
    signs.run()
    append(1)
    signs.run(after=timedelta(seconds=4))
    assert log_of(letter).size == 2
    signs.run(after=timedelta(seconds=1))
    assert log_of(letter).size == 3
    signs.run()
    assert LedgerCheckpoint.objects.filter(log__letter=letter).count() == 2


def test_a_draft_has_no_log(draft: LetterMaker, append: Append, signs: Signing) -> None:
    append(1, draft("another"))
    signs.run()
    assert not LedgerLog.objects.exclude(letter=None).filter(letter__slug="another").exists()


def test_older_checkpoints_of_a_day_are_deleted(letter: Letter, append: Append, signs: Signing) -> None:
    for _ in range(3):
        append(1)
        signs.run()
    append(1)
    signs.run(after=timedelta(hours=3))
    sizes = LedgerCheckpoint.objects.filter(log__letter=letter).order_by("size").values_list("size", flat=True)
    assert list(sizes) == [4]
    append(1)
    signs.run(after=timedelta(days=2))
    assert list(sizes.all()) == [4, 5]


def test_receipts_of_an_older_size_are_proved_to_be_a_beginning(
    letter: Letter, append: Append, signs: Signing, reader: Reader
) -> None:
    append(300)
    signs.run()
    old = queries.proof_for(letter, 17)
    assert old
    append(500)
    signs.run()
    checkpoint, _ = parse_checkpoint(old.checkpoint.note)
    entry = LedgerEntry.objects.get(letter=letter, index=17).data.encode()
    proofs.check_inclusion(tlog.leaf_hash(entry), 17, 300, checkpoint.root, old.hashes)
    proof = theirs(reader, str(letter.pk)).get_consistency_proof(300, 800)
    proof.check(checkpoint.root, bytes(log_of(letter).root or b""))


def test_there_is_no_proof_of_what_is_not_signed(letter: Letter, append: Append, signs: Signing) -> None:
    assert queries.proof_for(letter, 0) is None
    append(3)
    signs.run()
    append(1)
    assert queries.proof_for(letter, 3) is None
    assert queries.proof_for(letter, -1) is None
    assert queries.proof_for(letter, 2)


def test_the_entry_of_a_number_is_the_newest_with_its_words(letter: Letter, append: Append, signs: Signing) -> None:
    append(1)
    lines = ["publish 1 1 - 00", "publish 12 1 - 01", "withdraw 1", "words 12 02", "remove 12 moderator", "carry 1 2"]
    LedgerEntry.objects.bulk_create(
        LedgerEntry(letter=letter, index=at, data=f"undersigned/1 {line}") for at, line in enumerate(lines, start=1)
    )
    assert [queries.entry_index_of(letter, number) for number in (1, 12, 2)] == [1, 4, None]


@pytest.mark.parametrize("count", [10, 2000])
def test_the_work_does_not_grow_with_the_log(
    letter: Letter, append: Append, signs: Signing, django_assert_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    append(count)
    signs.run(after=timedelta(minutes=2))
    append(1)
    signs.run(after=timedelta(seconds=30))
    append(1)
    log = log_of(letter)
    keys = signing.keys_to_use(now=signs.now)
    with django_assert_num_queries(10):
        signing.sign_log(log.pk, keys, now=signs.now + timedelta(seconds=5))
    with django_assert_num_queries(2):
        assert queries.proof_for(letter, count // 2)


# The log of the site


def test_the_log_of_the_site_has_the_checkpoints_of_letters(
    letter: Letter, published: LetterMaker, append: Append, signs: Signing, reader: Reader
) -> None:
    append(3)
    append(5, published("another"))
    signs.run()
    found = theirs(reader, "site")
    told = [parse_checkpoint_text(found.get_entry(index).decode()) for index in range(2)]
    assert [said.size for said in told] == [3, 5]
    assert told[0] == log_of(letter).checkpoint()


def test_the_log_of_the_site_grows_at_most_once_a_minute(letter: Letter, append: Append, signs: Signing) -> None:
    append(1)
    signs.run()
    for _ in range(3):
        append(1)
        signs.run()
    assert SiteLogEntry.objects.count() == 1
    signs.run(after=timedelta(minutes=1))
    assert [parse_checkpoint_text(entry.data).size for entry in SiteLogEntry.objects.order_by("index")] == [1, 4]
    signs.run(after=timedelta(minutes=1))
    assert SiteLogEntry.objects.count() == 2


def test_the_site_tells_nothing_new_of_a_letter_that_was_taken_down(
    letter: Letter, append: Append, signs: Signing
) -> None:
    """People may still withdraw from it. When it is back, the site tells how far its log has come."""
    append(1)
    signs.run()
    Letter.objects.filter(pk=letter.pk).update(status=Letter.Status.TAKEN_DOWN)
    append(1)
    signs.run(after=timedelta(minutes=1))
    assert log_of(letter).size == 2
    assert SiteLogEntry.objects.count() == 1
    Letter.objects.filter(pk=letter.pk).update(status=Letter.Status.PUBLISHED)
    signs.run(after=timedelta(minutes=1))
    assert SiteLogEntry.objects.get(index=1).data.split("\n")[1] == "2"


def test_the_site_proves_that_its_log_grew(letter: Letter, append: Append, signs: Signing) -> None:
    roots = {}
    for _ in range(5):
        append(1)
        signs.run(after=timedelta(minutes=1))
        site = log_of(None)
        roots[site.size] = bytes(site.root or b"")
    for old in (1, 3, 5):
        proofs.check_consistency(old, 5, roots[old], roots[5], queries.consistency_of_site(old, 5))
    with pytest.raises(tlog.BadProof):
        queries.consistency_of_site(3, 6)


# Keys


def test_the_public_keys_are_read_once_for_all_logs(published: LetterMaker, append: Append, signs: Signing) -> None:
    letters = [published(f"letter-{each}") for each in ("one", "two", "three")]
    for letter in letters:
        append(3, to=letter)
    signs.run()
    for letter in letters:
        append(3, to=letter)
    signs.restart()
    with CaptureQueriesContext(connection) as queries_of_run:
        signs.run()
    assert all(log_of(letter).size == 6 for letter in letters)
    # One to see which are new, and one for what was signed with them.
    assert sum('FROM "letters_ledgerkey"' in query["sql"] for query in queries_of_run) == 2


def test_a_process_without_the_key_signs_nothing(
    letter: Letter, append: Append, settings: Settings, ledger_dir: object
) -> None:
    settings.READ_LEDGER_KEYS = list
    append(1)
    with pytest.raises(NoKey):
        signing.sign_logs(now=NOW)
    sign_if_possible(now=NOW)
    assert not LedgerCheckpoint.objects.exists()


def test_a_new_key_signs_beside_the_old_one_and_then_alone(
    letter: Letter, append: Append, signs: Signing, settings: Settings, reader: Reader
) -> None:
    append(1)
    signs.run()
    address = f"/log/{letter.pk}"
    (old, _) = reader.get(f"{address}/vkeys.txt").content.decode().splitlines()
    settings.READ_LEDGER_KEYS = lambda: ["a new secret of the ledger, at least as long", SECRET]
    append(1)
    signs.run()
    both = reader.get(f"{address}/checkpoint").content.decode()
    assert both.count("— ") == 4
    settings.READ_LEDGER_KEYS = lambda: ["a new secret of the ledger, at least as long"]
    append(1)
    signs.run()
    keys = [Vkey.from_string(key) for key in reader.get(f"{address}/vkeys.txt").content.decode().splitlines()]
    assert len(keys) == 4
    names = {(name, key_id) for name, key_id in [(old.split("+")[0], int(old.split("+")[1], 16))]}
    alone, note = parse_checkpoint(reader.get(f"{address}/checkpoint").content.decode())
    assert alone.size == 3
    assert len(note.signatures) == 2
    assert not names & {(each.name, int.from_bytes(each.key_id)) for each in note.signatures}


def test_no_checkpoint_says_when_it_was_signed(letter: Letter, append: Append, signs: Signing, reader: Reader) -> None:
    append(1)
    signs.run()
    _, note = parse_checkpoint(reader.get(f"/log/{letter.pk}/checkpoint").content.decode())
    assert note.signatures[1].timestamp == 0
