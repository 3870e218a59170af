"""Real parts over the test's own database: a worker, a clock, a web server, and a mail server that can misbehave."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from letters.models import Delivery, Letter
from tests.people import Signer
from tests.smtp import SmtpSink
from tests.stack import Parts


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    with SmtpSink() as sink:
        yield sink


@pytest.fixture
def parts(transactional_db: None, valkey: "redis.Redis", sink: SmtpSink, tmp_path: Path) -> Iterator[Parts]:
    """Over the Valkey of all tests, with a mail server that answers as the test wishes, and with little patience."""
    parts = Parts(tmp_path, EMAIL_URL=sink.url, MAIL_LEASE_SECONDS="2", MAIL_RETRY_SECONDS="1")
    yield parts
    parts.stop()
    # Shown by pytest if the test failed.
    sys.stderr.write(parts.output)


@pytest.fixture
def signers(parts: Parts, letter: Letter, signer: Signer) -> list[str]:
    """Three people who have just signed: three mails are owed, and one wake-up waits for a worker."""
    people = ["ada@example.org", "berta@example.org", "carlo@example.org"]
    for email in people:
        assert signer.sign(letter, email=email).status_code == 303
    return people


def nothing_is_owed() -> bool:
    return not Delivery.objects.owed().exists()
