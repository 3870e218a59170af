from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from letters.models import User
from letters.moderator.site_roles.queries import account_with


class NewModeratorForm(forms.Form):
    """The address of the account that gets the role."""

    email = forms.EmailField(
        label=_("Email address of their account"),
        max_length=254,
        error_messages={
            "required": _("Enter the email address of an account."),
            "invalid": _("Enter the email address of an account."),
        },
    )

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, label_suffix="")

    def clean_email(self) -> User:
        """Return the account."""
        person = account_with(self.cleaned_data["email"])
        if person is None:
            raise ValidationError(
                _("There is no account with this address, or its owner has not confirmed the address."), "no_account"
            )
        return person
