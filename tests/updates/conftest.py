"""Signers who agreed to updates, and updates for them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from django.test import Client

from letters.models import Letter, Signature, Update, User
from letters.organizer.updates.operations import UpdateText, send_update, write_update
from tests.people import NOW, browser_of, publish, sign_and_confirm

WORDS = "Email me updates about this letter"
NEWS = UpdateText(
    title="The minister has asked us in",
    body="On **Friday** we meet her.\n\n[The agenda](https://example.org/agenda)",
    language="en",
)

UpdateMaker = Callable[..., Update]


def agree(letter: Letter, email: str, **entered: Any) -> Signature:
    """Sign with consent to updates, confirm, and be published."""
    signature = sign_and_confirm(letter, email, consent=WORDS, **entered)
    publish(NOW)
    letter.refresh_from_db()
    signature.refresh_from_db()
    return signature


@pytest.fixture
def desk(organizer: User) -> Client:
    """The organizer's browser."""
    return browser_of(organizer)


@pytest.fixture
def news(letter: Letter, organizer: User) -> UpdateMaker:
    """Create drafts: `news(title="Another")`."""

    def make(**values: Any) -> Update:
        text = UpdateText(**{**NEWS.__dict__, **values})
        return write_update(letter, text=text, by=organizer, now=NOW)

    return make


@pytest.fixture
def sending(news: UpdateMaker, organizer: User) -> UpdateMaker:
    """Start sending an update. No email exists yet."""

    def make(**values: Any) -> Update:
        update = news(**values)
        send_update(update, seen=update.version, by=organizer, now=NOW)
        return update

    return make


def html_of(message: EmailMultiAlternatives) -> str:
    ((content, kind),) = message.alternatives
    assert kind == "text/html"
    return str(content)
