"""allauth's forms where an address counts that nobody has confirmed yet: it opens nothing, and keeps nobody out."""

from typing import Any

from allauth.account import forms
from django import forms as django_forms
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _

from letters.accounts.operations import forget_unverified
from letters.accounts.queries import is_verified
from letters.models import User
from letters.shared.addresses import tidy_address


class TidyEmailInput(django_forms.EmailInput):
    """An address as somebody pastes it, without what is invisible or stands around it."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        typed = super().value_from_datadict(data, files, name)
        return tidy_address(typed) if isinstance(typed, str) else typed


def _take_as_pasted(form: django_forms.BaseForm, name: str) -> None:
    if name in form.fields:
        form.fields[name].widget = TidyEmailInput(attrs=form.fields[name].widget.attrs)


class LoginForm(forms.LoginForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _take_as_pasted(self, "login")


class AddEmailForm(forms.AddEmailForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _take_as_pasted(self, "email")


class SignupForm(forms.SignupForm):  # type: ignore[misc]  # allauth has no types
    account_already_exists: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _take_as_pasted(self, "email")
        if "password1" in self.fields:
            self.fields["password1"].help_text = _(
                "At least 12 characters. Or leave it empty: we then send you six digits by mail whenever you sign in."
            )

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponseBase | None]:
        if self.account_already_exists and forget_unverified(self.cleaned_data["email"]):
            self.account_already_exists = False
        if self.account_already_exists:
            return self._answer_as_if_new(request)
        try:
            with transaction.atomic():
                saved: tuple[User | None, HttpResponseBase | None] = super().try_save(request)
                return saved
        except IntegrityError:  # Somebody else has just made it.
            self.account_already_exists = True
            return self._answer_as_if_new(request)

    def _answer_as_if_new(self, request: HttpRequest) -> tuple[User | None, HttpResponseBase | None]:
        """The same page, and no sooner: what takes time with a new account is its password."""
        if password := self.cleaned_data.get("password1"):
            make_password(password)
        answer: tuple[User | None, HttpResponseBase | None] = super().try_save(request)
        return answer


class RequestLoginCodeForm(forms.RequestLoginCodeForm):  # type: ignore[misc]
    _user: User | None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _take_as_pasted(self, "email")

    def clean_email(self) -> str:
        email: str = super().clean_email()
        if self._user and not is_verified(self._user, email):
            self._user = None
        return email


class ResetPasswordForm(forms.ResetPasswordForm):  # type: ignore[misc]
    users: list[User]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _take_as_pasted(self, "email")

    def clean_email(self) -> str:
        email: str = super().clean_email()
        self.users = [user for user in self.users if is_verified(user, email)]
        return email
