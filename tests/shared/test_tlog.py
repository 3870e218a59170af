"""The tree of a log is that of RFC 6962, and a program of others agrees on every hash, proof and signature."""

from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from tlog_scales.backend import LocalBackend
from tlog_scales.reader import TilesReader
from tlog_scales.signing import MLDSA44CosignatureSigner, Vkey
from tlog_scales.tlog import Checkpoint as TheirCheckpoint
from tlog_scales.tlog import ConsistencyProof, InclusionProof

from letters.shared import notes, tlog
from letters.shared.notes import Checkpoint, Kind, Signer, TlogProof, VerifierKey, is_signed_by, parse_checkpoint
from letters.shared.tlog import BadProof, Tile
from tests import proofs

# The inputs and roots that the authors of Certificate Transparency test their programs with.
INPUTS = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))), MLDSA44PrivateKey.from_seed_bytes(bytes(32)))
ORIGIN = "letters.example/log/7"


class Log:
    """A log in a dictionary, written as the site writes one: each step reads the edge of the tree alone."""

    def __init__(self, *steps: int) -> None:
        self.entries: list[bytes] = []
        self.tiles: dict[tuple[int, int], bytes] = {}
        self.asked: set[Tile] = set()
        for step in steps:
            self.append(step)

    @property
    def size(self) -> int:
        return len(self.entries)

    @property
    def root(self) -> bytes:
        return tlog.root_at(self.size, self.read)

    def read(self, tile: Tile) -> bytes:
        self.asked.add(tile)
        return self.tiles[tile.level, tile.number]

    def append(self, count: int) -> None:
        size = self.size
        new = [b"entry %d" % number for number in range(size, size + count)]
        self.asked.clear()
        for tile, data in tlog.grow(size, [tlog.leaf_hash(entry) for entry in new], self.read):
            assert len(data) == tile.width * tlog.HASH_SIZE
            self.tiles[tile.level, tile.number] = data
        assert self.asked <= set(tlog.edge_of(size))
        self.entries += new

    def checkpoint(self) -> str:
        said = Checkpoint(ORIGIN, self.size, self.root)
        return str(notes.Note(said.text, SIGNER.sign(said)))

    def write(self, folder: Path) -> None:
        """Write the files that the site serves."""
        (folder / "checkpoint").write_text(self.checkpoint())
        for level, number in self.tiles:
            width = tlog.width_of(level, number, self.size)
            path = folder / tlog.tile_path(level, number, width)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.tiles[level, number])
            if level == 0:
                path = folder / tlog.tile_path("entries", number, width)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(tlog.bundle(self.entries[number * 256 : number * 256 + width]))


@pytest.mark.parametrize("size", range(1, 9))
def test_the_root_is_that_of_certificate_transparency(size: int) -> None:
    assert tlog.root_of([tlog.leaf_hash(entry) for entry in INPUTS[:size]]).hex() == ROOTS[size - 1]


def test_a_log_without_entries_has_the_hash_of_nothing_as_its_root() -> None:
    assert tlog.root_of([]) == sha256(b"").digest()


@given(st.lists(st.integers(min_value=1, max_value=600), min_size=1, max_size=6), st.data())
def test_a_log_that_grew_in_any_steps_has_one_root_and_proves_each_entry(steps: list[int], data: st.DataObject) -> None:
    log = Log(*steps)
    leaves = [tlog.leaf_hash(entry) for entry in log.entries]
    assert log.root == tlog.root_of(leaves)
    index = data.draw(st.integers(min_value=0, max_value=log.size - 1))
    log.asked.clear()
    proof = tlog.inclusion_proof(index, log.size, log.read)
    assert log.asked <= set(tlog.tiles_of_path(index, log.size))
    proofs.check_inclusion(leaves[index], index, log.size, log.root, proof)
    InclusionProof(index, log.size, proof).check(leaves[index], log.root)
    with pytest.raises(BadProof):
        proofs.check_inclusion(tlog.leaf_hash(b"another"), index, log.size, log.root, proof)


