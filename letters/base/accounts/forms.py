"""allauth's forms with our limits. Timing defence: they do the same work whether or not an address has an account.

An address counts only once it is confirmed. Until then it gives access to nothing and is not reserved.
"""

import secrets
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from allauth.account import app_settings, forms
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.email_verification_by_code import EMAIL_VERIFICATION_CODE_SESSION_KEY
from allauth.account.internal.flows.password_reset_by_code import PASSWORD_RESET_VERIFICATION_SESSION_KEY
from allauth.account.internal.stagekit import LOGIN_SESSION_KEY
from allauth.account.models import EmailAddress
from allauth.account.utils import has_verified_email
from allauth.core import context
from allauth.core.ratelimit import respond_429
from allauth.socialaccount import forms as provider_forms
from django import forms as django_forms
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from letters.base.accounts.admission import ProofWanted, admit_mail, challenge_for, count_try, network_of
from letters.base.accounts.code_fields import AsksForCode
from letters.base.accounts.operations import forget_unverified
from letters.base.accounts.queries import is_verified
from letters.models import User
from letters.shared.addresses import tidy_address
from letters.shared.limits import TooMany

PROOF_WANTED = _(
    "Your network has requested many emails. To block automated requests, your browser now runs a short "
    "check. Wait a few seconds, then send the form again. If JavaScript is off, try again in an hour."
)


class TidyEmailInput(django_forms.EmailInput):
    """An email input that removes invisible characters, and punctuation around the address, from pasted text."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        typed = super().value_from_datadict(data, files, name)
        return tidy_address(typed) if isinstance(typed, str) else typed


def _take_as_pasted(form: django_forms.BaseForm, name: str) -> None:
    if name in form.fields:
        form.fields[name].widget = TidyEmailInput(attrs=form.fields[name].widget.attrs)


class AsksForMail:
    """A form that anyone may submit, and that sends an email to any address."""

    data: Any

    def challenge(self) -> str:
        """Return the challenge that the form must send back, or "", for the template."""
        return challenge_for(network_of(context.request), now=timezone.now())

    def admit(self, email: str, *, with_pause: bool = False) -> None:
        """Count the email. Raises ValidationError, or TooMany."""
        proof = str(self.data.get("proof", ""))
        try:
            admit_mail(context.request, email, proof=proof, asks_proof=True, with_pause=with_pause)
        except ProofWanted as wanted:
            raise ValidationError(PROOF_WANTED, wanted.code) from wanted

    def admit_or_complain(self, email: str) -> None:
        """Count the email, and raise ValidationError instead of TooMany."""
        try:
            self.admit(email)
        except TooMany as refused:
            raise get_adapter().validation_error("too_many_login_attempts") from refused


class LoginForm(forms.LoginForm):  # type: ignore[misc]  # allauth has no types
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _take_as_pasted(self, "login")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        # Abuse: someone who created an account for another person's address knows its password, and each sign-in would
        # send an email to that person.
        if self.user and not is_verified(self.user, cleaned["login"]):
            try:
                admit_mail(context.request, cleaned["login"], with_pause=True)
            except TooMany as refused:
                raise get_adapter().validation_error("too_many_login_attempts") from refused
        return cleaned


# No account has this address.
NOBODY = "nobody@undone.invalid"


class Undone(Exception):
    """Raised to roll back work that was done only to take the same time."""


class MakesAnAccount(AsksForMail):
    """A sign-up form. Anyone can enter an address that belongs to someone else."""

    errors: Any
    fields: dict[str, Any]
    account_already_exists: bool
    cleaned_data: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].widget = TidyEmailInput(attrs=self.fields["email"].widget.attrs)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()  # type: ignore[misc]
        self.refused: TooMany | None = None
        if not self.errors:
            try:
                self.admit(cleaned["email"], with_pause=True)
            except TooMany as refused:
                self.refused = refused
        return cleaned

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponseBase | None]:
        if self.refused:
            return None, respond_429(request)
        if self._forget_unverified(request):
            self.account_already_exists = False
        if self.account_already_exists:
            return self._answer_as_if_new(request)
        try:
            with transaction.atomic():
                saved: tuple[User | None, HttpResponseBase | None] = super().try_save(request)  # type: ignore[misc]
                return saved
        except IntegrityError:  # Race: another request has just created the account.
            self.account_already_exists = True
            return self._answer_as_if_new(request)

    def _forget_unverified(self, request: HttpRequest) -> bool:
        """Delete an unconfirmed account with this address. Returns whether there was one.

        Timing defence: deleting an account takes longer than making one, and only an address without a confirmed one
        can have an unconfirmed one. So if there is none, delete another, which exists only for that.
        """
        found = forget_unverified(self.cleaned_data["email"])
        self._make_an_account_and_undo_it(request, forgets_it=not found)
        return found

    def _answer_as_if_new(self, request: HttpRequest) -> tuple[User | None, HttpResponseBase | None]:
        """Timing defence: return the same page after the same work, namely creating an account
        and hashing its password.
        """
        if password := self.cleaned_data.get("password1"):
            make_password(password)
        self._make_an_account_and_undo_it(request)
        answer: tuple[User | None, HttpResponseBase | None] = super().try_save(request)  # type: ignore[misc]
        return answer

    def _make_an_account_and_undo_it(self, request: HttpRequest, *, forgets_it: bool | None = None) -> None:
        """`forgets_it` says whether to look for an unconfirmed account that exists, or for one that does not."""
        typed, existed = self.cleaned_data, self.account_already_exists
        self.cleaned_data = {"email": f"{secrets.token_hex(12)}@undone.invalid"}
        self.account_already_exists = False
        try:
            with suppress(Undone), transaction.atomic():
                user = self.save(request)  # type: ignore[attr-defined]
                if forgets_it is not None:
                    forget_unverified(user.email if forgets_it else NOBODY)
                    raise Undone
                # Ask the questions that signing in asks about a new account.
                has_verified_email(user)
                list(EmailAddress.objects.filter(user=user))
                EmailAddress.objects.filter(user=user, email=user.email).first()
                User.objects.filter(pk=user.pk).first()
                raise Undone
        finally:
            self.cleaned_data, self.account_already_exists = typed, existed


class SignupForm(MakesAnAccount, forms.SignupForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "password1" in self.fields:
            self.fields["password1"].help_text = _(
                "At least 12 characters. If you leave this empty, we email you a code each time you sign in."
            )


class ProviderSignupForm(MakesAnAccount, provider_forms.SignupForm):  # type: ignore[misc]
    """The sign-up form for people whose provider does not reveal their address."""


class RequestLoginCodeForm(AsksForMail, forms.RequestLoginCodeForm):  # type: ignore[misc]
    _user: User | None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _take_as_pasted(self, "email")

    def clean_email(self) -> str:
        email: str = super().clean_email()
        self.admit_or_complain(email)
        self._user = verified_among([self._user], email)
        return email


def verified_among(users: Sequence[User | None], email: str) -> User | None:
    """Return the account of a confirmed address. Timing defence: run the same queries if there is none."""
    account = next((user for user in users if user), None)
    if is_verified(account, email):
        # Timing defence: allauth runs this query only if it finds no confirmed address.
        User.objects.filter(email=email).first()
        return account
    return None


class ResetPasswordForm(AsksForMail, forms.ResetPasswordForm):  # type: ignore[misc]
    users: list[User]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _take_as_pasted(self, "email")

    def clean_email(self) -> str:
        email: str = super().clean_email()
        self.admit_or_complain(email)
        user = verified_among(self.users, email)
        self.users = [user] if user else []
        return email


def _label_as_ours(form: Any) -> None:
    """Replace allauth's labels "New Password" and the like."""
    form.fields["password1"].label = _("New password")
    form.fields["password2"].label = _("New password (again)")


