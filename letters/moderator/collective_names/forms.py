from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from letters.models import Collective


class AllowNameForm(forms.Form):
    """The form for a collective, and the reason why its name may look like another's."""

    collective = forms.CharField(
        label=_("Name of the collective in web addresses"),
        max_length=200,
        help_text=_(
            "The people who wrote to you find it in the description of their collective. It looks like night-train."
        ),
        error_messages={"required": _("Enter the name of the collective in web addresses.")},
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )
    reason = forms.CharField(
        label=_("Why both may have the name"),
        max_length=1000,
        help_text=_("Owners of the collective can read this in its activity. Do not include names of people."),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Enter why both may have the name.")},
    )

    def clean_collective(self) -> Collective:
        """Return the collective, also from the web address of one of its pages."""
        parts = self.cleaned_data["collective"].strip().strip("/").split("/")
        slug = parts[parts.index("collectives") + 1] if "collectives" in parts[:-1] else parts[-1]
        found = Collective.objects.filter(slug=slug.lower()).first()
        if found is None:
            raise ValidationError(_("There is no collective with this name. Check it."), "no_collective")
        return found
