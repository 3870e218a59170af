"""Forms for proving a domain."""

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from letters.base.collective_domains.queries import can_be_proved, read_domain
from letters.models import CollectiveDomain
from letters.shared.explaining import sentence
from letters.shared.refused import Refusal


class DomainForm(forms.Form):
    """A domain, and the mailbox there that gets the code."""

    domain = forms.CharField(
        label=_("Domain"),
        max_length=300,
        help_text=_(
            "For example, “example.org”. If only a part of it is yours, such as group.example.org, enter that part."
        ),
        error_messages={"required": _("Enter a domain.")},
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false", "inputmode": "url"}),
    )
    mailbox = forms.ChoiceField(
        label=_("Where we send the code"),
        choices=CollectiveDomain.Mailbox.choices,
        help_text=_("These mailboxes are meant for the people who run a domain. Choose one that exists there."),
        widget=forms.RadioSelect,
        initial=CollectiveDomain.Mailbox.HOSTMASTER,
        error_messages={"required": _("Choose a mailbox."), "invalid_choice": _("Choose one of these.")},
    )

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, label_suffix="")

    def clean_domain(self) -> str:
        """Return the domain in ASCII."""
        domain = read_domain(self.cleaned_data["domain"])
        if not domain:
            raise ValidationError(_("This is not a domain. It looks like example.org."), "no_domain")
        if not can_be_proved(domain):
            raise ValidationError(sentence(Refusal.DOMAIN_IS_ANYONES), "anyones")
        return domain


class DomainCodeForm(forms.Form):
    """The code from the email to that mailbox."""

    code = forms.CharField(
        label=_("Code from the email"),
        max_length=30,
        error_messages={"required": _("Enter the code from our email. It has six letters and numerals.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )

    def __init__(self, data: QueryDict | None = None, *, about: int = 0) -> None:
        super().__init__(data, auto_id=f"code_{about}_%s", label_suffix="")
