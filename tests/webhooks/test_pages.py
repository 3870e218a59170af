"""The owners' pages: add a webhook, see its secret once, try it, read its log, switch it off."""

import re

import pytest
from django.test import Client
from pytest_django import Settings

from letters.models import AuditEvent, Letter, User, Webhook
from letters.organizer.collectives.operations import create_collective
from letters.organizer.webhooks.operations import add_webhook
from tests.people import NOW, add_published, words
from tests.webhooks.conftest import Hook, Program, work

PAGE = "/organize/collectives/night-train/webhooks/"


def test_an_owner_adds_a_webhook_and_sees_its_secret_once(letter: Letter, desk: Client) -> None:
    answer = desk.post(PAGE, {"url": "https://hooks.example.org/letters?key=1"})
    (secret,) = re.findall(r"whsec_[\w+/=]+", answer.content.decode())
    assert "we show it only once" in words(answer)
    webhook = Webhook.objects.get()
    assert webhook.url == "https://hooks.example.org/letters?key=1"
    for page in (PAGE, f"{PAGE}{webhook.pk}/"):
        assert secret not in desk.get(page).content.decode()
    assert answer["Cache-Control"].startswith("max-age=0")
    # Privacy: the rest of the address may contain a password of the other program.
    assert AuditEvent.objects.get(verb="add_webhook").details == {"host": "hooks.example.org"}


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "Enter the address of the other program"),
        ("http://example.org/", "begins with https://"),
        ("https://", "begins with https://"),
        ("https://exa mple.org/", "begins with https://"),
        ("https://example.org/\u202e", "begins with https://"),
        ("https://exämple.org/", "begins with https://"),
        ("https://[::1", "begins with https://"),
        ("https://example.org:99999/", "begins with https://"),
        ("https://example.org/\x00", "begins with https://"),
        ("https://me:secret@example.org/", "Leave out the user name, the password"),
        ("https://example.org/#part", "Leave out the user name, the password"),
        ("https://example.org:22/", "Leave out the port"),
        (f"https://example.org/{'a' * 500}", "500 characters at most"),
        ("javascript:alert(1)", "begins with https://"),
        ("file:///etc/passwd", "begins with https://"),
    ],
)
def test_another_address_gets_a_sentence(letter: Letter, desk: Client, url: str, sentence: str) -> None:
    answer = desk.post(PAGE, {"url": url})
    assert answer.status_code == 422
    assert sentence in words(answer) or "Null characters" in words(answer)
    assert not Webhook.objects.exists()


def test_an_address_can_have_an_allowed_port(letter: Letter, desk: Client, settings: Settings) -> None:
    settings.WEBHOOK_PORTS = [443, 8443]
    desk.post(PAGE, {"url": "https://hooks.example.org:8443/"})
    assert Webhook.objects.count() == 1


def test_the_sixth_gets_a_sentence(letter: Letter, desk: Client, organizer: User) -> None:
    for _ in range(5):
        add_webhook(letter.collective, url="https://example.org/", by=organizer, now=NOW)
    answer = desk.post(PAGE, {"url": "https://example.org/"})
    assert answer.status_code == 422
    assert "five webhooks, which is the limit" in words(answer)


def test_an_owner_tries_it_and_reads_what_became_of_it(hook: Hook, desk: Client, program: Program) -> None:
    page = f"{PAGE}{hook.webhook.pk}/"
    assert "There are no messages yet." in words(desk.get(page))
    assert "The test is on its way." in words(desk.post(page, {"action": "test"}, follow=True))
    assert "Waiting." in words(desk.get(page))
    program.status = 404
    work(hook.last.created_at)
    assert "The answer was an error (404). Tried once. We will try again." in words(desk.get(page))
    assert "the last message did not arrive" in words(desk.get(page))
    assert program.messages[0].said == {"type": "webhook.test", "data": {}}


