"""With Valkey or the mail server unavailable, pages stay polite, nothing is half written, and emails come later."""

import logging
from collections.abc import Iterator

import pytest
from allauth.account.models import EmailAddress
from cryptography.fernet import InvalidToken
from django.core import mail
from django.core.mail import EmailMessage
from pytest_django import Settings

from letters.adapters import AccountAdapter
from letters.base.accounts.mail import pack, unpack
from letters.base.accounts.tasks import TryLater, send_packed
from letters.models import User
from petition.embedded import free_port
from tests.accounts.people import Person
from tests.people import words
from tests.smtp import SmtpSink

pytestmark = pytest.mark.django_db

NEW = "nina@example.org"
MESSAGE = EmailMessage("Six digits", "123 456\n", "Undersigned <letters@localhost>", [NEW])


@pytest.fixture
def valkey_away(settings: Settings) -> None:
    cache = settings.CACHES["default"]
    settings.VALKEY_URL = f"redis://127.0.0.1:{free_port()}/0"
    settings.CACHES = {"default": {**cache, "LOCATION": settings.VALKEY_URL}}


@pytest.fixture
def broker_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Return the real error of the real client when a broker does not answer."""
    from petition.celery import app

    app.conf.task_always_eager = False
    broker = f"redis://127.0.0.1:{free_port()}/0"

    def send(self: AccountAdapter, prefix: str, email: str, context: dict[str, object]) -> None:
        with app.connection_for_write(broker) as connection:
            app.send_task("letters.account_mail", [""], connection=connection)

    monkeypatch.setattr(AccountAdapter, "send_mail", send)


@pytest.fixture
def sink(settings: Settings) -> Iterator[SmtpSink]:
    with SmtpSink() as sink:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
        yield sink


def test_nobody_signs_in_without_valkey_and_the_page_says_so(person: Person, orla: User, valkey_away: None) -> None:
    for page in (person.sign_in(orla.email), person.send("/accounts/login/code/", email=orla.email)):
        assert page.status_code == 503
        assert "Try again in a minute" in words(page)
    assert not person.is_signed_in()


def test_without_valkey_no_account_is_half_made(person: Person, valkey_away: None) -> None:
    assert person.sign_up(NEW).status_code == 503
    assert not User.objects.exists()


def test_signed_in_people_stay_signed_in_without_valkey(signed_in: Person, valkey_away: None) -> None:
    assert signed_in.is_signed_in()


def test_without_a_broker_no_account_is_half_made_and_the_next_try_works(
    person: Person, broker_away: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = person.sign_up(NEW)
    assert page.status_code == 503
    assert "nothing was saved" in words(page)
    assert not User.objects.exists()
    assert not EmailAddress.objects.exists()
    monkeypatch.undo()
    assert person.get("/accounts/confirm-email/").status_code == 302


def test_nobody_waits_for_an_unavailable_mail_server(person: Person) -> None:
    """The worker sends the email, and tries again."""
    from petition.celery import app

    app.conf.task_always_eager = False
    assert "Check your email" in words(person.sign_up(NEW))
    assert mail.outbox == []


def test_the_worker_tries_again_until_the_mail_server_is_back(sink: SmtpSink) -> None:
    sink.stop()
    with pytest.raises(TryLater):
        send_packed(pack(MESSAGE))
    sink.start()
    send_packed(pack(MESSAGE))
    assert [mail.text.strip() for mail in sink.received] == ["123 456"]
    assert sink.recipients() == [NEW]


def test_an_email_that_is_refused_permanently_is_not_tried_again(
    sink: SmtpSink, caplog: pytest.LogCaptureFixture
) -> None:
    sink.answer("RCPT", "550 no such mailbox")
    with caplog.at_level(logging.WARNING):
        send_packed(pack(MESSAGE))
    assert "550" in caplog.text
    assert NEW not in caplog.text


def test_only_we_can_read_what_goes_through_the_broker() -> None:
    packed = pack(MESSAGE)
    assert "123" not in packed or "456" not in packed
    assert NEW not in packed
    assert unpack(packed).body == MESSAGE.body
    with pytest.raises(InvalidToken):
        unpack(packed[:-2] + "xx")
