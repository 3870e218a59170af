"""A reader becomes a signer: sign, confirm, change, withdraw. One flow per file. Import from here."""

from letters.signer.signing.operations.answering import (
    answer_question,
    forget_proofs,
    prove_address,
    send_proof_code,
)
from letters.signer.signing.operations.appealing import appeal_rejection
from letters.signer.signing.operations.changing import change_signature, check_code, use_submission
from letters.signer.signing.operations.confirming import confirm_signature
from letters.signer.signing.operations.encrypting import encrypt_words
from letters.signer.signing.operations.featuring import answer_featuring
from letters.signer.signing.operations.forgetting import (
    forget_emails,
    forget_requests,
    forget_submissions,
    purge_unconfirmed,
)
from letters.signer.signing.operations.invitations import accept_invitation, decline_invitation, invitation_refusal
from letters.signer.signing.operations.leaving import disown_signature, withdraw_signature
from letters.signer.signing.operations.lost_links import request_mail
from letters.signer.signing.operations.reencrypting import Reencrypted, reencrypt_addresses, reencrypt_submissions
from letters.signer.signing.operations.reminding import remind_asked, remind_unconfirmed
from letters.signer.signing.operations.signing import sign_letter
from letters.signer.signing.operations.submitted_form import Changes, SubmittedForm
from letters.signer.signing.operations.tracing import forget_traces

__all__ = [
    "Changes",
    "Reencrypted",
    "SubmittedForm",
    "accept_invitation",
    "answer_featuring",
    "answer_question",
    "appeal_rejection",
    "change_signature",
    "check_code",
    "confirm_signature",
    "decline_invitation",
    "disown_signature",
    "encrypt_words",
    "forget_emails",
    "forget_proofs",
    "forget_requests",
    "forget_submissions",
    "forget_traces",
    "invitation_refusal",
    "prove_address",
    "purge_unconfirmed",
    "reencrypt_addresses",
    "reencrypt_submissions",
    "remind_asked",
    "remind_unconfirmed",
    "request_mail",
    "send_proof_code",
    "sign_letter",
    "use_submission",
    "withdraw_signature",
]
