"""Make a signer's receipt: what proves to anyone that the letter's public record has this signature."""

import json
from enum import StrEnum

from letters.base.ledger import entries
from letters.base.ledger.commitments import commit
from letters.base.ledger.queries import has_words, words_of
from letters.base.ledger_logs.queries import entry_index_of, proof_for
from letters.models import LedgerEntry, LedgerOpening, Signature
from letters.shared.notes import TlogProof

# Of what is in `extra`: readers refuse what they do not know.
VERSION = 1


class NoReceipt(StrEnum):
    """Why there is none."""

    # The signature has no number yet.
    WAITS = "waits"
    # No signed state of the record has its entry yet.
    UNSIGNED = "unsigned"
    # The signer has withdrawn, so words and opening are deleted.
    DELETED = "deleted"
    # The signer changed what only some can read. The record says nothing of that, and the old opening is deleted.
    UNSAID = "unsaid"


def receipt_of(signature: Signature) -> TlogProof | NoReceipt:
    """Return the receipt of a signature, under the newest signed state of its letter's record, or why there is none.

    Privacy: it holds the words and what opens their commitment, so it is only for the signer.
    """
    letter, number = signature.letter, signature.number
    if number is None:
        return NoReceipt.WAITS
    row = LedgerOpening.objects.filter(signature=signature).first()
    if row is None:
        return _why_unopened(signature)
    opening = bytes(row.opening)
    index = entry_index_of(letter, number)
    proof = None if index is None else proof_for(letter, index)
    if proof is None:
        return NoReceipt.UNSIGNED
    entry, words = LedgerEntry.objects.get(letter=letter, index=proof.index).data, words_of(signature)
    # Race: the words were changed, and the sequencer has not told the record yet.
    if commit(words, opening).hex() != entries.read(entry).parts[-1]:
        return NoReceipt.UNSIGNED
    said = {"version": VERSION, "entry": entry, "words": words._asdict(), "opening": opening.hex()}
    extra = json.dumps(said, ensure_ascii=False).encode()
    return TlogProof(proof.index, proof.hashes, proof.checkpoint.note, extra)


def _why_unopened(signature: Signature) -> NoReceipt:
    if not has_words(signature):
        return NoReceipt.DELETED
    is_recorded = entry_index_of(signature.letter, signature.number or 0) is not None
    return NoReceipt.UNSAID if is_recorded else NoReceipt.UNSIGNED
