"""Unsubscribe a signer from the updates of a letter."""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from letters.base.audit_log.operations import record
from letters.base.retention.operations import forget_unneeded_address
from letters.models import (
    OutgoingEmail,
    Signature,
    SignerContact,
    Update,
)


@transaction.atomic
def unsubscribe(signature: Signature, *, now: datetime) -> None:
    """Stop sending updates to the signer. The signature stays. Idempotent."""
    agreed = SignerContact.objects.filter(pk=signature.pk).exclude(consent="")
    if not agreed.update(consent="", consented_at=None):
        return
    # Every email to a signer has the same token. So the last update is only the likely cause, which is enough for a
    # statistic.
    last = OutgoingEmail.objects.filter(signature=signature, update__isnull=False, sent_at__isnull=False).order_by(
        "-pk"
    )
    for update_id in last.values_list("update_id", flat=True)[:1]:
        Update.objects.filter(pk=update_id).update(unsubscribed_count=F("unsubscribed_count") + 1)
    forget_unneeded_address(signature)
    record("unsubscribe", signature, by="signer", now=now, details={"letter": signature.letter_id})
