"""Show organizers an email as it will arrive, before it is sent."""

from collections.abc import Callable, Mapping
from email.utils import parseaddr
from typing import Any

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp_replace, csp_update
from django.http import HttpResponse, HttpResponseBase
from django.views.decorators.clickjacking import xframe_options_sameorigin

# Security: the preview of an email may have inline styles, but runs no script. Only our own pages may frame it. Its
# links open in a new tab.
EMAIL_POLICY: dict[str, list[str]] = {
    "default-src": [NONE],
    "script-src": [NONE],
    "style-src": [UNSAFE_INLINE],
    "img-src": [SELF],
    "form-action": [NONE],
    "base-uri": [NONE],
    "frame-ancestors": [SELF],
    "sandbox": ["allow-same-origin", "allow-popups", "allow-popups-to-escape-sandbox"],
}

# For pages that frame an email.
with_email = csp_update({"frame-src": [SELF]})


def shows_email(view: Callable[..., HttpResponseBase]) -> Callable[..., Any]:
    """Mark a view that answers with the HTML part of an email."""
    return xframe_options_sameorigin(csp_replace(EMAIL_POLICY)(view))


def shown_parts(parts: Mapping[str, str]) -> dict[str, str]:
    """Return what a page shows around the framed email (letters/_email.html)."""
    names = {"reply_to": "reply_to", "subject": "subject.txt", "text": "txt"}
    return {"sender": _as_read(parts["from"]), **{shown: parts[name] for shown, name in names.items()}}


def _as_read(sender: str) -> str:
    """Return the sender as mail programs show it, without the quotation marks of the header."""
    name, address = parseaddr(sender)
    return f"{name} <{address}>" if name else address


def email_page(html: str) -> HttpResponse:
    return HttpResponse(html.replace("<head>", '<head><base target="_blank">', 1))
