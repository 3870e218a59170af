"""The headers by which email programs identify an email: its id, its list, and how to unsubscribe."""

import hashlib
import hmac
import secrets

from django.conf import settings


def message_id(outgoing_email_id: int) -> str:
    """Return the same id for every attempt, so that an email that was sent twice after a crash is recognised as one.

    Privacy: the id is a keyed hash, because the plain ids of two emails would tell how many people signed between them.
    """
    message = f"message:{outgoing_email_id}".encode()
    return f"<{hmac.digest(settings.SECRET_KEY.encode(), message, hashlib.sha256).hex()[:32]}@{mail_host()}>"


def random_message_id() -> str:
    """Return an id for an email that is not stored. Privacy: it is as long as the ids above."""
    return f"<{secrets.token_hex(16)}@{mail_host()}>"


def list_headers(unsubscribe_url: str) -> dict[str, str]:
    """Let recipients unsubscribe with one click in their email program (RFC 8058), and sort by list (RFC 2919).

    Privacy: all letters share one List-Id. With a List-Id for each letter, anyone who logs headers could tell which
    letter an email is about. There is no "Precedence: bulk": no standard defines it, and List-Id already tells machines
    not to answer (RFC 3834).
    """
    return {
        "List-Unsubscribe": f"<{unsubscribe_url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Id": f"<news.{mail_host()}>",
    }


def mail_host() -> str:
    return settings.SITE_URL.split("//")[1].split(":")[0]
