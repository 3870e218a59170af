"""Accounts: sign-in, second factors, and sign-in with an account elsewhere."""

from typing import Any

from petition import environment
from petition.settings.machine import LAPTOP

# Providers whose accounts people can sign in with. Without credentials none is offered.
PROVIDERS: dict[str, dict[str, Any]] = {
    provider: app
    for provider in ("github", "google", "orcid", "openid_connect")
    if (app := environment.provider({"openid_connect": "OIDC"}.get(provider, provider.upper())))
}

AUTH_USER_MODEL = "letters.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "account_home"
LOGOUT_REDIRECT_URL = "account_login"
# The database holds hashes of the cookie keys, and encrypted contents.
SESSION_ENGINE = "letters.shared.sessions"
# People sign in again after two weeks.
SESSION_COOKIE_AGE = 14 * 24 * 3600
# Whether organizers and staff need a second factor; otherwise they are only asked to set one up.
SECOND_FACTOR_REQUIRED = environment.flag("SECOND_FACTOR_REQUIRED")
# Who can create an account: everyone ("open"), people whom a collective has invited ("invited"), or nobody ("closed").
SIGN_UP = environment.choice("SIGN_UP", "open", among=["open", "invited", "closed"])
# Whether staff must clear a collective, in the admin, before it publishes.
CLEAR_COLLECTIVES_FIRST = environment.flag("CLEAR_COLLECTIVES_FIRST")
# Whether a site moderator must look at each letter, and at each change of substance, before it is public. Otherwise
# they look at it afterwards.
REVIEW_LETTERS_FIRST = environment.flag("REVIEW_LETTERS_FIRST")

# People sign in by address. Without a password, they get a code by email each time.
ACCOUNT_ADAPTER = "letters.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_DISPLAY = "letters.adapters.display"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1"]
ACCOUNT_FORMS = {
    "login": "letters.base.accounts.forms.LoginForm",
    "signup": "letters.base.accounts.forms.SignupForm",
    "add_email": "letters.base.accounts.forms.AddEmailForm",
    "request_login_code": "letters.base.accounts.forms.RequestLoginCodeForm",
    "reset_password": "letters.base.accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "letters.base.accounts.forms.NewPasswordForm",
    "change_password": "letters.base.accounts.forms.ChangePasswordForm",
    "set_password": "letters.base.accounts.forms.SetPasswordForm",
    "confirm_login_code": "letters.base.accounts.forms.ConfirmLoginCodeForm",
    "confirm_email_verification_code": "letters.base.accounts.forms.ConfirmEmailForm",
    "confirm_password_reset_code": "letters.base.accounts.forms.ConfirmResetForm",
}
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# Privacy: no page reveals whether an address has an account. Only the email differs.
ACCOUNT_PREVENT_ENUMERATION = "strict"
# Six-digit codes instead of links, so that no log contains a secret. Valid for 15 minutes and 3 attempts.
ALLAUTH_USER_CODE_FORMAT = {"numeric": True, "length": 6, "dashed": False}
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
# letters/base/accounts/admission.py counts these. allauth would count an address for all networks together, so any
# stranger could use up someone's attempts.
ACCOUNT_RATE_LIMITS = {
    "login": None,
    "login_failed": None,
    "signup": None,
    "confirm_email": None,
    "request_login_code": None,
    "reset_password": None,
    "reset_password_from_key": None,
}

MFA_FORMS = {
    "authenticate": "letters.base.accounts.second_factors.AuthenticateForm",
    "reauthenticate": "letters.base.accounts.second_factors.ReauthenticateForm",
    "activate_totp": "letters.base.accounts.second_factors.ActivateAppForm",
    "add_webauthn": "letters.base.accounts.second_factors.AddPasskeyForm",
    "edit_webauthn": "letters.base.accounts.second_factors.RenamePasskeyForm",
    "signup_webauthn": "letters.base.accounts.second_factors.SignUpPasskeyForm",
    "authenticate_webauthn": "letters.base.accounts.second_factors.AuthenticatePasskeyForm",
    "reauthenticate_webauthn": "letters.base.accounts.second_factors.ReauthenticatePasskeyForm",
}
MFA_ADAPTER = "letters.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = True
# A clock that is half a minute off must not lock anyone out.
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = LAPTOP

SOCIALACCOUNT_ADAPTER = "letters.adapters.ProviderAdapter"
SOCIALACCOUNT_FORMS = {"signup": "letters.base.accounts.forms.ProviderSignupForm"}
SOCIALACCOUNT_PROVIDERS = {name: {"APPS": [app]} for name, app in PROVIDERS.items()}
# Where our forms may redirect (see form-action below), by provider.
PROVIDER_ORIGINS = {
    "github": "https://github.com",
    "google": "https://accounts.google.com",
    "orcid": "https://orcid.org",
}
if "openid_connect" in PROVIDERS:
    server = environment.address("OIDC_URL")
    PROVIDERS["openid_connect"] |= {
        "provider_id": "oidc",
        "name": environment.text("OIDC_NAME", "OpenID Connect"),
        "settings": {"server_url": server},
    }
    PROVIDER_ORIGINS["openid_connect"] = "/".join(server.split("/")[:3])
