from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from letters.exporting.operations import Wanted
from letters.models import Export, Letter


class SignaturesForm(forms.Form):
    format = forms.ChoiceField(
        choices=[(each.value, each.label) for each in (Export.Format.CSV, Export.Format.XLSX)],
        error_messages={
            "required": _("Choose a kind of file."),
            "invalid_choice": _("Files of that kind are not made here."),
        },
    )

    def wanted(self) -> Wanted:
        return Wanted(Export.Kind.SIGNATURES, Export.Format(self.cleaned_data["format"]))


class ContactsForm(forms.Form):
    """Whoever wants addresses types the letter's title: nobody does that by a slip of the finger."""

    title = forms.CharField(
        label=_("Title of the letter"),
        max_length=400,
        error_messages={"required": _("Type the title of the letter, as it stands above.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "auto"}),
    )

    def __init__(self, letter: Letter, data: QueryDict | None = None) -> None:
        super().__init__(data, auto_id="contacts_%s", label_suffix="")
        self.letter = letter

    def clean_title(self) -> str:
        typed = str(self.cleaned_data["title"])
        if _plain(typed) != _plain(self.letter.newest_title()):
            raise forms.ValidationError(_("This is not the title of the letter."), "another")
        return typed


def _plain(title: str) -> str:
    """Capitals and spaces do not matter, nor which apostrophe a keyboard has."""
    return " ".join(title.split()).casefold().replace("\u2019", "'")
