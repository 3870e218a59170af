from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from letters.models import Letter, Report, Signature
from letters.moderator.reports.operations import Notice
from letters.moderator.reports.queries import named_signature
from letters.shared.address_words import why_not
from letters.shared.addresses import MAX_TYPED_LENGTH, Address, NoAddress, parse_address

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


def _number() -> forms.IntegerField:
    return forms.IntegerField(
        label=_("Number of the signature"),
        min_value=1,
        max_value=2**31 - 1,
        help_text=_("The number before the name in the list."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={
            "required": _("Enter the number before the name in the list."),
            "invalid": _("Enter the number before the name in the list."),
        },
    )


class ReportSignatureForm(forms.Form):
    """A report about a signature, by its number in the list."""

    number = _number()
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


class ReportNameForm(forms.Form):
    """The report of a person whose name is on the list, though they did not sign."""

    number = _number()
    email = forms.CharField(
        label=_("Your email address"),
        max_length=MAX_TYPED_LENGTH,
        help_text=_(
            "We send a link there. If the list names your organisation, use your address there: moderators find "
            "it the most convincing. Nobody sees the address."
        ),
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autocapitalize": "none", "spellcheck": "false"}),
        error_messages={"required": _("Enter your email address. We send a link there.")},
    )

    def __init__(self, data: QueryDict | None = None, *, letter: Letter, **more: Any) -> None:
        super().__init__(data, label_suffix="", **more)
        self.letter = letter

    def clean_number(self) -> Signature:
        """Return the signature. Privacy: whoever reads the list knows which numbers it shows with a name."""
        if signature := named_signature(self.letter, self.cleaned_data["number"]):
            return signature
        raise ValidationError(_("The list shows no name with this number. Check the number."), "no_name")

    def clean_email(self) -> Address:
        try:
            return parse_address(self.cleaned_data["email"])
        except NoAddress as problem:
            raise ValidationError(why_not(problem.code), problem.code) from problem
