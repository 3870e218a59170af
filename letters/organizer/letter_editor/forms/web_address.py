"""The web address of a letter."""

import re

from django import forms
from django.core.validators import RegexValidator
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from letters.models import Letter

SLUG = re.compile(r"\A[a-z0-9]+(-[a-z0-9]+)*\Z")


class AddressForm(forms.Form):
    """A new slug for the letter."""

    slug = forms.CharField(
        label=_("Web address"),
        max_length=80,
        validators=[
            RegexValidator(SLUG, _("Use only lower-case letters, numbers and hyphens, like keep-the-night-trains."))
        ],
        error_messages={"required": _("Enter a web address.")},
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, letter: Letter, data: QueryDict | None = None) -> None:
        super().__init__(data, auto_id="address_%s", label_suffix="", initial={"slug": letter.slug})
