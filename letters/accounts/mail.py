"""Mails about accounts on their way through the broker: sealed, since they hold codes and addresses."""

import json

from django.core.mail import EmailMessage

from letters.shared.addresses import seal, unseal


def pack(message: EmailMessage) -> str:
    """The message as text that only we can read."""
    parts = {"subject": message.subject, "body": message.body, "from_email": message.from_email, "to": message.to}
    return seal(json.dumps(parts)).decode()


def unpack(packed: str) -> EmailMessage:
    return EmailMessage(**json.loads(unseal(packed.encode())))
