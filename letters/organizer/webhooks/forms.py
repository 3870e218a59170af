"""The form for a webhook. It checks only the shape of the address; the worker checks where it leads, each time."""

import re
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

# Visible ASCII. Other characters of a host name are written as punycode, those of a path as percent and hexadecimals.
PLAIN = re.compile(r"[\x21-\x7e]+")
HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|[0-9a-f:.]+", re.IGNORECASE)


class WebhookForm(forms.Form):
    """The form for a new webhook."""

    url = forms.CharField(
        label=_("Address of the other program"),
        max_length=500,
        widget=forms.URLInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("It begins with https:// and must be reachable from the internet."),
        error_messages={
            "required": _("Enter the address of the other program, like https://hooks.example.org/letters."),
            "max_length": _("The address can have 500 characters at most. Use a shorter one."),
        },
    )

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, auto_id="webhook_%s", label_suffix="")

    def clean_url(self) -> str:
        typed: Any = self.cleaned_data["url"]
        url = str(typed)
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