@given(st.integers(min_value=0, max_value=1500), st.integers(min_value=1, max_value=600))
def test_a_log_proves_that_it_grew_from_an_older_root(old: int, added: int) -> None:
    log = Log(*([old] if old else []))
    old_root = log.root
    log.append(added)
    log.asked.clear()
    proof = tlog.consistency_proof(old, log.size, log.read)
    assert log.asked <= set(tlog.tiles_of_path(max(0, old - 1), log.size))
    proofs.check_consistency(old, log.size, old_root, log.root, proof)
    ConsistencyProof(old, log.size, proof).check(old_root, log.root)
    if old:
        with pytest.raises(BadProof):
            proofs.check_consistency(old, log.size, tlog.leaf_hash(b"another"), log.root, proof)


def test_a_log_of_seventy_thousand_entries_has_the_tiles_of_the_specification() -> None:
    log = Log(70_000)
    full = [level for level, number in log.tiles if tlog.width_of(level, number, 70_000) == 256]
    assert (full.count(0), full.count(1), full.count(2)) == (273, 1, 0)
    assert tlog.edge_of(70_000) == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert tlog.edge_of(256) == [Tile(0, 0, 256), Tile(1, 0, 1)]


def test_tlog_scales_reads_a_log_from_its_files(tmp_path: Path) -> None:
    log = Log(100, 56, 1, 700)
    log.write(tmp_path)
    reader = TilesReader(LocalBackend(tmp_path))
    found = reader.get_checkpoint()
    assert (found.size, found.root_hash) == (857, log.root)
    assert reader.calculate_root_hash() == log.root
    for key in SIGNER.verifier_keys(ORIGIN):
        found.verify(Vkey.from_string(str(key)))
    assert [reader.get_entry(index) for index in (0, 255, 256, 856)] == [log.entries[i] for i in (0, 255, 256, 856)]
    reader.get_inclusion_proof(300, 857).check(tlog.leaf_hash(log.entries[300]), log.root)


# Paths


@pytest.mark.parametrize(
    ("number", "path"), [(0, "000"), (7, "007"), (1234, "x001/234"), (1234067, "x001/x234/067"), (1000, "x001/000")]
)
def test_the_number_of_a_tile_is_written_in_one_way(number: int, path: str) -> None:
    assert tlog.tile_path(2, number) == f"tile/2/{path}"
    assert tlog.tile_path("entries", number, 3) == f"tile/entries/{path}.p/3"
    assert tlog.read_tile_number(path) == number


@pytest.mark.parametrize(
    "path",
    [
        "",
        "7",
        "0007",
        "x001",
        "001/234",
        "x000/234",
        "x001/x234",
        "x1/234",
        "\u0660\u0660\u0661",
        "-01",
        "x001/234/",
        "x999/" * 40 + "999",
    ],
)
def test_other_spellings_of_a_number_are_no_tile(path: str) -> None:
    assert tlog.read_tile_number(path) is None


@pytest.mark.parametrize(
    ("level", "number", "width"), [(0, 3, 89), (0, 2, 256), (0, 4, 0), (1, 0, 3), (2, 0, 0), (7, 10**18, 0)]
)
def test_a_tile_is_as_wide_as_the_log_is_long(level: int, number: int, width: int) -> None:
    assert tlog.width_of(level, number, 857) == width


def test_a_bundle_keeps_each_entry() -> None:
    entries = [b"", b"one", bytes(65_535)]
    assert proofs.read_bundle(tlog.bundle(entries)) == entries


@pytest.mark.parametrize("data", [b"\x00", b"\x00\x05four", tlog.bundle([b""] * 257)])
def test_a_bundle_that_is_cut_off_or_too_long_is_refused(data: bytes) -> None:
    with pytest.raises(BadProof):
        proofs.read_bundle(data)


def test_an_entry_that_is_too_long_for_a_bundle_is_refused() -> None:
    with pytest.raises(BadProof):
        tlog.bundle([bytes(65_536)])


def test_tiles_that_are_cut_off_prove_nothing() -> None:
    log = Log(300)
    log.tiles[0, 1] = log.tiles[0, 1][:-1]
    with pytest.raises(BadProof):
        tlog.inclusion_proof(298, 300, log.read)


# Notes


