"""What happens to the rows that belong to a signature when the data of its letter is deleted.

A test compares both lists with the models, so a new table cannot be forgotten.
"""

from django.db import models

from letters.models import (
    AddressProof,
    BulkTarget,
    CarryOverAnswer,
    CommentHiding,
    Doubt,
    Featuring,
    LedgerOpening,
    NameReport,
    OutgoingEmail,
    OwedEntry,
    RejectionAppeal,
    Report,
    ReviewClaim,
    ReviewDecision,
    SecondOpinion,
    SignerContact,
    SignerQuestion,
    SigningTrace,
    Submission,
)

DELETED_WITH_DATA: list[type[models.Model]] = [
    *[SignerContact, Submission, SigningTrace, Doubt],
    *[RejectionAppeal, SignerQuestion, AddressProof],
    *[ReviewClaim, BulkTarget, SecondOpinion],
]
# Why some of these rows stay, or all of them.
NOT_ALL_DELETED: dict[type[models.Model], str] = {
    OutgoingEmail: "A spam complaint stops our emails to the address. All others are deleted.",
    Featuring: "The consent of a signer whom the page still features.",
    CommentHiding: "The hidden comment of a public name stays as long as the comment.",
    ReviewDecision: "The account of moderation counts them. Remarks about signers are deleted.",
    CarryOverAnswer: "The list says who carried a signature over. Only the day is kept.",
    LedgerOpening: "The ledger's commitment to a public name stays open. All others are deleted.",
    OwedEntry: "The sequencer deletes it when the ledger has the entry.",
    Report: "It is deleted half a year after its decision, and holds nothing about the signer.",
    NameReport: "It is deleted when the person named has been told what was decided.",
}