@pytest.mark.parametrize(
    ("status", "error", "sentence"),
    [
        (302, "", "The answer was a redirect (302), which we do not follow."),
        (None, "not_public", "The server is not on the public internet"),
        (None, "certificate", "The certificate of the server is not valid"),
        (None, "timeout", "did not answer in time"),
        (None, "unresolved", "There is no server with this name."),
        (None, "unreachable", "We could not connect"),
        (None, "no_key", "We could not send it."),
    ],
)
def test_the_log_says_what_went_wrong(hook: Hook, desk: Client, status: int | None, error: str, sentence: str) -> None:
    add_published(Letter.objects.get(), 1)
    hook.webhook.deliveries.update(attempts=8, failed_at=NOW, status=status, error=error)
    said = words(desk.get(f"{PAGE}{hook.webhook.pk}/"))
    assert sentence in said
    assert "Tried 8 times. We will not try again." in said


def test_the_log_shows_days_and_no_times(letter: Letter, hook: Hook, desk: Client) -> None:
    """Privacy: with a time, a person with a mail log could find out who signed."""
    add_published(letter, 10)
    work()
    page = desk.get(f"{PAGE}{hook.webhook.pk}/").content.decode()
    log = page.partition('id="log"')[2]
    assert "March 3, 2025" in log
    assert not re.search(r"\d:\d\d", log)


def test_the_log_names_no_signer(letter: Letter, hook: Hook, desk: Client) -> None:
    add_published(letter, 1)
    work()
    said = words(desk.get(f"{PAGE}{hook.webhook.pk}/"))
    assert "Signature 1 is public" in said
    assert "Signer 1" not in said


def test_a_message_is_sent_again_from_the_log(letter: Letter, hook: Hook, desk: Client, program: Program) -> None:
    add_published(letter, 1)
    work()
    page = f"{PAGE}{hook.webhook.pk}/"
    assert "Send again" in words(desk.get(page))
    answer = desk.post(f"{page}messages/{hook.last.pk}/", follow=True)
    assert "The message is on its way again." in words(answer)
    work(hook.last.next_attempt_at)
    assert len(program.messages) == 2


def test_it_is_switched_off_and_on_and_deleted(hook: Hook, desk: Client) -> None:
    page = f"{PAGE}{hook.webhook.pk}/"
    assert "Switched off by an owner." in words(desk.post(page, {"action": "off"}, follow=True))
    assert "Send a test" not in words(desk.get(page))
    answer = desk.post(page, {"action": "test"})
    assert (answer.status_code, "Switch it on first." in words(answer)) == (409, True)
    assert "On." in words(desk.post(page, {"action": "on"}, follow=True))
    assert "The webhook is deleted." in words(desk.post(page, {"action": "delete"}, follow=True))
    assert not Webhook.objects.exists()
    verbs = AuditEvent.objects.filter(object_kind="webhook").order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["add_webhook", "switch_webhook_off", "switch_webhook_on", "delete_webhook"]


def test_a_webhook_that_the_site_switched_off_says_why(hook: Hook, desk: Client) -> None:
    for off, sentence in [("failing", "nothing arrived for five days"), ("gone", "answered that it is gone")]:
        Webhook.objects.update(off=off)
        assert sentence in words(desk.get(PAGE))


def test_a_webhook_of_another_collective_is_not_found(
    letter: Letter, hook: Hook, desk: Client, stranger: User, organizer: User
) -> None:
    other = create_collective(name="Others", by=stranger, now=NOW)
    theirs, _ = add_webhook(other, url="https://example.org/", by=stranger, now=NOW)
    add_published(letter, 1)
    for url in (f"{PAGE}{theirs.pk}/", f"{PAGE}{theirs.pk}/messages/{hook.last.pk}/"):
        assert desk.post(url, {"action": "test"}).status_code == 404
    assert desk.post(f"{PAGE}{hook.webhook.pk}/messages/999999/").status_code == 404
    assert desk.post(f"{PAGE}{hook.webhook.pk}/", {"action": "paint"}).status_code == 404


def test_the_activity_of_the_collective_says_what_owners_did(hook: Hook, desk: Client) -> None:
    desk.post(f"{PAGE}{hook.webhook.pk}/", {"action": "test"})
    said = words(desk.get("/organize/collectives/night-train/record/"))
    assert "sent a test to the webhook at 127.0.0.1" in said
    assert "added a webhook at 127.0.0.1" in said
