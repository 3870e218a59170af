"""Mails about accounts on their way through the broker: sealed, since they hold codes and addresses."""

import json

from django.core.mail import EmailMessage, EmailMultiAlternatives

from letters.shared.addresses import decrypt, encrypt

# Behind a queue of their own: strangers can ask for these emails, and those of signers do not wait for them.
ACCOUNTS_QUEUE = "accounts"


def pack(message: EmailMessage) -> str:
    """The message as text that only we can read."""
    parts = {"subject": message.subject, "body": message.body, "from_email": message.from_email, "to": message.to}
    # In HTML too, if it has that.
    alternatives = [list(each) for each in getattr(message, "alternatives", [])]
    return encrypt(json.dumps({**parts, "alternatives": alternatives, "headers": message.extra_headers})).decode()


def unpack(packed: str) -> EmailMessage:
    return EmailMultiAlternatives(**json.loads(decrypt(packed.encode())))
