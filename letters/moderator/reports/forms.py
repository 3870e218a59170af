from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from letters.models import Report
from letters.moderator.reports.operations import Notice

Reason = Report.Reason


class ReportLetterForm(forms.Form):
    """A report about a letter."""

    reason = forms.ChoiceField(
        label=_("What is wrong with the letter?"),
        choices=[
            (Reason.ILLEGAL, _("I think that it is illegal")),
            (Reason.RULES, _("It is against the rules of this site")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Select what is wrong with the letter.")},
    )
    words = forms.CharField(
        label=_("Which part, and why?"),
        max_length=2000,
        help_text=_("Quote the words, and name the law if you know it."),
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": _("Say which part of the letter is wrong, and why.")},
    )
    name = forms.CharField(label=_("Your name"), max_length=200, required=False)
    email = forms.EmailField(
        label=_("Your email address"),
        max_length=254,
        required=False,
        help_text=_(
            "If you give it, we email you the decision. The organizers see neither your name nor your address."
        ),
        error_messages={"invalid": _("Enter an email address such as ada@example.org, or leave this empty.")},
    )

    def notice(self) -> Notice:
        """Return the input for `report_letter`. The form must be valid."""
        data = self.cleaned_data
        return Notice(reason=data["reason"], words=data["words"], name=data["name"], address=data["email"].lower())


class ReportSignatureForm(forms.Form):
    """A report about a signature, by its number in the list."""

    number = forms.IntegerField(
        label=_("Number of the signature"),
        min_value=1,
        max_value=2**31 - 1,
        help_text=_("The number before the name in the list."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={
            "required": _("Enter the number that is before the name in the list."),
            "invalid": _("Enter the number that is before the name in the list."),
        },
    )
    reason = forms.ChoiceField(
        label=_("What is wrong with the signature?"),
        choices=[
            (Reason.NOT_A_PERSON, _("It is not a person’s name")),  # noqa: RUF001 -- as people write
            (Reason.SOMEONE_ELSE, _("Someone used another person’s name")),  # noqa: RUF001
            (Reason.ABUSE, _("It is an insult or an advertisement")),
            (Reason.TWICE, _("The same person signed more than once")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Select what is wrong with the signature.")},
    )

    def __init__(self, data: QueryDict | None = None, **more: Any) -> None:
        super().__init__(data, label_suffix="", **more)
