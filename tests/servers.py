"""A pytest plugin: the same PostgreSQL and Valkey as `make run`, empty, for as long as the tests run."""

import os
import signal
import tempfile
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command

from petition.embedded import embedded_postgres, embedded_valkey

_servers = ExitStack()

SETTINGS = {
    "LAPTOP": "1",
    "SECRET_KEY": "a secret for tests, as long as one for production would have to be",
    # Always the same: a database that is used again knows its keys.
    "ADDRESS_KEYS": "dGVzdHMgbmVlZCBhIGtleSBvZiAzMiBieXRlcyBoZXI=",
    "ADDRESS_HASH_KEY": "another secret for tests, by which addresses are known again",
}
NOT_FOR_TESTS = ["EMAIL_URL", "SITE_URL", "DEBUG", "PORT", "HOST", "BROKER_URL", "ALLOWED_HOSTS", "SECRET_KEY_FILE"]
NOT_FOR_TESTS += ["EMAIL_PROVIDER", "EMAIL_PROVIDER_KEY", "EMAIL_PROVIDER_URL", "EMAIL_WEBHOOK_SECRET"]
NOT_FOR_TESTS += ["EMAIL_WEBHOOK_SIGNING_KEY"]
NOT_FOR_TESTS += ["BEHIND_PROXY", "TRUSTED_PROXIES", "LIMIT_NETWORK_SOFT", "LIMIT_NETWORK_HARD", "LIMIT_ADDRESS"]
NOT_FOR_TESTS += ["LIMIT_GUESSES", "LIMIT_GUESSES_NETWORK", "LIMIT_GUESSES_ANYWHERE", "LIMIT_ACCOUNT_MAIL"]
NOT_FOR_TESTS += ["LIMIT_ACCOUNT_MAIL_ANYWHERE", "LIMIT_ACCOUNT_NETWORK_SOFT", "LIMIT_ACCOUNT_NETWORK_HARD"]
NOT_FOR_TESTS += ["LIMIT_ACCOUNT_SITE", "LIMIT_ACCOUNT_NOTICES"]
NOT_FOR_TESTS += ["CLEAR_COLLECTIVES_FIRST", "LIMIT_LETTER_SOFT", "LIMIT_DOMAIN", "LIMIT_UNPROVEN", "PROOF_TRIES"]


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Before Django's settings are read. Workers of xdist inherit what the first process finds here."""
    if "UNDERSIGNED_TESTS" in os.environ:
        _own_valkey_database()
        return
    # A run that is told to end cleans up like one that is interrupted; and an unknown option is no reason not to.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    early_config.add_cleanup(_servers.close)
    folder = Path(_servers.enter_context(tempfile.TemporaryDirectory(prefix="undersigned-tests-")))
    # Empty is unset for us, and what is set no .env of the developer overrides.
    os.environ.update(dict.fromkeys(NOT_FOR_TESTS, ""), **SETTINGS, VAR_DIR=str(folder), UNDERSIGNED_TESTS="1")
    if not os.environ.get("DATABASE_URL"):
        os.environ["DATABASE_URL"] = _servers.enter_context(embedded_postgres(folder / "postgres", fast=True))
    if not os.environ.get("VALKEY_URL"):
        os.environ["VALKEY_URL"] = _servers.enter_context(embedded_valkey(folder / "valkey"))


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Static files as in production, made once: their names carry hashes, which the pages need."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        call_command("collectstatic", verbosity=0, interactive=False)


def _own_valkey_database() -> None:
    """Each worker of xdist its own, so that none finds the wake-ups of another."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) + 1
    os.environ["VALKEY_URL"] = urlsplit(os.environ["VALKEY_URL"])._replace(path=f"/{number}").geturl()
