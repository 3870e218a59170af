"""Forms with which a signer answers a moderator's question. They check the shape of the input, and never who signed."""

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from letters.base.site_lists.queries import is_throwaway
from letters.shared.addresses import Address
from letters.shared.domains import domain_of, is_private
from letters.shared.typed_fields import AddressField
from letters.signer.signing.forms import CodeForm

HTTPS_WANTED = _("Enter the whole link. It begins with https://")


class AnswerForm(forms.Form):
    """A link to a public profile that names the letter."""

    link = forms.CharField(
        label=_("Link to a public profile of yours that names this letter"),
        max_length=500,
        help_text=_(
            "Moderators can read this even if you do not show them your name, so do not answer if they must not know "
            "who you are."
        ),
        widget=forms.URLInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
        validators=[URLValidator(schemes=["https"], message=HTTPS_WANTED)],
        error_messages={"required": HTTPS_WANTED},
    )

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, auto_id="answer_%s", label_suffix="")


class ProofForm(forms.Form):
    """An address at the organisation that the signer names."""

    email = AddressField(label=_("Your email address at your organisation"))

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, auto_id="proof_%s", label_suffix="")

    def clean_email(self) -> Address:
        """Refuse domains that say nothing about their users."""
        address: Address = self.cleaned_data["email"]
        domain = domain_of(address.deliverable)
        if is_private(domain) or is_throwaway(domain):
            raise ValidationError(
                _("Anyone can get an address there, so it proves nothing. Enter an address at your organisation."),
                "private",
            )
        return address


class ProofCodeForm(CodeForm):
    """The code from the email to that address."""

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.auto_id = "proof_%s"
