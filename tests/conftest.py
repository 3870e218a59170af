"""The people of the tests, and what they need: a letter, a moment, a way to read the mail."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from letters.delivering.tasks import deliver_owed
from letters.models import Collective, Letter, Signature, User
from letters.organizing.operations import Text, create_collective, draft_letter, publish_letter, translate_letter
from letters.publishing.tasks import sweep
from letters.shared.tokens import make_token
from letters.signing.mail import MAILS

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return NOW
