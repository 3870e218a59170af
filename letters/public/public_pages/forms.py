from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from letters.models import folded_words
from letters.shared.quick_forms import copies_quickly


@copies_quickly
class FindNameForm(forms.Form):
    """The names to find on a letter's public list."""

    marks_optional = False

    q = forms.CharField(label=_("Name or affiliation"), max_length=100)

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, auto_id="find_%s", label_suffix="")


class AffiliationForm(forms.Form):
    """The affiliation whose people a reader wants to see, from a link on the list."""

    affiliation = forms.CharField(label=_("Affiliation"), max_length=200)

    def clean_affiliation(self) -> str:
        typed: str = self.cleaned_data["affiliation"]
        if not folded_words(typed):
            raise ValidationError(_("Enter an affiliation with letters or numerals."), "no_words")
        return typed


@copies_quickly
class FindNumberForm(forms.Form):
    """The number of a signature on the list."""

    marks_optional = False

    number = forms.IntegerField(
        label=_("Number"),
        min_value=1,
        max_value=2**31 - 2,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={
            "invalid": _("Enter a number, for example 120."),
            "min_value": _("Numbers start at 1."),
            "max_value": _("No signature has such a high number."),
        },
    )

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, auto_id="find_%s", label_suffix="")
