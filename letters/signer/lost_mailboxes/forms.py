from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from letters.shared.address_words import why_not
from letters.shared.addresses import MAX_TYPED_LENGTH, Address, NoAddress, parse_address
from letters.signer.lost_mailboxes.operations import MAX_PROOF, Act


class LostMailboxForm(forms.Form):
    """An address, what to do for it, and what its owner showed."""

    email = forms.CharField(
        label=_("Email address"),
        max_length=MAX_TYPED_LENGTH,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    act = forms.ChoiceField(
        label=_("What the owner of the address wants"),
        choices=[
            (Act.WITHDRAW.value, _("Withdraw all signatures of this address")),
            (Act.ERASE.value, _("Withdraw them, and delete everything else that we store about this address")),
            (Act.STOP.value, _("Send no more emails about letters to this address")),
            (Act.RESUME.value, _("Send emails to this address again")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Select what to do."), "invalid_choice": _("Select what to do.")},
    )
    proof = forms.CharField(
        label=_("What the person showed you"),
        max_length=MAX_PROOF,
        help_text=_(
            "For example: a badge and an old email from this address. Do not include names or addresses: we keep "
            "this permanently."
        ),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say what the person showed you, so that others can understand your decision.")},
    )

    def __init__(self, data: QueryDict | None = None, **more: Any) -> None:
        super().__init__(data, label_suffix="", **more)

    def clean_email(self) -> Address:
        try:
            return parse_address(self.cleaned_data["email"])
        except NoAddress as problem:
            raise ValidationError(why_not(problem.code), problem.code) from problem
