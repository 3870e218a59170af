"""allauth's forms for second factors with our limits, because allauth counts the attempts from all networks together.

Every form of allauth that calls `check_rate_limit` has a counterpart here (MFA_FORMS), because allauth's own limit is
switched off. The other forms are here for their labels.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.core import context
from allauth.mfa.base import forms
from allauth.mfa.totp import forms as totp_forms
from allauth.mfa.webauthn import forms as webauthn_forms
from django.utils.translation import gettext_lazy as _

from letters.base.accounts.admission import admit_second_factor, asker_of
from letters.base.accounts.code_fields import AsksForCode
from letters.models import User
from letters.shared.limits import TooMany, give_back


@contextmanager
def _one_try(user: User) -> Iterator[None]:
    """Count an attempt before it is compared, and give it back if it was right."""
    try:
        counted = admit_second_factor(asker_of(context.request, user.email))
    except TooMany as refused:
        raise get_adapter().validation_error("too_many_login_attempts") from refused
    yield
    give_back(counted)


class CountsCodes(AsksForCode):
    user: User
    code_label = _("Code from your app, or a recovery code")

    def clean_code(self) -> Any:
        with _one_try(self.user):
            return super().clean_code()  # type: ignore[misc]


class CountsPasskeys:
    user: User

    def clean_credential(self) -> Any:
        with _one_try(self.user):
            return super().clean_credential()  # type: ignore[misc]


class AuthenticateForm(CountsCodes, forms.AuthenticateForm):  # type: ignore[misc]  # allauth has no types
    pass


class ReauthenticateForm(CountsCodes, forms.ReauthenticateForm):  # type: ignore[misc]
    pass


class ActivateAppForm(CountsCodes, totp_forms.ActivateTOTPForm):  # type: ignore[misc]
    code_label = _("Code from the app")


class AuthenticatePasskeyForm(CountsPasskeys, webauthn_forms.AuthenticateWebAuthnForm):  # type: ignore[misc]
    pass


class ReauthenticatePasskeyForm(CountsPasskeys, webauthn_forms.ReauthenticateWebAuthnForm):  # type: ignore[misc]
    pass


class NamesPasskey:
    fields: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name of the passkey")


class AddPasskeyForm(NamesPasskey, webauthn_forms.AddWebAuthnForm):  # type: ignore[misc]
    pass


class SignUpPasskeyForm(NamesPasskey, webauthn_forms.SignupWebAuthnForm):  # type: ignore[misc]
    pass


class RenamePasskeyForm(NamesPasskey, webauthn_forms.EditWebAuthnForm):  # type: ignore[misc]
    pass
