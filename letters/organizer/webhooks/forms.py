"""The form for a webhook. It checks only the shape of the address; the worker checks where it leads, each time."""

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from letters.shared.public_addresses import clean_public_url


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
        return clean_public_url(str(self.cleaned_data["url"]))
