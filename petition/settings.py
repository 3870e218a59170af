"""Settings of the project. Everything that differs between machines comes from the environment.

docs/configuration.md lists the variables; `petition/environment.py` reads them.
"""

import json
from typing import Any

from csp.constants import NONE, SELF
from dotenv import load_dotenv

from letters.schedule import SCHEDULE
from petition import environment

BASE_DIR = environment.BASE_DIR
load_dotenv(environment.HOME_DIR / ".env")

# Laptop mode is for `make run` and `make test`: embedded servers, generated keys, and email on a page.
LAPTOP = environment.flag("LAPTOP")
DEBUG = environment.flag("DEBUG")
PORT = environment.whole("PORT", 8000, least=1, most=65535)
VAR_DIR = environment.folder("VAR_DIR", environment.HOME_DIR / "var")


def written_by_make_run() -> dict[str, str]:
    """Return the addresses of the embedded servers and the keys of this laptop, if `make run` has left them here.

    So `manage.py` works in a second terminal without environment variables.
    """
    try:
        found: dict[str, str] = json.loads((VAR_DIR / "laptop.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


laptop = written_by_make_run() if LAPTOP or not environment.secret("SECRET_KEY") else {}
LAPTOP = LAPTOP or bool(laptop)

# Addresses of the site

SITE_URL = environment.site_url("SITE_URL", f"http://localhost:{PORT}")
ALLOWED_HOSTS = environment.words("ALLOWED_HOSTS") or (["*"] if LAPTOP else [SITE_URL.split("//")[1].split(":")[0]])
CSRF_TRUSTED_ORIGINS = [SITE_URL]
# Where the source of this site is (AGPL, section 13). Without it the site serves its own files.
SOURCE_URL = environment.page_url("SOURCE_URL")
# Our own proxies in front of the web server. The client's address is this many entries from the right of
# X-Forwarded-For. Spoofing: if the number is too high, visitors choose their own address.
BEHIND_PROXY = environment.flag("BEHIND_PROXY")
TRUSTED_PROXIES = environment.whole("TRUSTED_PROXIES", 1 if BEHIND_PROXY else 0, most=10)

# Secrets. Each has its own purpose, so that one can be changed without the others.

# Signs sessions, and the tokens in emails (letters/shared/tokens.py). Fallbacks stay valid for reading.
SECRET_KEY = environment.secret("SECRET_KEY", laptop.get("SECRET_KEY", ""))
SECRET_KEY_FALLBACKS = environment.secrets("SECRET_KEY_FALLBACKS")
# Fernet keys that encrypt addresses. The first encrypts, all decrypt.
ADDRESS_KEYS = environment.secrets("ADDRESS_KEYS", laptop.get("ADDRESS_KEYS", ""))
# The HMAC key for recognising addresses. Changing it makes every signer unknown.
ADDRESS_HASH_KEY = environment.secret("ADDRESS_HASH_KEY", laptop.get("ADDRESS_HASH_KEY", ""))

# Parts

# Providers whose accounts people can sign in with. Without credentials none is offered.
PROVIDERS: dict[str, dict[str, Any]] = {
    provider: app
    for provider in ("github", "google", "orcid", "openid_connect")
    if (app := environment.provider({"openid_connect": "OIDC"}.get(provider, provider.upper())))
}

INSTALLED_APPS = [
    "petition.apps.PetitionConfig",
    "letters.apps.LettersConfig",
    "anymail",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    # Always installed, so that its tables exist when a provider is configured.
    "allauth.socialaccount",
    *(f"allauth.socialaccount.providers.{name}" for name in PROVIDERS),
    "petition.apps.StaffConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    # For the templates of its widgets.
    "django.forms",
]

MIDDLEWARE = [
    "petition.health.Health",
    # Before the page cache: Strict-Transport-Security depends on the request, so a cached page must not contain it.
    "django.middleware.security.SecurityMiddleware",
    # Early, so that a cached public page costs nothing else.
    "letters.public.public_pages.caching.PublicPageCache",
    "csp.middleware.CSPMiddleware",
    # Before the refusals, which are pages in a language too.
    "petition.middleware.page_language",
    "petition.middleware.PlainRefusals",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "petition.middleware.Sessions",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    # After CSRF: a request from another site is refused unread.
    "petition.middleware.SafeText",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "letters.public.public_pages.redirects.FormerSlugRedirectMiddleware",
]

ROOT_URLCONF = "petition.urls"
WSGI_APPLICATION = "petition.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            # Every template is read and compiled once, those of emails with their styles inlined.
            "loaders": [("django.template.loaders.cached.Loader", ["letters.shared.email_styles.Loader"])],
            "context_processors": [
                "django.template.context_processors.request",
                "petition.context.site",
                # The two that Django's admin needs. They touch no session unless a template asks.
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

FORM_RENDERER = "letters.shared.form_rendering.FormRenderer"

# The database. One pool for each process. A task waits five seconds for a connection, a person less (see ENGINE).

BEHIND_POOLER = environment.flag("DATABASE_BEHIND_POOLER")
DATABASES: dict[str, dict[str, Any]] = {"default": {}}
if found := environment.database_url("DATABASE_URL", laptop.get("DATABASE_URL", "")):
    DATABASES["default"] = {
        "ENGINE": "petition.database",
        **found,
        "OPTIONS": {
            "connect_timeout": 3,
            # Statements that a connection has run five times are prepared, which makes signing a third faster. A pooler
            # that changes connections between transactions would lose them.
            **({} if BEHIND_POOLER else {"server_side_binding": True, "prepare_threshold": 5}),
            **found["OPTIONS"],
            "pool": {
                "min_size": 1,
                "max_size": environment.whole("DATABASE_POOL_SIZE", 8, least=1, most=200),
                "timeout": 5,
                # After an outage: psycopg would otherwise double its pause up to minutes.
                "reconnect_timeout": 1,
            },
        },
        "DISABLE_SERVER_SIDE_CURSORS": BEHIND_POOLER,
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Accounts

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
# Whether staff must clear a collective, in the admin, before it publishes.
CLEAR_COLLECTIVES_FIRST = environment.flag("CLEAR_COLLECTIVES_FIRST")

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
# stranger could use up somebody's attempts.
ACCOUNT_RATE_LIMITS = {
    "login": None,
    "login_failed": None,
    "signup": None,
    "confirm_email": None,
    "request_login_code": None,
    "reset_password": None,
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
MFA_TOTP_ISSUER = "Undersigned"
# A clock that is half a minute off must not lock anybody out.
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

# Temporary counts, such as sign-in attempts. Security: values are JSON, which cannot contain code. Privacy: allauth's
# keys name accounts and networks, so keys are hashed.

VALKEY_URL = environment.valkey_url("VALKEY_URL", laptop.get("VALKEY_URL", ""))
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": VALKEY_URL,
        "KEY_PREFIX": "cache",
        "KEY_FUNCTION": "petition.cache.hashed_key",
        "OPTIONS": {"serializer": "petition.cache.Json", "socket_connect_timeout": 1, "socket_timeout": 2},
    }
}

# Celery over Valkey. Messages are only wake-ups: the work is in the database, so results are not kept.

CELERY_BROKER_URL = environment.text("BROKER_URL", VALKEY_URL)
CELERY_IMPORTS = ["letters.tasks"]
CELERY_BEAT_SCHEDULE = SCHEDULE
CELERY_TIMEZONE = "UTC"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "confirmations"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# Reconnect after the broker has been restarted, but wait a second or two at most: a signer must not wait for a broker,
# and the sweep finds the work.
CELERY_BROKER_CONNECTION_TIMEOUT = 1
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.2,
    "interval_max": 0.2,
}
CELERY_TASK_PUBLISH_RETRY = True
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 2, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.4}
# With the other data, because the clock's working directory may not belong to us.
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")
# Celery would close the pool after each task and reconnect for the next. petition/celery.py returns the connection
# instead.
CELERY_DB_REUSE_MAX = 10**9

# Email

EMAIL_SERVER = environment.email_url("EMAIL_URL")
EMAIL_PROVIDER = environment.email_provider("EMAIL_PROVIDER")
if EMAIL_SERVER and EMAIL_PROVIDER:
    environment.refuse("EMAIL_URL and EMAIL_PROVIDER are both set: mail leaves by one of them.")
EMAIL_HOST = EMAIL_SERVER.get("host", "localhost")
EMAIL_PORT = EMAIL_SERVER.get("port", 25)
EMAIL_HOST_USER = EMAIL_SERVER.get("username", "")
EMAIL_HOST_PASSWORD = EMAIL_SERVER.get("password", "")
EMAIL_USE_TLS = EMAIL_SERVER.get("use_tls", False)
EMAIL_USE_SSL = EMAIL_SERVER.get("use_ssl", False)
EMAIL_TIMEOUT = environment.whole("EMAIL_TIMEOUT", 20, least=1, most=300)
DEFAULT_FROM_EMAIL = environment.text("EMAIL_FROM", "Undersigned <letters@localhost>")
# Laptop mode without either: email becomes files under var/mail, and /mailbox/ shows them.
MAILBOX_DIR = VAR_DIR / "mail" if LAPTOP and not EMAIL_SERVER and not EMAIL_PROVIDER else None
EMAIL_BACKEND = "petition.mailbox.MailboxBackend" if MAILBOX_DIR else "django.core.mail.backends.smtp.EmailBackend"
if EMAIL_PROVIDER:
    EMAIL_BACKEND = f"anymail.backends.{EMAIL_PROVIDER['name']}.EmailBackend"
# Privacy: no provider may count who opens an email, or redirect its links, which contain tokens.
UNTRACKED = {"track_opens": False, "track_clicks": False}
ANYMAIL = {
    **{name: value for name, value in EMAIL_PROVIDER.items() if name != "name"},
    "REQUESTS_TIMEOUT": EMAIL_TIMEOUT,
    "POSTMARK_SEND_DEFAULTS": UNTRACKED,
    "MAILGUN_SEND_DEFAULTS": UNTRACKED,
    # Protects /anymail/<provider>/tracking/, to which providers report. That address exists only with this secret.
    "WEBHOOK_SECRET": environment.webhook_secret("EMAIL_WEBHOOK_SECRET"),
}
# Mailgun signs its reports with its own key.
if signing_key := environment.secret("EMAIL_WEBHOOK_SIGNING_KEY"):
    ANYMAIL["MAILGUN_WEBHOOK_SIGNING_KEY"] = signing_key
# The number of emails that a worker claims at once, the lease after which another worker takes them over if it dies,
# and the first pause after a refusal.
MAIL_BATCH = environment.whole("MAIL_BATCH", 50, least=1, most=1000)
MAIL_LEASE_SECONDS = environment.whole("MAIL_LEASE_SECONDS", 20, least=2, most=3600)
MAIL_RETRY_SECONDS = environment.whole("MAIL_RETRY_SECONDS", 15, least=1, most=3600)

# Exports, until they expire. The web server and the worker of the queue "exports" must see the same folder.
EXPORTS_DIR = VAR_DIR / "exports"
# The public lists of large letters, in a folder that the same two share.
PUBLIC_LISTS_DIR = VAR_DIR / "lists"

# Rules of signing

# How long a confirmation link is valid. Then an unconfirmed signature is deleted.
CONFIRMATION_DAYS = environment.whole("CONFIRMATION_DAYS", 14, least=1, most=365)

# Hours after signing at which unconfirmed signers get a reminder.
REMINDER_HOURS = environment.wholes("REMINDER_HOURS", "24,72", least=1, most=8760)

# Limits of signing. Only accepted signatures count, and counts are deleted within a day.

# Soft: above it each signing needs a proof of work, which takes a browser a second or two. A household or an office
# never gets there; a lecture hall does, and can go on signing.
LIMIT_NETWORK_SOFT = environment.rate("LIMIT_NETWORK_SOFT", "60/hour")
# Hard: a network is an IPv4 /24 or an IPv6 /48, which may be a whole university or part of a mobile provider. A
# thousand people behind one address can sign within an hour, and twice as many again.
LIMIT_NETWORK_HARD = environment.rate("LIMIT_NETWORK_HARD", "3000/hour")
# One address from one network, over all letters. It gets at most three emails a day in any case; this protects the
# database. It is high, because neighbours who type somebody's address can use it up.
LIMIT_ADDRESS = environment.rate("LIMIT_ADDRESS", "100/hour")
# Soft, for one letter from all networks: a popular letter is not slowed down noticeably, and a botnet is.
LIMIT_LETTER_SOFT = environment.rate("LIMIT_LETTER_SOFT", "600/minute")
# Signatures of one letter from one domain, except private providers: the owner of a domain has any number of addresses.
# Signatures beyond the limit are held for a moderator.
LIMIT_DOMAIN = environment.rate("LIMIT_DOMAIN", "100/day")
# Beyond that number, over all letters, emails caused by a form are sent to such a domain no faster than this.
MAIL_DOMAIN_PACE = environment.rate("MAIL_DOMAIN_PACE", "20/minute")
# Signatures from one network without the required proof. Each costs a moderator time, and its email cost the sender
# nothing.
LIMIT_UNPROVEN = environment.rate("LIMIT_UNPROVEN", "60/hour")
# Confirmations of one address for one letter. Confirming and withdrawing repeatedly leaves a withdrawn signature each
# time.
LIMIT_CONFIRMATIONS = environment.rate("LIMIT_CONFIRMATIONS", "3/day")
# Emails and links that one network requests again.
LIMIT_REQUESTS = environment.rate("LIMIT_REQUESTS", "300/hour")
# Whole public lists that one network downloads. A large one may be a hundred megabytes.
LIMIT_DOWNLOADS = environment.rate("LIMIT_DOWNLOADS", "300/hour")

# Picture uploads of one account, and of one network over all accounts. Each costs seconds of processor time, also if it
# is refused. The limit is twice what an account may store in a day.
LIMIT_PICTURES = environment.rate("LIMIT_PICTURES", "120/hour")
LIMIT_PICTURES_NETWORK = environment.rate("LIMIT_PICTURES_NETWORK", "600/hour")

# Limits of accounts. A browser that has signed in before is counted separately, with LIMIT_GUESSES and
# LIMIT_ACCOUNT_MAIL, so that strangers cannot use up its attempts.

# Wrong passwords for one address from one network, for all addresses from one network, and for one address from all
# networks.
LIMIT_GUESSES = environment.rate("LIMIT_GUESSES", "5/5 minutes")
LIMIT_GUESSES_NETWORK = environment.rate("LIMIT_GUESSES_NETWORK", "30/minute")
LIMIT_GUESSES_ANYWHERE = environment.rate("LIMIT_GUESSES_ANYWHERE", "100/hour")
# Wrong app codes, recovery codes and passkeys for one account from all networks. From one network, and in a browser
# that signed in before, LIMIT_GUESSES applies.
LIMIT_SECOND_FACTORS_ANYWHERE = environment.rate("LIMIT_SECOND_FACTORS_ANYWHERE", "30/hour")
# Emails with codes to one address that one network requests, and that all networks request together.
LIMIT_ACCOUNT_MAIL = environment.rate("LIMIT_ACCOUNT_MAIL", "5/hour")
LIMIT_ACCOUNT_MAIL_ANYWHERE = environment.rate("LIMIT_ACCOUNT_MAIL_ANYWHERE", "20/hour")
# Notices to an account about its own changes, such as a new password. Beyond this, it cannot be changed for a while.
LIMIT_ACCOUNT_NOTICES = environment.rate("LIMIT_ACCOUNT_NOTICES", "30/hour")
# Emails to any address. Above the soft limit each needs a proof of work; the hard limit refuses.
LIMIT_ACCOUNT_NETWORK_SOFT = environment.rate("LIMIT_ACCOUNT_NETWORK_SOFT", "10/hour")
LIMIT_ACCOUNT_NETWORK_HARD = environment.rate("LIMIT_ACCOUNT_NETWORK_HARD", "60/hour")
# For the whole site. Organizers in a browser that signed in before still get theirs.
LIMIT_ACCOUNT_SITE = environment.rate("LIMIT_ACCOUNT_SITE", "600/hour")
# The maximum number of attempts for a proof, each a PBKDF2 with 1,000 rounds. The average is half of it.
PROOF_TRIES = environment.whole("PROOF_TRIES", 2000, least=1, most=100_000)

# Requests. No form is larger than this (bytes); longer bodies are refused before they are read.

LARGEST_BODY = 256 * 1024
# Larger for addresses under /organize/ with these endings, where lists and files are uploaded: a picture of 10 MB and
# its form.
LARGER_BODIES = {"/first-signers/": 3 * 1024 * 1024, "/pictures/": 10 * 1024 * 1024 + 64 * 1024}
# Django's own limit applies to all addresses, and does not count files.
DATA_UPLOAD_MAX_MEMORY_SIZE = max(LARGEST_BODY, LARGER_BODIES["/first-signers/"])
DATA_UPLOAD_MAX_NUMBER_FIELDS = 100

# Languages of the interface. A letter may have translations into others.

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("it", "Italiano")]
USE_I18N = True
USE_THOUSAND_SEPARATOR = True
TIME_ZONE = "UTC"
USE_TZ = True

