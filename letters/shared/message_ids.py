"""The Message-ID of an email."""

import hashlib
import hmac

from django.conf import settings


def message_id(outgoing_email_id: int) -> str:
    """Return the same id for every attempt, so that an email that was sent twice after a crash is recognised as one.

    Privacy: keyed, because plain ids of two emails would tell how many people signed between them.
    """
    message = f"message:{outgoing_email_id}".encode()
    return f"<{hmac.digest(settings.SECRET_KEY.encode(), message, hashlib.sha256).hex()[:32]}@{mail_host()}>"


def mail_host() -> str:
    return settings.SITE_URL.split("//")[1].split(":")[0]
