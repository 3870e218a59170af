"""System checks for everything that must be true of the settings before anyone can sign.

A process with an error does not start.
"""

from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register, run_checks  # noqa: A004
from django.core.exceptions import ImproperlyConfigured

from petition import environment


@register(Tags.security)
def check_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Return errors with an id and a hint.

    In laptop mode `make run` has set everything, so only the keys are checked.
    """
    problems = [*_keys(), *_parts()]
    return problems if settings.LAPTOP else [*problems, *_production()]


def refuse_unsafe_boot() -> None:
    """End the process, with a sentence for each error, unless the settings are safe to serve with."""
    errors = [message for message in [*_left_over_laptop(), *run_checks(tags=[Tags.security])] if message.is_serious()]
    if errors:
        lines = [f"  {error.id}: {error.msg} {error.hint or ''}".rstrip() for error in errors]
        raise SystemExit("Undersigned does not start, because it would not be safe:\n" + "\n".join(lines))


def _left_over_laptop() -> list[CheckMessage]:
    """Refuse laptop mode without LAPTOP=1, which `make run` sets.

    A server that only has leftover files of `make run` is not a laptop.
    """
    if not settings.LAPTOP or environment.flag("LAPTOP"):
        return []
    return [
        Error(
            f"SECRET_KEY is not set, and {settings.VAR_DIR} contains the keys of a laptop.",
            hint="Set SECRET_KEY and the other variables of production, or start with `make run`.",
            id="petition.E010",
        )
    ]


def _keys() -> list[CheckMessage]:
    errors: list[CheckMessage] = []
    if not _secret_key():
        errors.append(
            Error(
                "SECRET_KEY is not set.",
                hint="Set it to 50 random characters, in the environment or in the file that SECRET_KEY_FILE names.",
                id="petition.E001",
            )
        )
    if not settings.ADDRESS_KEYS or not all(map(_is_fernet_key, settings.ADDRESS_KEYS)):
        errors.append(
            Error(
                "ADDRESS_KEYS contains no key, or one that is not a Fernet key.",
                hint="Create one: python -c 'import cryptography.fernet as f; print(f.Fernet.generate_key().decode())'",
                id="petition.E002",
            )
        )
    if len(settings.ADDRESS_HASH_KEY) < 32:
        errors.append(
            Error(
                "ADDRESS_HASH_KEY is shorter than 32 characters.",
                hint="Set it to 50 random characters, and never change it: the site recognises signers by it.",
                id="petition.E003",
            )
        )
    return errors


def _parts() -> list[CheckMessage]:
    wanted = {"DATABASE_URL": settings.DATABASES["default"], "VALKEY_URL": settings.VALKEY_URL}
    return [
        Error(
            f"{name} is not set, and no embedded server is running.",
            hint="Set it, or start everything with `make run`.",
            id=f"petition.E{number:03}",
        )
        for number, (name, value) in enumerate(wanted.items(), start=4)
        if not value
    ]


def _production() -> list[CheckMessage]:
    errors: list[CheckMessage] = []
    if settings.DEBUG:
        errors.append(
            Error(
                "DEBUG is on.",
                hint="It shows settings and signers' data to anyone who finds an error. Unset DEBUG.",
                id="petition.E006",
            )
        )
    if not settings.EMAIL_SERVER and not settings.EMAIL_PROVIDER:
        errors.append(
            Error(
                "Neither EMAIL_URL nor EMAIL_PROVIDER is set, so nobody could confirm a signature.",
                hint="For example EMAIL_URL=smtp+starttls://user:password@mail.example.org:587",
                id="petition.E007",
            )
        )
    if not settings.HTTPS:
        errors.append(
            Error(
                "SITE_URL is not an https:// address.",
                hint="Tokens in links would travel unencrypted. Put a proxy with a certificate in front.",
                id="petition.E008",
            )
        )
    if settings.HTTPS and not settings.TRUSTED_PROXIES:
        errors.append(
            Warning(
                "SITE_URL is https, but no proxy is trusted, so the limits treat all readers as one network.",
                hint="Set BEHIND_PROXY, and TRUSTED_PROXIES if more than one stands in front.",
                id="petition.W001",
            )
        )
    if environment.IS_INSTALLED and not settings.SOURCE_URL:
        errors.append(
            Error(
                "SOURCE_URL is not set, and an installed package does not contain its whole source.",
                hint="Name a page with the source of this version: readers have a right to it (AGPL, section 13).",
                id="petition.E011",
            )
        )
    if _secret_key() and len(_secret_key()) < 50:
        errors.append(
            Error("SECRET_KEY is shorter than 50 characters.", hint="Create a longer one.", id="petition.E009")
        )
    return errors


def _secret_key() -> str:
    try:
        return settings.SECRET_KEY
    except ImproperlyConfigured:  # Django raises this for an empty key.
        return ""


def _is_fernet_key(key: str) -> bool:
    try:
        Fernet(key)
    except ValueError:
        return False
    return True
