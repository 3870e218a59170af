"""Merkle trees as in RFC 6962: does a larger tree begin with a smaller one?"""

import hashlib

EMPTY_ROOT = hashlib.sha256().digest()
MAX_PROOF_HASHES = 63


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def is_consistent(old_size: int, old_root: bytes, size: int, root: bytes, proof: list[bytes]) -> bool:
    """Return whether the proof shows that the tree of `size` begins with the tree of `old_size` (RFC 9162, 2.1.4.2)."""
    if size == 0 and root != EMPTY_ROOT:
        return False
    if old_size == 0:
        return not proof
    if old_size == size:
        return not proof and old_root == root
    if old_size > size or not proof:
        return False
    # Where the old tree is a whole subtree of the new one, the proof leaves its root out.
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else proof
    return _roots(old_size - 1, size - 1, path) == (old_root, root)


def _roots(first: int, second: int, path: list[bytes]) -> tuple[bytes, bytes] | None:
    """Compute both roots; None if the proof has too few hashes or too many."""
    while first & 1:
        first, second = first >> 1, second >> 1
    old = new = path[0]
    for each in path[1:]:
        if second == 0:
            return None
        if first & 1 or first == second:
            old, new = node_hash(each, old), node_hash(each, new)
            while not first & 1 and first:
                first, second = first >> 1, second >> 1
        else:
            new = node_hash(new, each)
        first, second = first >> 1, second >> 1
    return (old, new) if second == 0 else None
