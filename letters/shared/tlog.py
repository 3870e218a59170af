"""The tree of a log: hashes, tiles and proofs as RFC 6962 and C2SP's tlog-tiles say (pure functions, no tables).

A log is a list of entries that only grows. Its *root* is one hash of all entries. A *tile* holds up to 256 neighbouring
hashes of one level, so that every proof can be made from a few files that never change. Signatures are in `notes.py`.
"""

import re
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple, Protocol

HASH_SIZE = 32
TILE_WIDTH = 256
TILE_BITS = 8
# tlog-tiles allows 63. Eight levels of tiles hold 2 ** 64 entries.
MAX_LEVEL = 7
MAX_SIZE = 2**63 - 1
# The length of an entry takes two bytes in a bundle.
MAX_ENTRY = 2**16 - 1
EMPTY_ROOT = sha256(b"").digest()
LEAF, NODE = b"\x00", b"\x01"
NUMBER_PARTS = re.compile(r"(?:x[0-9]{3}/)*[0-9]{3}")
DIGITS_OF_NUMBER = 18


class BadProof(ValueError):
    """A proof, tile, note or checkpoint does not have the right shape, or does not prove what it should."""


class Tile(NamedTuple):
    """The place of a tile; `width` is 256 for a full one."""

    level: int
    number: int
    width: int = TILE_WIDTH


class TileReader(Protocol):
    """Return the hashes of a tile: `tile.width` times 32 bytes, or more, of which the first are those of the tile."""

    def __call__(self, tile: Tile) -> bytes: ...


def leaf_hash(data: bytes) -> bytes:
    """Hash one entry."""
    return sha256(LEAF + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two neighbouring subtrees."""
    return sha256(NODE + left + right).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """Return the root over the hashes of entries, or over those of complete subtrees of one size."""
    if not hashes:
        return EMPTY_ROOT
    level = list(hashes)
    while len(level) > 1:
        pairs = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2 :]
    return level[0]


# Tiles


def tile_path(level: int | str, number: int, width: int = TILE_WIDTH) -> str:
    """Return the path of a tile below the address of its log: `tile/0/x001/234`; the level `entries` names bundles."""
    parts = [f"{number % 1000:03d}"]
    while number := number // 1000:
        parts.insert(0, f"x{number % 1000:03d}")
    partial = "" if width == TILE_WIDTH else f".p/{width}"
    return f"tile/{level}/{'/'.join(parts)}{partial}"


def read_tile_number(text: str) -> int | None:
    """Return the number in `x001/234`; None for every other spelling, so that each tile has one address."""
    if len(text) > DIGITS_OF_NUMBER // 3 * 5 or not NUMBER_PARTS.fullmatch(text) or text.startswith("x000/"):
        return None
    return int(text.replace("x", "").replace("/", ""))


def width_of(level: int, number: int, size: int) -> int:
    """Return how many hashes the tile has in a log of `size` entries; 0 if there is no such tile."""
    return max(0, min(TILE_WIDTH, (size >> TILE_BITS * level) - number * TILE_WIDTH))


def edge_of(size: int) -> list[Tile]:
    """Return the last tile of each level, full or not: whatever a log needs to grow, or to say its root."""
    tiles = []
    for level in range(MAX_LEVEL + 1):
        if not (count := size >> TILE_BITS * level):
            break
        number = (count - 1) // TILE_WIDTH
        tiles.append(Tile(level, number, width_of(level, number, size)))
    return tiles


def tiles_of_path(index: int, size: int) -> list[Tile]:
    """Return every tile that the inclusion proof of one entry reads: at most two of each level."""
    tiles = dict.fromkeys(edge_of(size))
    for level in range(MAX_LEVEL + 1):
        number = index >> TILE_BITS * (level + 1)
        if width := width_of(level, number, size):
            tiles[Tile(level, number, width)] = None
    return list(tiles)


def grow(size: int, hashes: Sequence[bytes], read: TileReader) -> Iterator[tuple[Tile, bytes]]:
    """Yield each tile that is new or wider after entries with these hashes were appended to a log of `size` entries.

    `read` is asked for the tiles of `edge_of(size)` only.
    """
    added = list(hashes)
    for level in range(MAX_LEVEL + 1):
        if not added:
            return
        count = size >> TILE_BITS * level
        number, kept = divmod(count, TILE_WIDTH)
        row = _hashes(read(Tile(level, number, kept)), kept) if kept else []
        row += added
        added = []
        for at in range(0, len(row), TILE_WIDTH):
            part = row[at : at + TILE_WIDTH]
            yield Tile(level, number + at // TILE_WIDTH, len(part)), b"".join(part)
            if len(part) == TILE_WIDTH:
                added.append(root_of(part))


def bundle(entries: Sequence[bytes]) -> bytes:
    """Return an entry bundle: each entry after its length in two bytes.

    Raises:
        BadProof: an entry is too long for its length to fit.
    """
    if any(len(entry) > MAX_ENTRY for entry in entries):
        raise BadProof("An entry has more than 65,535 bytes.")
    return b"".join(len(entry).to_bytes(2) + entry for entry in entries)


# Proofs


def _hashes(data: bytes, width: int) -> list[bytes]:
    if len(data) < width * HASH_SIZE:
        raise BadProof("The tile is cut off.")
    return [data[at : at + HASH_SIZE] for at in range(0, width * HASH_SIZE, HASH_SIZE)]


def _split(count: int) -> int:
    """Return the largest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1


def root_between(start: int, end: int, size: int, read: TileReader) -> bytes:
    """Return the root over the entries from `start` to before `end`, a range that a proof over `size` entries needs."""
    count = end - start
    if count == 0:
        return EMPTY_ROOT
    if count & (count - 1):
        middle = start + _split(count)
        return node_hash(root_between(start, middle, size, read), root_between(middle, end, size, read))
    level, rest = divmod(count.bit_length() - 1, TILE_BITS)
    number, first = divmod(start >> TILE_BITS * level, TILE_WIDTH)
    row = _hashes(read(Tile(level, number, width := width_of(level, number, size))), width)
    return root_of(row[first : first + (1 << rest)])


def root_at(size: int, read: TileReader) -> bytes:
    """Return the root of a log of `size` entries; `read` is asked for the tiles of `edge_of(size)` only."""
    return root_between(0, size, size, read)


def inclusion_proof(index: int, size: int, read: TileReader) -> list[bytes]:
    """Return the hashes that lead from one entry to the root; `read` is asked for `tiles_of_path(index, size)` only.

    Raises:
        BadProof: the log has no such entry, or a tile is cut off.
    """
    if not 0 <= index < size:
        raise BadProof("The log has no entry with this index.")
    proof, start, end = list[bytes](), 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(root_between(middle, end, size, read))
            end = middle
        else:
            proof.append(root_between(start, middle, size, read))
            start = middle
    return proof[::-1]


def consistency_proof(old: int, size: int, read: TileReader) -> list[bytes]:
    """Return the hashes that show that the first `old` of `size` entries are the same as those of an older checkpoint.

    `read` is asked for the tiles of `tiles_of_path(old - 1, size)` only.

    Raises:
        BadProof: the older log is longer, or a tile is cut off.
    """
    if not 0 <= old <= size:
        raise BadProof("The older log is longer.")
    if old in {0, size}:
        return []
    proof, start, end, whole = list[bytes](), 0, size, True
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(root_between(middle, end, size, read))
            end = middle
        else:
            proof.append(root_between(start, middle, size, read))
            start, whole = middle, False
    if not whole:
        proof.append(root_between(start, end, size, read))
    return proof[::-1]
