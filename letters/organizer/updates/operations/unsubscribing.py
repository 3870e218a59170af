"""A signer leaves the updates of a letter."""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from letters.base.audit_log.operations import record
from letters.models import (
    OutgoingEmail,
    Signature,
    SignerContact,
    Update,
)

# Signers


@transaction.atomic
def unsubscribe(signature: Signature, *, now: datetime) -> None:
    """The signer wants to hear no more of the letter. The signature stands. Doing it twice changes nothing."""
    agreed = SignerContact.objects.filter(pk=signature.pk).exclude(consent="")
    if not agreed.update(consent="", consented_at=None):
        return
    # The token is the same in all mails to a signer; that it was the last of them is likely, and enough for a number.
    last = OutgoingEmail.objects.filter(signature=signature, update__isnull=False, sent_at__isnull=False).order_by(
        "-pk"
    )
    for update_id in last.values_list("update_id", flat=True)[:1]:
        Update.objects.filter(pk=update_id).update(unsubscribed_count=F("unsubscribed_count") + 1)
    record("unsubscribe", signature, by="signer", now=now, details={"letter": signature.letter_id})
