"""The form for an offer. It checks only the shape of the input."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from letters.models import Letter


class OfferForm(forms.Form):
    """The form for the collective that gets the offer."""

    slug = forms.SlugField(
        label=_("Name of the other collective in web addresses"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Ask one of its owners for it. It is on the “Description” page of their collective."),
        error_messages={
            "required": _("Enter the name that the other collective has in web addresses, like night-train."),
            "invalid": _("Use only the letters a to z, numbers and hyphens, like night-train."),
        },
    )
    understood = forms.BooleanField(
        label=_("I understand that its members will be able to see and decide everything that ours can now"),
        error_messages={"required": _("Tick the box if you want to offer the letter.")},
    )

    def __init__(self, letter: Letter, data: QueryDict | None = None) -> None:
        super().__init__(data, auto_id="offer_%s", label_suffix="")
        self.letter = letter

    def clean_slug(self) -> str:
        typed: Any = self.cleaned_data["slug"]
        return str(typed).lower()