def test_the_key_and_the_id_of_the_specification_are_read() -> None:
    text = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
    key = VerifierKey.parse(text)
    assert (str(key), key.kind, key.id.hex()) == (text, Kind.ED25519, "530d903a")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.com/foo",
        "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/bar+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2",
        "example.com/foo+530d903a+",
        "two words+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
    ],
)
def test_a_key_that_is_cut_off_or_renamed_is_refused(text: str) -> None:
    with pytest.raises(BadProof):
        VerifierKey.parse(text)


def test_both_signatures_are_checked_and_say_nothing_about_time() -> None:
    said, note = parse_checkpoint(Log(300).checkpoint())
    assert [signature.name for signature in note.signatures] == [ORIGIN, ORIGIN]
    assert all(is_signed_by(key, said, note.signatures) for key in SIGNER.verifier_keys(ORIGIN))
    assert note.signatures[1].timestamp == 0
    stranger = VerifierKey(ORIGIN, Kind.ED25519, bytes(32))
    assert not is_signed_by(stranger, said, note.signatures)


@pytest.mark.parametrize("at", [0, 1])
def test_a_signature_under_another_number_is_refused(at: int) -> None:
    said, note = parse_checkpoint(Log(300).checkpoint())
    with pytest.raises(BadProof, match="wrong"):
        is_signed_by(SIGNER.verifier_keys(ORIGIN)[at], Checkpoint(ORIGIN, 301, said.root), note.signatures)


def test_a_cosignature_of_another_program_is_checked() -> None:
    log = Log(300)
    witness = MLDSA44CosignatureSigner("witness.example", bytes(32))
    theirs = witness.sign(TheirCheckpoint(ORIGIN, 300, log.root, []))
    signed = log.checkpoint() + theirs.serialize() + "\n"
    said, note = parse_checkpoint(signed)
    their_key: str = witness.vkey.serialize()  # type: ignore[no-untyped-call]
    assert is_signed_by(VerifierKey.parse(their_key), said, note.signatures)
    assert note.signatures[2].timestamp > 0
    assert str(note) == signed


GOOD = Log(3).checkpoint()


@pytest.mark.parametrize(
    "text",
    [
        "",
        GOOD[:-1],
        GOOD[:40],
        GOOD + "\n",
        GOOD.replace("\n3\n", "\n03\n"),
        GOOD.replace("\n3\n", "\n-3\n"),
        GOOD.replace("\n3\n", "\n\u0663\n"),
        GOOD.replace("\n3\n", f"\n{2**63}\n"),
        GOOD.replace("\n3\n", "\n\n3\n"),
        GOOD.replace("\n\n", "\nan extension\n\n"),
        GOOD.replace("\n3\n", "\n3\r\n"),
        GOOD.replace("— ", "- "),
        "\n" + GOOD,
        GOOD + "— a AAAA\n",
        GOOD + "— a+b AAAAAAAA\n",
        GOOD + "— a AAAAAAAA\n" * 40,
        GOOD.replace("\n\n", "\n" + "x" * 200_000 + "\n\n"),
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(BadProof):
        parse_checkpoint(text)


@given(st.text(max_size=60), st.integers(min_value=0, max_value=len(GOOD)))
def test_nothing_that_others_send_does_harm(text: str, at: int) -> None:
    for sent in (text, GOOD[:at] + text + GOOD[at:], f"{notes.HEADER}\nindex 0\n\n{text}"):
        for read in (parse_checkpoint, TlogProof.parse, VerifierKey.parse):
            try:
                read(sent)
            except BadProof:
                continue


# Receipts


def test_a_receipt_is_read_as_it_was_written() -> None:
    log = Log(300)
    proof = tlog.inclusion_proof(17, 300, log.read)
    for extra in (b"", bytes(32)):
        receipt = TlogProof(17, proof, log.checkpoint(), extra)
        assert TlogProof.parse(str(receipt)) == receipt
        assert str(receipt).startswith(
            "c2sp.org/tlog-proof@v1\nextra " if extra else "c2sp.org/tlog-proof@v1\nindex 17\n"
        )


@pytest.mark.parametrize("end", [10, 30, 60, 200, 900, -1])
def test_a_receipt_that_is_cut_off_is_refused(end: int) -> None:
    log = Log(300)
    with pytest.raises(BadProof):
        TlogProof.parse(str(TlogProof(17, tlog.inclusion_proof(17, 300, log.read), log.checkpoint()))[:end])
