"""Pass emails about accounts through the broker. Security: encrypted, because they contain codes and addresses."""

import json

from django.core.mail import EmailMessage, EmailMultiAlternatives

from letters.shared.addresses import decrypt, encrypt

# A queue of their own: strangers can request these emails, and emails to signers must not wait behind them.
ACCOUNTS_QUEUE = "accounts"


def pack(message: EmailMessage) -> str:
    """Encode and encrypt a message."""
    parts = {"subject": message.subject, "body": message.body, "from_email": message.from_email, "to": message.to}
    # The HTML version, if there is one.
    alternatives = [list(each) for each in getattr(message, "alternatives", [])]
    return encrypt(json.dumps({**parts, "alternatives": alternatives, "headers": message.extra_headers})).decode()


def unpack(packed: str) -> EmailMessage:
    return EmailMultiAlternatives(**json.loads(decrypt(packed.encode())))
