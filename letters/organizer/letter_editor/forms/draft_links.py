"""The form for a link that shows a draft to an outsider."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from letters.shared.text import UnusableText, clean_line


class DraftLinkForm(forms.Form):
    label = forms.CharField(
        label=_("Who is it for?"),
        max_length=100,
        help_text=_("For example, “Lawyer”. Only your collective sees this."),
        error_messages={"required": _("Enter who the link is for.")},
    )
    days = forms.TypedChoiceField(
        label=_("The link works for"),
        coerce=int,
        choices=[(1, _("1 day")), (7, _("7 days")), (30, _("30 days"))],
        initial=7,
        error_messages={"required": _("Select how long the link works.")},
    )

    def clean_label(self) -> str:
        try:
            return clean_line(self.cleaned_data["label"])
        except UnusableText as problem:
            raise ValidationError(_("This contains characters that we cannot show. Type it again.")) from problem
