"""How a mail is called, so that a mail program knows it again."""

import hashlib
import hmac

from django.conf import settings


def message_id(outgoing_email_id: int) -> str:
    """The same for every attempt, so that a mail sent twice after a crash can be recognised as one.

    Keyed, since the ids of two mails would tell how many have signed between them.
    """
    message = f"message:{outgoing_email_id}".encode()
    return f"<{hmac.digest(settings.SECRET_KEY.encode(), message, hashlib.sha256).hex()[:32]}@{mail_host()}>"


def mail_host() -> str:
    return settings.SITE_URL.split("//")[1].split(":")[0]