class ChangePasswordForm(forms.ChangePasswordForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label = _("Current password")
        _label_as_ours(self)


class SetPasswordForm(forms.SetPasswordForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _label_as_ours(self)


class NewPasswordForm(forms.ResetPasswordKeyForm):  # type: ignore[misc]
    """The form after a code for a new password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _label_as_ours(self)


class AddEmailForm(forms.AddEmailForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("New email address")
        _take_as_pasted(self, "email")

    def clean_email(self) -> str:
        email: str = super().clean_email()
        try:
            admit_mail(context.request, email, with_pause=True)
        except TooMany as refused:
            raise get_adapter().validation_error("rate_limited") from refused
        return email


# The six-digit code in an email


class CountsTries(AsksForCode):
    """Counts each attempt before it is compared."""

    code_label = _("Code from the email")
    cleaned_data: dict[str, Any]

    def process(self) -> dict[str, Any]:
        """Return the state of the current sign-in, which allauth keeps in the session."""
        raise NotImplementedError

    def clean_code(self) -> str:
        state, session = self.process(), context.request.session
        if not count_try(f"{type(self).__name__}:{session.session_key}:{state.get('at')}"):
            # allauth then ends the sign-in, as it does after the third wrong code.
            state["failed_attempts"] = app_settings.LOGIN_BY_CODE_MAX_ATTEMPTS
            raise get_adapter().validation_error("too_many_login_attempts")
        code: str = super().clean_code()  # type: ignore[misc]
        return code


class ConfirmLoginCodeForm(CountsTries, forms.ConfirmLoginCodeForm):  # type: ignore[misc]
    def process(self) -> dict[str, Any]:
        login: dict[str, Any] = context.request.session[LOGIN_SESSION_KEY]
        found: dict[str, Any] = login["state"]["stages"]["login_by_code"]["data"]
        return found


class ConfirmEmailForm(CountsTries, forms.ConfirmEmailVerificationCodeForm):  # type: ignore[misc]
    def process(self) -> dict[str, Any]:
        found: dict[str, Any] = context.request.session[EMAIL_VERIFICATION_CODE_SESSION_KEY]
        return found


class ConfirmResetForm(CountsTries, forms.ConfirmPasswordResetCodeForm):  # type: ignore[misc]
    def process(self) -> dict[str, Any]:
        found: dict[str, Any] = context.request.session[PASSWORD_RESET_VERIFICATION_SESSION_KEY]
        return found
