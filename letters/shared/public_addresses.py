"""Check the shape of an address on the web that an organizer types, and to which this machine connects later.

Where it leads is checked each time, when a worker connects (web_servers.py).
"""

import re
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

# Visible ASCII. Other characters of a host name are written as punycode, those of a path as percent and hexadecimals.
PLAIN = re.compile(r"[\x21-\x7e]+")
HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|[0-9a-f:.]+", re.IGNORECASE)


def clean_public_url(url: str) -> str:
    """Return the address. Raises forms.ValidationError with a sentence that says what is wrong."""
    try:
        parts = urlsplit(url)
        port = parts.port or 443
    except ValueError:
        raise _wrong_shape() from None
    schemes = {"https", "http"} if settings.WEBHOOKS_REACH_THIS_MACHINE else {"https"}
    if parts.scheme not in schemes or not PLAIN.fullmatch(url) or not HOST.fullmatch(parts.hostname or ""):
        raise _wrong_shape()
    if parts.username is not None or parts.fragment:
        raise forms.ValidationError(_("Leave out the user name, the password and the part after #."))
    if port not in settings.WEBHOOK_PORTS and not settings.WEBHOOKS_REACH_THIS_MACHINE:
        raise forms.ValidationError(_("Leave out the port: the site sends only to the usual port for https."))
    return url


def _wrong_shape() -> forms.ValidationError:
    return forms.ValidationError(_("Enter a whole address that begins with https://, without spaces."))
