"""Delete ended invitations, and re-encrypt the addresses of the open ones."""

from datetime import datetime, timedelta

from cryptography.fernet import InvalidToken
from django.db.models import Exists, OuterRef

from letters.models import (
    COMPLAINED,
    MemberInvitation,
    OutgoingEmail,
)
from letters.shared.addresses import reencrypt

# An ended or withdrawn invitation still counts against the limits for this long.
RETENTION = timedelta(days=1)


def forget_invitations(*, now: datetime) -> int:
    """Delete invitations that have ended, with the addresses they were for. Returns how many.

    Abuse: two kinds are kept. The hash of an invitation that was reported as spam prevents another email to that
    address. An invitation whose email bounced stays until it would have expired, because withdrawing it must not
    improve the collective's record.
    """
    expired = MemberInvitation.objects.filter(expires_at__lt=now - RETENTION)
    back = OutgoingEmail.objects.filter(invitation=OuterRef("pk"), failed_at__isnull=False)
    # Owners see until the end of an invitation that it was declined.
    revoked = MemberInvitation.objects.filter(~Exists(back), revoked_at__lt=now - RETENTION, declined_at=None)
    deleted, _ = (expired | revoked).exclude(outgoing_emails__error=COMPLAINED).delete()
    return deleted


def reencrypt_invitations() -> tuple[int, list[int]]:
    """Encrypt the addresses of open invitations under the newest key.

    Returns how many changed, and the ids that no key decrypts.
    """
    changed, unreadable = 0, []
    for invitation in MemberInvitation.objects.open().only("address"):
        try:
            fresh = reencrypt(invitation.address or b"")
        except InvalidToken:
            unreadable.append(invitation.pk)
            continue
        # Race: the invitation may have been accepted, and its address deleted, since it was read.
        same = MemberInvitation.objects.open().filter(pk=invitation.pk, address=invitation.address)
        changed += same.exclude(address=fresh).update(address=fresh)
    return changed, unreadable
