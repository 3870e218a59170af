"""What allauth asks of the site: how its mails leave, what its secrets are kept under, and a few better words."""

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from letters.accounts.mail import pack
from letters.models import User
from letters.shared.addresses import seal, unseal
from letters.tasks import account_mail

SITE_NAME = "Undersigned"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("This address and this password do not belong together."),
        "incorrect_code": _("These are not the right digits. Look at the newest mail, and type its six digits."),
        "incorrect_password": _("This is not your password."),
        "enter_current_password": _("This is not your password."),
        "too_many_login_attempts": _("That was tried too often. Wait a few minutes and try again."),
        "rate_limited": _("That was too often. Wait a minute and try again."),
        "same_as_current": _("This is the address that you have already."),
    }

    WAYS = {
        "reauthenticate": _("Use your password"),
        "mfa_reauthenticate": _("Use a code from your app, or a recovery code"),
        "mfa_reauthenticate:webauthn": _("Use a passkey"),
    }

    def get_reauthentication_methods(self, user: User) -> list[dict[str, Any]]:
        ways: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        return [{**way, "description": self.WAYS.get(way["id"], way["description"])} for way in ways]

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Through the worker: a slow mail server keeps nobody waiting. With the broker away this fails as a whole."""
        message: EmailMessage = self.render_mail(template_prefix, email, {**context, "email": email})
        account_mail.delay(pack(message))


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("That did not work. Try again with the code that is shown now."),
    }

    def encrypt(self, text: str) -> str:
        """A stolen database opens no account."""
        return seal(text).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text.encode())

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """From our own address, not from what the browser calls us: passkeys are bound to it for ever."""
        return {"id": urlsplit(settings.SITE_URL).hostname or "", "name": SITE_NAME}

    def get_public_key_credential_user_entity(self, user: User) -> dict[str, Any]:
        return {**super().get_public_key_credential_user_entity(user), "display_name": user.email}

    def generate_authenticator_name(self, user: User, type: Any) -> str:  # noqa: A002 -- allauth's name
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return gettext("Passkey") if number == 1 else gettext("Passkey {number}").format(number=number)


class ProviderAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Of what a provider tells about somebody nothing is kept but the number by which it knows them."""
        sociallogin.account.extra_data = {}
        if sociallogin.account.pk:
            sociallogin.account.save(update_fields=["extra_data"])


def display(user: User) -> str:
    """What allauth calls somebody on their own pages."""
    return user.email
