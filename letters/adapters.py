"""Our adapters for allauth: how its emails are sent, how its secrets are encrypted, and clearer messages."""

from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.email_verification import get_address_for_user
from allauth.account.models import EmailAddress
from allauth.account.utils import get_next_redirect_url, has_verified_email
from allauth.core import context as allauth_context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.base import AuthProcess
from django.conf import settings
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from letters.base.accounts.admission import admit_guess, admit_mail, asker_of, is_admitted, network_of, use_admission
from letters.base.accounts.mail import ACCOUNTS_QUEUE, pack
from letters.base.accounts.operations import forget_unverified
from letters.base.outbox.composing import compose_email_to, pad_email, render_account_email
from letters.models import User
from letters.organizer.collectives.queries import can_be_accepted, invitation_of
from letters.shared.addresses import decrypt, encrypt
from letters.shared.client_address import NOWHERE
from letters.shared.limits import TooMany, give_back
from letters.shared.message_ids import random_message_id
from letters.shared.site_name import site_name
from letters.tasks import account_mail


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("That email address or password is wrong. Check both and try again."),
        "incorrect_code": _("That code is wrong. Enter the code from our latest email."),
        "incorrect_password": _("That password is wrong. Try again."),
        "enter_current_password": _("That password is wrong. Try again."),
        "too_many_login_attempts": _("You have tried too many times. Wait a few minutes, then try again."),
        "rate_limited": _("You have tried too many times. Wait a minute, then try again."),
        "same_as_current": _("Your account already has this email address. Enter a different one."),
    }

    WAYS = {
        "reauthenticate": _("Use your password"),
        "mfa_reauthenticate": _("Use a code from your app, or a recovery code"),
        "mfa_reauthenticate:webauthn": _("Use a passkey"),
    }

    def get_reauthentication_methods(self, user: User) -> list[dict[str, Any]]:
        ways: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        return [{**way, "description": self.WAYS.get(way["id"], way["description"])} for way in ways]

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Allow new accounts as SIGN_UP says. People who were invited come from the page of their invitation."""
        return _may_sign_up(get_next_redirect_url(request) or "")

    def get_client_ip(self, request: HttpRequest) -> str:
        """Privacy: return the network, never the address. allauth stores it with a session, and puts it into emails."""
        network = network_of(request).partition("/")[0]
        return "::" if network == NOWHERE else network

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        asker = asker_of(request, str(credentials.get("email", "")))
        try:
            self._guess = admit_guess(asker)
        except TooMany as refused:
            raise self.validation_error("too_many_login_attempts") from refused

    def _rollback_login_failed_rl_usage(self) -> None:
        """Give the tries back: allauth calls this when the password was right."""
        give_back(self._guess)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send through the worker, so that nobody waits for a slow mail server.

        Without the broker the whole request fails.
        """
        # Every email about an account passes here. Count it, unless a form has counted it before.
        if request := allauth_context.request:
            use_admission(request, email)
        message: EmailMessage = self.render_mail(template_prefix, email, {**context, "email": email})
        account_mail.apply_async((pack(message),), queue=ACCOUNTS_QUEUE)

    def render_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> EmailMessage:
        """Compose the email in the design of all our emails.

        Privacy: all these emails have one size. Otherwise a person who types addresses into our forms could read in a
        mail log which of them have an account.
        """
        message = compose_email_to(render_account_email(template_prefix, context), to=email)
        message.extra_headers["Message-ID"] = random_message_id()
        return pad_email(message)

    def send_notification_mail(
        self, template_prefix: str, user: User, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """Notify an account of a change, at its own address. Beyond the limit the change is rolled back."""
        address = email or EmailAddress.objects.get_primary_email(user)
        if address and not is_admitted(self.request, address):
            admit_mail(self.request, address, is_notice=True)
        super().send_notification_mail(template_prefix, user, context, address)


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("That code is wrong. Enter the code that your app shows now."),
    }

    def encrypt(self, text: str) -> str:
        """Security: a stolen database must not open an account."""
        return encrypt(text).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt(encrypted_text.encode())

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Use our configured host, not the Host header: passkeys are bound to it forever."""
        return {"id": urlsplit(settings.SITE_URL).hostname or "", "name": site_name()}

    def get_totp_issuer(self) -> str:
        """Return what an authenticator app calls us."""
        return site_name()

    def get_public_key_credential_user_entity(self, user: User) -> dict[str, Any]:
        return {**super().get_public_key_credential_user_entity(user), "display_name": user.email}

    def generate_authenticator_name(self, user: User, type: Any) -> str:  # noqa: A002 -- allauth's name
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return gettext("Passkey") if number == 1 else gettext("Passkey {number}").format(number=number)


class ProviderAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Decide alike for people who come back from a provider, which has kept the page that they were going to."""
        return _may_sign_up(str(sociallogin.state.get("next") or ""))

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Keep only the provider's id for the person and one address.

        If an email is due, it is counted before anything is written. Raises TooMany.
        """
        sociallogin.account.extra_data = {}
        sociallogin.email_addresses = _best_of(sociallogin.email_addresses)
        if sociallogin.account.pk:
            sociallogin.account.save(update_fields=["extra_data"])
        process = sociallogin.state.get("process")
        if process == AuthProcess.CONNECT and isinstance(request.user, User):
            admit_mail(request, request.user.email, is_notice=True)
        elif process != AuthProcess.REDIRECT:
            _admit_provider_mail(request, sociallogin)


def _best_of(addresses: list[EmailAddress]) -> list[EmailAddress]:
    """Return one address, preferably one that the provider has confirmed. The others may belong to strangers."""
    return sorted(addresses, key=lambda each: (not each.verified, not each.primary))[:1]


def _admit_provider_mail(request: HttpRequest, sociallogin: Any) -> None:
    if sociallogin.is_existing:
        address = None if has_verified_email(sociallogin.user) else get_address_for_user(sociallogin.user)
    else:
        address = next(iter(sociallogin.email_addresses), None)
        if address:
            sociallogin.user.email = address.email
            forget_unverified(address.email)
    if address and not address.verified:
        admit_mail(request, address.email)


def _may_sign_up(way_on: str) -> bool:
    """Return whether a person who is on the way to this page can create an account."""
    if settings.SIGN_UP != "invited":
        return bool(settings.SIGN_UP == "open")
    with suppress(Resolver404):
        match = resolve(urlsplit(way_on).path)
        invitation = invitation_of(match.kwargs["token"]) if match.url_name == "join" else None
        return invitation is not None and can_be_accepted(invitation, now=timezone.now())
    return False


def display(user: User) -> str:
    """Return how allauth's pages address the person who is signed in."""
    return str(user.email)
