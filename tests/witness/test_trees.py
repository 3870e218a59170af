"""The witness' check of consistency agrees with the definition in RFC 6962, for every pair of small sizes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.witness.trees import SmallLog, consistency, leaf, root_of
from undersigned_witness.notes import Key, Malformed, parse_checkpoint
from undersigned_witness.trees import is_consistent

LEAVES = [leaf(bytes([each])) for each in range(40)]


@pytest.mark.parametrize("size", range(len(LEAVES) + 1))
def test_every_true_proof_is_accepted_and_no_changed_one(size: int) -> None:
    root = root_of(LEAVES[:size])
    for old in range(size + 1):
        proof, old_root = consistency(old, LEAVES[:size]), root_of(LEAVES[:old])
        assert is_consistent(old, old_root, size, root, proof)
        assert not is_consistent(old, old_root, size, root, [*proof, bytes(32)])
        if old:
            assert not is_consistent(old, bytes(32), size, root, proof)
            assert not is_consistent(old, old_root, size, bytes(32), proof)
        for place in range(len(proof)):
            assert not is_consistent(old, old_root, size, root, [*proof[:place], bytes(32), *proof[place + 1 :]])
            assert not is_consistent(old, old_root, size, root, proof[:place] + proof[place + 1 :])


@given(
    st.lists(st.binary(max_size=4), min_size=1, max_size=60), st.data(), st.lists(st.binary(min_size=32, max_size=32))
)
def test_no_invented_proof_leads_to_a_fork(entries: list[bytes], data: st.DataObject, invented: list[bytes]) -> None:
    leaves = [leaf(each) for each in entries]
    old, place = data.draw(st.integers(1, len(leaves))), data.draw(st.integers(0, len(leaves) - 1))
    fork = [*leaves[:place], bytes(32), *leaves[place + 1 :]]
    may_differ = place >= old
    honest = consistency(old, fork)
    assert is_consistent(old, root_of(leaves[:old]), len(fork), root_of(fork), honest) == may_differ
    assert not is_consistent(old, root_of(leaves[:old]), len(fork), root_of(fork), invented) or (
        may_differ and invented == honest
    )


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (parse_checkpoint, Key.parse):
        try:
            read(text)
        except Malformed:
            continue


@given(st.data())
def test_any_damage_to_a_checkpoint_is_noticed_or_leaves_its_meaning(data: st.DataObject) -> None:
    note = SmallLog().grow("an entry").checkpoint()
    place = data.draw(st.integers(0, len(note) - 1))
    damaged = note[:place] + data.draw(st.characters()) + note[place + 1 :]
    try:
        found = parse_checkpoint(damaged)
    except Malformed:
        return
    assert found.text in damaged
