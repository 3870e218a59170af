from django import forms
from django.utils.translation import gettext_lazy as _


class SendBackForm(forms.Form):
    """The form for the reason why a text goes back."""

    reason = forms.CharField(
        label=_("What must change before it can be published"),
        max_length=1000,
        help_text=_("The organizers get this by email, and can publish again when they have changed the text."),
        widget=forms.Textarea(attrs={"rows": 4, "data-key": "r", "data-select": True}),
        error_messages={"required": _("Enter what must change.")},
    )
