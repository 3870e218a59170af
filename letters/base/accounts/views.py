"""Pages of an account that allauth does not have, and the sign-in of Django's admin."""

from typing import Any, cast

from allauth.account import views as account_views
from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.signup import send_unknown_account_mail
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.db.models.base import ModelBase
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from letters.base.accounts import guards
from letters.base.accounts.admission import admit_mail
from letters.base.accounts.operations import close_account
from letters.base.accounts.queries import drafts_left_alone, has_second_factor, lacks_second_factor, owned_alone
from letters.models import User
from letters.shared.limits import TooMany
from letters.shared.refused import Refused


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Show everything that can be done with the account."""
    user = _user(request)
    kinds = list(Authenticator.objects.filter(user=user).values_list("type", flat=True))
    context = {
        "has_app": Authenticator.Type.TOTP in kinds,
        "passkeys": kinds.count(Authenticator.Type.WEBAUTHN),
        "has_recovery_codes": Authenticator.Type.RECOVERY_CODES in kinds,
        "has_second_factor": has_second_factor(user),
        "sessions": len(UserSession.objects.purge_and_list(user)),
    }
    return render(request, "accounts/home.html", context)


@require_POST
@login_required
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign out another browser of the same person."""
    session = get_object_or_404(UserSession, pk=pk, user=_user(request))
    if session.is_current():
        return redirect("account_logout")
    session.end()
    messages.success(request, _("You have signed that browser out."))
    return redirect("usersessions_list")


@require_safe
@login_required
def second_factor(request: HttpRequest) -> HttpResponseBase:
    """Redirect to the page that sets up a second factor. It leads back to `next`."""
    way_on = request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(way_on, allowed_hosts=None):
        way_on = reverse("account_home")
    return guards.lead_to_second_factor(request, way_on)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@reauthentication_required(app="allauth.account", allow_get=True)  # type: ignore[untyped-decorator]
def close(request: HttpRequest) -> HttpResponse:
    """Close the account permanently."""
    user = _user(request)
    if request.method == "POST":
        try:
            close_account(user, now=timezone.now())
        except Refused:
            return render(request, "accounts/close.html", {"owned_alone": owned_alone(user)}, status=409)
        logout(request)
        messages.success(request, _("We have closed your account and deleted your email address."))
        return redirect("account_login")
    context = {"owned_alone": owned_alone(user), "drafts": drafts_left_alone(user).count()}
    return render(request, "accounts/close.html", context)


class EmailView(account_views.EmailView):  # type: ignore[misc]  # no types
    """The page on which people see and change their own address."""

    def _action_send(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase | None:
        """Send the code for an unconfirmed address again. It counts like the first one."""
        address = self._get_email_address(request)
        if address:
            try:
                admit_mail(request, address.email, with_pause=True)
            except TooMany:
                _say_too_often(request)
                return None
        answer: HttpResponseBase | None = super()._action_send(request, *args, **kwargs)
        return answer


class _SameWork:
    """The page that takes the code. Timing defence: it does the same work if the address has no account."""

    request: HttpRequest
    _process: Any
    # How often allauth looks the account up if there is one.
    lookups = 1

    def get_form_kwargs(self) -> dict[str, Any]:
        if self._process.user is None:
            for _lookup in range(self.lookups):
                User.objects.filter(pk=0).first()
        kwargs: dict[str, Any] = super().get_form_kwargs()  # type: ignore[misc]
        return kwargs


class _SendsAgain(_SameWork):
    """A page that can send a new code, which counts like the first one. Timing defence: both do the same work."""

    def _resend_form_valid(self, form: Any) -> HttpResponseBase:
        email = self._process.state["email"]
        try:
            admit_mail(self.request, email, with_pause=True)
        except TooMany:
            _say_too_often(self.request)
            return redirect(self.request.get_full_path())
        if self._process.user is None or self._process.state.get("account_already_exists"):
            # Privacy: allauth sends nothing more to such an address, and a mail log would show it.
            self._answer_again(email)
        answer: HttpResponseBase = super()._resend_form_valid(form)  # type: ignore[misc]
        return answer

    def _answer_again(self, email: str) -> None:
        """Send again the first email of the form, to an address for which there is no code."""
        raise NotImplementedError


class ConfirmLoginCodeView(_SendsAgain, account_views.ConfirmLoginCodeView):  # type: ignore[misc]  # no types
    def _answer_again(self, email: str) -> None:
        send_unknown_account_mail(self.request, email)


class ConfirmEmailView(_SendsAgain, account_views.ConfirmEmailVerificationCodeView):  # type: ignore[misc]
    lookups = 2

    def _answer_again(self, email: str) -> None:
        # Timing defence: allauth looks up the address of a new account.
        EmailAddress.objects.filter(user=None, email=email).first()
        get_adapter(self.request).send_account_already_exists_mail(email)


class ConfirmResetView(_SameWork, account_views.ConfirmPasswordResetCodeView):  # type: ignore[misc]
    pass


def _say_too_often(request: HttpRequest) -> None:
    adapter = get_adapter(request)
    adapter.add_message(request, messages.ERROR, message=adapter.error_messages["rate_limited"])


class StaffSite(AdminSite):
    """Django's admin with our sign-in, so that limits and second factors apply here too."""

    # The index begins with what staff have to do.
    index_template = "staff/index.html"

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Register only our own models.

        Security: other packages would let staff edit addresses, second factors and sessions.
        """
        models: list[Any] = [model_or_iterable] if isinstance(model_or_iterable, ModelBase) else [*model_or_iterable]
        super().register([model for model in models if model._meta.app_label == "letters"], admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and not lacks_second_factor(request.user)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return cast("HttpResponse", self._lead_in(request))

    def _lead_in(self, request: HttpRequest) -> HttpResponseBase:
        way_on = request.GET.get("next", "")
        if not url_has_allowed_host_and_scheme(way_on, allowed_hosts=None):
            way_on = reverse("admin:index")
        if not request.user.is_authenticated:
            return redirect_to_login(way_on)
        if not super().has_permission(request):
            return render(request, "accounts/not_staff.html", status=403)
        if lacks_second_factor(request.user):
            return guards.lead_to_second_factor(request, way_on)
        return redirect(way_on)

    def logout(  # type: ignore[override]  # the stubs know of its own page only
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("account_logout")

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("account_change_password")


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)
