"""A pytest plugin: PostgreSQL and Valkey as in `make run`, empty, while the tests run."""

import gc
import os
import signal
import tempfile
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from pytest_rerunfailures import suspended_finalizers

from petition.embedded import embedded_postgres, embedded_valkey

_servers = ExitStack()

SETTINGS = {
    "LAPTOP": "1",
    "SECRET_KEY": "a secret for tests, as long as one for production would have to be",
    # Constant, so that a reused database recognises its keys.
    "ADDRESS_KEYS": "dGVzdHMgbmVlZCBhIGtleSBvZiAzMiBieXRlcyBoZXI=",
    "ADDRESS_HASH_KEY": "another secret for tests, by which addresses are known again",
    # Nobody waits for others, except in the tests of batches.
    "BATCH_SIZE": "1",
}
NOT_FOR_TESTS = ["EMAIL_URL", "SITE_URL", "DEBUG", "PORT", "HOST", "BROKER_URL", "ALLOWED_HOSTS", "SECRET_KEY_FILE"]
NOT_FOR_TESTS += ["EMAIL_PROVIDER", "EMAIL_PROVIDER_KEY", "EMAIL_PROVIDER_URL", "EMAIL_WEBHOOK_SECRET"]
NOT_FOR_TESTS += ["EMAIL_WEBHOOK_SIGNING_KEY"]
NOT_FOR_TESTS += ["BEHIND_PROXY", "TRUSTED_PROXIES", "LIMIT_NETWORK_SOFT", "LIMIT_NETWORK_HARD", "LIMIT_ADDRESS"]
NOT_FOR_TESTS += ["LIMIT_GUESSES", "LIMIT_GUESSES_NETWORK", "LIMIT_GUESSES_ANYWHERE", "LIMIT_ACCOUNT_MAIL"]
NOT_FOR_TESTS += ["LIMIT_ACCOUNT_MAIL_ANYWHERE", "LIMIT_ACCOUNT_NETWORK_SOFT", "LIMIT_ACCOUNT_NETWORK_HARD"]
NOT_FOR_TESTS += ["LIMIT_ACCOUNT_SITE", "LIMIT_ACCOUNT_SITE_SOFT", "LIMIT_ACCOUNT_NETWORK_SHARE"]
NOT_FOR_TESTS += ["LIMIT_ACCOUNT_NOTICES", "LIMIT_CODES", "LIMIT_SEARCHES", "REVIEW_LETTERS_FIRST", "BATCH_HOUR"]
NOT_FOR_TESTS += ["WITNESSES", "WITNESSES_MAY_BE_PRIVATE", "TIMESTAMP_AUTHORITY", "TIMESTAMP_CERTIFICATES"]
NOT_FOR_TESTS += [
    "CLEAR_COLLECTIVES_FIRST",
    "LIMIT_LETTER_SOFT",
    "LIMIT_DOMAIN",
    "LIMIT_UNPROVEN",
    "PROOF_TRIES",
    "QUORUM_QUEUES",
]


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Runs before Django reads its settings. xdist workers inherit what the first process sets."""
    if "UNDERSIGNED_TESTS" in os.environ:
        _own_valkey_database()
        return
    # A run that is terminated cleans up like one that is interrupted, also after an unknown option.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    early_config.add_cleanup(_servers.close)
    folder = Path(_servers.enter_context(tempfile.TemporaryDirectory(prefix="undersigned-tests-")))
    # An empty variable counts as unset, and wins over a developer's .env.
    os.environ.update(dict.fromkeys(NOT_FOR_TESTS, ""), **SETTINGS, VAR_DIR=str(folder), UNDERSIGNED_TESTS="1")
    if not os.environ.get("DATABASE_URL"):
        os.environ["DATABASE_URL"] = _servers.enter_context(embedded_postgres(folder / "postgres", fast=True))
    if not os.environ.get("VALKEY_URL"):
        os.environ["VALKEY_URL"] = _servers.enter_context(embedded_valkey(folder / "valkey"))


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Collect static files once, as in production: pages need the hashes in their names."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        call_command("collectstatic", verbosity=0, interactive=False)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Try a test with real processes again if it fails: ten of them and a browser compete for two cores.

    The summary names such a test. One that needs its second try twice has a race, which has to be found.
    """
    for item in items:
        group = item.get_closest_marker("xdist_group")
        if (group and group.args == ("stack",)) or item.path.parent.name == "faults":
            item.add_marker(pytest.mark.flaky(reruns=2))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Give a test that is tried again a new site: the first try may have used up what the module's fixtures made.

    pytest-rerunfailures makes only a test's own fixtures anew, and sets the others aside until the last try is over.
    """
    for node in reversed([node for node in suspended_finalizers if node is not item.session]):
        finalizers, _ = suspended_finalizers.pop(node)
        while finalizers:
            finalizers.pop()()


def pytest_collection_finish() -> None:
    """Leave what exists now out of garbage collection: searching thousands of tests and all modules finds nothing."""
    gc.collect()
    gc.freeze()


def _own_valkey_database() -> None:
    """Give each xdist worker its own Valkey database, so that none finds another's wake-ups."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) + 1
    os.environ["VALKEY_URL"] = urlsplit(os.environ["VALKEY_URL"])._replace(path=f"/{number}").geturl()
