from django import forms
from django.utils.translation import gettext_lazy as _

from letters.models import Export
from letters.organizer.exports.operations import Wanted


class SignaturesForm(forms.Form):
    format = forms.ChoiceField(
        choices=[(each.value, each.label) for each in (Export.Format.CSV, Export.Format.XLSX)],
        error_messages={
            "required": _("Select a file format."),
            "invalid_choice": _("You cannot export in that format. Select another one."),
        },
    )

    def wanted(self) -> Wanted:
        return Wanted(Export.Kind.SIGNATURES, Export.Format(self.cleaned_data["format"]))
