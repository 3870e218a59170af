"""Check proofs and bundles of a log as its readers do. The site only makes them."""

from collections.abc import Sequence

from letters.shared.tlog import EMPTY_ROOT, TILE_WIDTH, BadProof, node_hash


def read_bundle(data: bytes) -> list[bytes]:
    """Return the entries of a bundle.

    Raises:
        BadProof: the bundle is cut off, or has more than 256 entries.
    """
    entries, at = [], 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2])
        if at + 2 > len(data) or end > len(data):
            raise BadProof("The bundle of entries is cut off.")
        entries.append(data[at + 2 : end])
        at = end
    if len(entries) > TILE_WIDTH:
        raise BadProof("The bundle has more than 256 entries.")
    return entries


def check_inclusion(leaf: bytes, index: int, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the entry with the hash `leaf` is at `index` of the log with this root (RFC 9162, 2.1.3.2).

    Raises:
        BadProof: it is not.
    """
    if not 0 <= index < size:
        raise BadProof("The log has no entry with this index.")
    at, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise BadProof("The proof is too long.")
        if at & 1 or at == last:
            found = node_hash(sibling, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        at, last = at >> 1, last >> 1
    if last or found != root:
        raise BadProof("The entry is not in the log with this root.")


def check_consistency(old: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]) -> None:
    """Check that a log grew from the older root to this one without a change (RFC 9162, 2.1.4.2).

    Raises:
        BadProof: it did not, or the proof does not show it.
    """
    if old in {0, size}:
        if proof or old_root != (root if old else EMPTY_ROOT):
            raise BadProof("Two roots of one size differ.")
        return
    if not 0 < old < size or not proof:
        raise BadProof("The proof does not fit the sizes.")
    path = [*([old_root] if old & (old - 1) == 0 else []), *proof]
    at, last = old - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise BadProof("The proof is too long.")
        if at & 1 or at == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        at, last = at >> 1, last >> 1
    if last or first != old_root or second != root:
        raise BadProof("The log did not grow from the older root to this one.")
