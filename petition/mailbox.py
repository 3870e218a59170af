"""Email in laptop mode: files instead of a server, and a page at /mailbox/ to read them. Other modes have neither."""

import re
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage as Message
from email.policy import default as modern
from pathlib import Path
from secrets import token_hex

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

# Nanoseconds since 1970 with 20 digits, so that names sort by time; the rest distinguishes emails of the same moment.
NAME = re.compile(r"[0-9]{20}-[0-9a-f]{8}")
SHOWN = 100
JUST_LOOKING = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)


class MailboxBackend(BaseEmailBackend):
    """Store each email as a file in settings.MAILBOX_DIR."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            keep(message.message().as_bytes())
        return len(email_messages)


def keep(message: bytes) -> None:
    """Rename the file when it is complete, so that the page never reads half an email."""
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".", delete=False) as new:
        new.write(message)
    Path(new.name).replace(folder / f"{time.time_ns():020}-{token_hex(4)}.eml")


@dataclass(frozen=True)
class Mail:
    """One stored email, as the page shows it."""

    name: str
    written_at: datetime
    subject: str
    recipients: str
    text: str
    html: str

    @classmethod
    def read(cls, file: Path) -> "Mail":
        message = message_from_bytes(file.read_bytes(), policy=modern)
        return cls(
            name=file.stem,
            written_at=datetime.fromtimestamp(int(file.stem[:20]) / 1e9, UTC),
            subject=message.get("Subject", ""),
            recipients=message.get("To", ""),
            text=_part(message, "plain"),
            html=_part(message, "html"),
        )


@require_safe
@cache_control(no_store=True)
def mailbox(request: HttpRequest) -> HttpResponse:
    """List the newest emails."""
    files = sorted((file for file in _folder().glob("*.eml") if NAME.fullmatch(file.stem)), reverse=True)
    emails = [Mail.read(file) for file in files[:SHOWN]]
    return render(request, "mailbox/mailbox.html", {"emails": emails, "older": max(0, len(files) - SHOWN)})


@require_safe
@cache_control(no_store=True)
def mail_html(request: HttpRequest, name: str) -> HttpResponse:
    """Show the HTML half of an email like an email program: its inline styles, nothing loaded, nothing run."""
    file = _folder() / f"{name}.eml"
    # Security: a name of this shape cannot lead to another folder.
    if not NAME.fullmatch(name) or not file.is_file():
        raise Http404
    html = Mail.read(file).html
    if not html:
        raise Http404
    return HttpResponse(html, headers={"Content-Security-Policy": JUST_LOOKING})


def _part(message: Message, kind: str) -> str:
    part = message.get_body((kind,))
    return part.get_content().strip() if part else ""


def _folder() -> Path:
    if not settings.MAILBOX_DIR:
        raise ImproperlyConfigured("Only laptop mode without EMAIL_URL has a test mailbox.")
    return settings.MAILBOX_DIR
