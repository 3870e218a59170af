"""Pass emails about accounts through the broker.

Security: they are encrypted, because they contain codes and addresses.
"""

import json

from django.core.mail import EmailMessage, EmailMultiAlternatives

from letters.base.outbox.composing import QUOTED_PRINTABLE
from letters.shared.addresses import decrypt, encrypt

# A queue of their own: strangers can request these emails, and emails to signers must not wait behind them.
ACCOUNTS_QUEUE = "accounts"


def pack(message: EmailMessage) -> str:
    """Encode and encrypt a message."""
    names = ("subject", "body", "from_email", "to", "reply_to")
    parts = {name: getattr(message, name) for name in names}
    # The HTML version, if there is one.
    alternatives = [list(each) for each in getattr(message, "alternatives", [])]
    return encrypt(json.dumps({**parts, "alternatives": alternatives, "headers": message.extra_headers})).decode()


def unpack(packed: str) -> EmailMessage:
    message = EmailMultiAlternatives(**json.loads(decrypt(packed.encode())))
    # Privacy: otherwise its size would depend on its words: see `pad_email`.
    message.encoding = QUOTED_PRINTABLE
    return message
