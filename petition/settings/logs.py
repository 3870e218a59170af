"""Logging."""

from petition import environment

LOG_FORMAT = environment.choice("LOG_FORMAT", "text", among=["text", "json"])

# Logs go to standard error. The filter removes tokens and addresses from every line.

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"no_secrets": {"()": "petition.logs.HideSecrets"}},
    "formatters": {
        "text": {
            "()": "petition.logs.SafeFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s%(request)s: %(message)s",
        },
        "json": {"()": "petition.logs.JsonFormatter"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["no_secrets"]}},
    "root": {"handlers": ["stderr"], "level": environment.text("LOG_LEVEL", "INFO").upper()},
    "loggers": {
        # Switch off Django's own handlers, which email admins and print in DEBUG. Ours is enough.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "celery.redirected": {"level": "WARNING"},
        # Privacy: at a lower level, this library logs when each passkey was used.
        "fido2": {"level": "WARNING"},
        # At a lower level, this library logs that it was loaded.
        "pikepdf": {"level": "WARNING"},
    },
}
