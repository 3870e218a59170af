"""The parts of the site: apps, middleware, templates, database, cache, worker, languages and static files."""

from typing import Any

from kombu import Exchange, Queue

from letters.schedule import QUEUES, SCHEDULE
from letters.shared.sentinel_urls import ONCE
from petition import environment
from petition.settings.accounts import PROVIDERS
from petition.settings.machine import VAR_DIR, laptop

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
    # Needed for the templates of its widgets.
    "django.forms",
]

MIDDLEWARE = [
    # Before health checks, because it answers at the same address.
    "petition.checkup.seen.Seen",
    "petition.health.Health",
    "petition.request_ids.RequestIds",
    "petition.metrics.Metrics",
    # Before the page cache: Strict-Transport-Security depends on the request, so a cached page must not contain it.
    "django.middleware.security.SecurityMiddleware",
    # Before the page cache, because an error of the API depends on what the program accepts.
    "letters.api.door.ApiDoor",
    # Early, so that a cached public page, or a tile of a log, costs nothing else.
    "letters.public.ledger.kept.KeptTiles",
    "letters.public.public_pages.caching.PublicPageCache",
    "petition.content_policy.ContentSecurityPolicy",
    # Before PlainRefusals, whose pages have a language too.
    "petition.middleware.page_language",
    "petition.middleware.PlainRefusals",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "petition.middleware.Sessions",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    # After CSRF: a request from another site is refused unread.
    "petition.middleware.SafeText",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    # Staff can still change things, so it needs to know who asks.
    "petition.maintenance.MaintenanceMode",
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
                # The two context processors that Django's admin needs. They do not load the session unless a template
                # asks.
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

FORM_RENDERER = "letters.shared.form_rendering.FormRenderer"

# The database. One pool for each process. A task waits five seconds for a connection, a web request less (see ENGINE).

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
                # Reconnect quickly after an outage: otherwise psycopg would double its pause up to minutes.
                "reconnect_timeout": 1,
            },
        },
        "DISABLE_SERVER_SIDE_CURSORS": BEHIND_POOLER,
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Temporary counts, such as sign-in attempts. Security: values are JSON, which cannot contain code. Privacy: allauth's
# keys name accounts and networks, so keys are hashed.

VALKEY_URL = environment.valkey_url("VALKEY_URL", laptop.get("VALKEY_URL", ""))
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": VALKEY_URL,
        "KEY_PREFIX": "cache",
        "KEY_FUNCTION": "petition.cache.hashed_key",
        "OPTIONS": {
            "serializer": "petition.cache.Json",
            "pool_class": "petition.cache.Pool",
            "socket_connect_timeout": 1,
            "socket_timeout": 2,
        },
    }
}

# Celery over Valkey. Messages are only wake-ups: the work is in the database, so results are not kept.

CELERY_BROKER_URL, OF_BROKER = environment.broker("BROKER_URL", VALKEY_URL)
# RabbitMQ then keeps each queue on several machines. It delays messages only through topic exchanges.
QUORUM_QUEUES = environment.flag("QUORUM_QUEUES")
CELERY_TASK_QUEUES = [
    Queue(name, Exchange("undersigned", type="topic"), name, queue_arguments={"x-queue-type": "quorum"})
    for name in (QUEUES if QUORUM_QUEUES else [])
] or None
CELERY_IMPORTS = ["letters.tasks"]
CELERY_BEAT_SCHEDULE = SCHEDULE
CELERY_BEAT_SCHEDULER = "petition.clock:SoleScheduler"
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
    **OF_BROKER,
    **({"sentinel_kwargs": {"socket_connect_timeout": 1, "socket_timeout": 1, **ONCE}} if OF_BROKER else {}),
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.2,
    "interval_max": 0.2,
}
CELERY_TASK_PUBLISH_RETRY = True
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 2, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.4}
# The clock's file is with the other data, because its working directory may not be writable.
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")
# Celery would close the pool after each task and reconnect for the next.
# petition/celery.py returns the connection instead.
CELERY_DB_REUSE_MAX = 10**9

# Where a worker makes exports, before they are in the database.
EXPORTS_DIR = VAR_DIR / "exports"
# The public lists of large letters. The web server and the worker of the queue "exports" must see the same folder.
PUBLIC_LISTS_DIR = VAR_DIR / "lists"
# The newest bundle of each letter. The same processes must see the same folder.
MIRRORS_DIR = VAR_DIR / "mirrors"
# Where copies of letters are sent.
MIRRORS = environment.mirror_places("MIRRORS")

# Languages of the interface. A letter may have translations into others.

LANGUAGE_CODE = "en"
LANGUAGES = [
    ("en", "English"),
    ("it", "Italiano"),
    ("fr", "Français"),
    ("de", "Deutsch"),
    ("es", "Español"),
    ("ar", "العربية"),
]
# Where Django and CLDR write numbers differently, petition/formats/ has what CLDR says: a page uses both.
FORMAT_MODULE_PATH = ["petition.formats"]
USE_I18N = True
USE_THOUSAND_SEPARATOR = True
TIME_ZONE = "UTC"
USE_TZ = True

# Static files. Their names contain a hash of the content, so browsers can keep them forever.

STATIC_URL = "/static/"
STATIC_ROOT = environment.folder("STATIC_ROOT", VAR_DIR / "static")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "petition.static_files.StaticFiles"},
}
# The web font of letters is made while static files are collected.
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "petition.web_font.WebFontFinder",
]
WHITENOISE_MAX_AGE = 3600
WHITENOISE_KEEP_ONLY_HASHED_FILES = False
