"""The form for a new personal token."""

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from letters.models import Scope
from letters.organizer.personal_tokens.operations import USUAL_LIFETIME
from letters.shared.text import UnusableText, clean_line


class TokenForm(forms.Form):
    """What a new token is called, what it may read, and for how long."""

    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        # Privacy: it is in the activity of the collective, which people who moderate the site read too.
        help_text=_(
            "For example, “Spreadsheet of the office”. You, the owners of the collective and the people who run the "
            "site can see it."
        ),
        error_messages={
            "required": _("Enter a name by which you will recognise the token."),
            "max_length": _("The name can have 100 characters at most."),
        },
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label=_("What the program may read"),
        choices=Scope.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Select at least one thing that the program may read."),
            "invalid_choice": _("Select from this list."),
        },
    )
    letter = forms.ChoiceField(
        label=_("Which letters"), required=False, error_messages={"invalid_choice": _("Select from this list.")}
    )
    days = forms.TypedChoiceField(
        label=_("The token works for"),
        coerce=int,
        choices=[(30, _("30 days")), (90, _("90 days")), (365, _("1 year"))],
        initial=USUAL_LIFETIME,
        error_messages={
            "required": _("Select how long the token works."),
            "invalid_choice": _("Select from this list."),
        },
    )

    def __init__(self, letters: list[tuple[str, str]], data: QueryDict | None = None) -> None:
        super().__init__(data, auto_id="token_%s", label_suffix="")
        self.fields["letter"].choices = [("", _("All letters of the collective")), *letters]  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        try:
            name = clean_line(self.cleaned_data["name"])
        except UnusableText as problem:
            raise ValidationError(_("This contains characters that we cannot show. Type it again.")) from problem
        if not name:
            raise ValidationError(_("Enter a name by which you will recognise the token."))
        return name
