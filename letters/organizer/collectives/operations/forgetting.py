"""Delete and re-encrypt what invitations hold."""

from datetime import datetime, timedelta

from cryptography.fernet import InvalidToken
from django.db.models import Exists, OuterRef

from letters.models import (
    COMPLAINED,
    MemberInvitation,
    OutgoingEmail,
)
from letters.shared.addresses import reencrypt

# After that, and after it was taken back, it still counts against the limits for a day.
RETENTION = timedelta(days=1)


def forget_invitations(*, now: datetime) -> int:
    """Delete those that are over, and with them whom they were for. How many.

    Not those whose owner called the mail spam: by their hash, that address gets no other one. And one whose email came
    back counts against its collective until it would have ended by itself, whoever takes it back.
    """
    expired = MemberInvitation.objects.filter(expires_at__lt=now - RETENTION)
    back = OutgoingEmail.objects.filter(invitation=OuterRef("pk"), failed_at__isnull=False)
    revoked = MemberInvitation.objects.filter(~Exists(back), revoked_at__lt=now - RETENTION)
    deleted, _ = (expired | revoked).exclude(outgoing_emails__error=COMPLAINED).delete()
    return deleted


def reencrypt_invitations() -> tuple[int, list[int]]:
    """Encrypt the addresses of open invitations under the newest key: how many were changed; which nothing opens."""
    changed, unreadable = 0, []
    for invitation in MemberInvitation.objects.open().only("address"):
        try:
            fresh = reencrypt(invitation.address or b"")
        except InvalidToken:
            unreadable.append(invitation.pk)
            continue
        # Compared once more: it may have been accepted, and its address forgotten, since it was read.
        same = MemberInvitation.objects.open().filter(pk=invitation.pk, address=invitation.address)
        changed += same.exclude(address=fresh).update(address=fresh)
    return changed, unreadable
