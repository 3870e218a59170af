"""/accounts/: our own pages, then allauth's. Each POST is one transaction, and no page is cached."""

from collections.abc import Iterable

from allauth.urls import build_provider_urlpatterns
from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.cache import cache_control

from letters.base.accounts import views
from letters.base.accounts.guards import (
    View,
    notice_counts_first,
    provider_may_be_away,
    providers_in_form_action,
    remember_browser,
    whole_or_not_at_all,
)

NOTICE_AFTER_COMMIT = {"mfa_activate_totp", "mfa_generate_recovery_codes"}

not_kept = cache_control(private=True, no_store=True)


def guard(patterns: Iterable[URLPattern | URLResolver]) -> list[URLPattern | URLResolver]:
    found = list(patterns)
    for pattern in found:
        if isinstance(pattern, URLResolver):
            guard(pattern.url_patterns)
        else:
            late = pattern.name in NOTICE_AFTER_COMMIT
            pattern.callback = _guarded(notice_counts_first(pattern.callback) if late else pattern.callback)
    return found


def _guarded(view: View) -> View:
    return providers_in_form_action(not_kept(remember_browser(provider_may_be_away(whole_or_not_at_all(view)))))


elsewhere = [path("3rdparty/", include("allauth.socialaccount.urls")), *build_provider_urlpatterns()]

urlpatterns = guard(
    [
        path("", views.home, name="account_home"),
        path("second-factor/", views.second_factor, name="account_second_factor"),
        path("close/", views.close, name="account_close"),
        path("sessions/<int:pk>/end/", views.end_session, name="account_end_session"),
        # These come before allauth's own views at the same URLs.
        path("email/", views.EmailView.as_view(), name="account_email"),
        path("confirm-email/", views.ConfirmEmailView.as_view(), name="account_email_verification_sent"),
        path("login/code/confirm/", views.ConfirmLoginCodeView.as_view(), name="account_confirm_login_code"),
        path("password/reset/confirm/", views.ConfirmResetView.as_view(), name="account_confirm_password_reset_code"),
        path("", include("allauth.account.urls")),
        path("2fa/", include("allauth.mfa.urls")),
        path("sessions/", include("allauth.usersessions.urls")),
        *(elsewhere if settings.PROVIDERS else []),
    ]
)
