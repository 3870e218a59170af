from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from letters.models import Collective, Letter
from letters.organizer.site_activity.queries import Chosen, person_of
from letters.organizer.site_activity.verbs import VERBS

PLAIN = {"autocapitalize": "none", "spellcheck": "false"}


class FilterForm(forms.Form):
    """The filters of the list."""

    collective = forms.CharField(
        label=_("Collective: its name in web addresses"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs=PLAIN),
    )
    letter = forms.CharField(
        label=_("Letter: the last part of its web address"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs=PLAIN),
    )
    verb = forms.ChoiceField(
        label=_("Kind of event"),
        required=False,
        choices=[("", _("All kinds")), *((verb, verb.replace("_", " ")) for verb in VERBS)],
        error_messages={"invalid_choice": _("Select a kind of event from the list.")},
    )
    day = forms.DateField(
        label=_("Day (UTC)"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"invalid": _("Enter a date.")},
    )
    person = forms.CharField(max_length=200, required=False, widget=forms.HiddenInput)

    def clean_collective(self) -> Collective | None:
        slug = self.cleaned_data["collective"].strip().lower()
        found = Collective.objects.filter(slug=slug).first() if slug else None
        if slug and found is None:
            raise ValidationError(_("There is no collective with this name. Check it."), "no_collective")
        return found

    def clean_letter(self) -> Letter | None:
        slug = self.cleaned_data["letter"].strip().lower()
        found = Letter.objects.public().filter(slug=slug).first() if slug else None
        if slug and found is None:
            raise ValidationError(_("There is no public letter with this address. Check it."), "no_letter")
        return found

    def chosen(self) -> Chosen:
        """Return the filters. The form must be valid."""
        data = self.cleaned_data
        return Chosen(
            collective=data["collective"],
            letter=data["letter"],
            verb=data["verb"],
            day=data["day"],
            person=person_of(data["person"]) if data["person"] else None,
        )