# Static files. Their names contain a hash of the content, so browsers can keep them for ever.

STATIC_URL = "/static/"
STATIC_ROOT = environment.folder("STATIC_ROOT", VAR_DIR / "static")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_MAX_AGE = 3600
WHITENOISE_KEEP_ONLY_HASHED_FILES = False

# Security headers: nothing is loaded from elsewhere, nothing inline runs, and no site may frame us.

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}
HTTPS = SITE_URL.startswith("https://")
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
SECURE_SSL_REDIRECT = False  # The proxy redirects. Behind it every request is plain HTTP.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_HSTS_SECONDS = 63_072_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
# The prefix makes browsers accept the cookies only from this host and over HTTPS. A laptop has no HTTPS.
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrftoken"
# Limited to /accounts/, which the prefix __Host- does not allow.
DEVICE_COOKIE_NAME = "__Secure-device" if HTTPS else "device"
X_FRAME_OPTIONS = "DENY"
# Warnings of `check --deploy` that do not apply.
SILENCED_SYSTEM_CHECKS = [
    # SECURE_SSL_REDIRECT is off: the proxy redirects, and every request that arrives here is plain HTTP.
    "security.W008",
    # SECURE_HSTS_PRELOAD is off: the preload list concerns the whole domain, so its owner must decide. It cannot be
    # undone for months.
    "security.W021",
]

# Logs go to standard error. The filter removes tokens and addresses from every line.

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"no_secrets": {"()": "petition.logs.HideSecrets"}},
    "formatters": {
        "line": {"()": "petition.logs.SafeFormatter", "format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["no_secrets"]}},
    "root": {"handlers": ["stderr"], "level": environment.text("LOG_LEVEL", "INFO").upper()},
    "loggers": {
        # Django's own handler emails admins and prints in DEBUG. Ours is enough.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "celery.redirected": {"level": "WARNING"},
        # Privacy: it would log which passkey was used when.
        "fido2": {"level": "WARNING"},
        # It logs that it was loaded.
        "pikepdf": {"level": "WARNING"},
    },
}
