"""Attempts, pauses and the end: nothing is lost, nobody is bothered for ever, and owners are told."""

from datetime import timedelta

import pytest
from django.core import mail
from django.core.management import call_command
from pytest_django import Settings

from letters.models import AuditEvent, Letter, Membership, Notification, User, Webhook, WebhookDelivery
from letters.organizer.webhooks import operations, tasks
from letters.organizer.webhooks.operations import (
    GIVE_UP_AFTER,
    LEASE,
    PAUSES,
    RETENTION,
    add_webhook,
    claim_webhook,
    delete_webhook,
    extend_claim,
    send_again,
    send_test,
    switch_webhook,
)
from letters.organizer.webhooks.tasks import tidy_webhooks
from letters.shared.addresses import decrypt
from letters.shared.refused import Refused
from tests.notifications.conftest import tell
from tests.people import NOW, add_published, deliver
from tests.webhooks.conftest import Hook, Program, work


def test_a_message_that_fails_is_sent_again_after_growing_pauses_and_then_given_up(
    letter: Letter, hook: Hook, program: Program
) -> None:
    add_published(letter, 1)
    program.status, now = 500, NOW
    for times, pause in enumerate(PAUSES, 1):
        work(now)
        assert (hook.last.attempts, hook.last.status, hook.last.next_attempt_at) == (times, 500, now + pause)
        work(now + pause - timedelta(seconds=1))
        assert len(program.messages) == times
        now += max(pause, operations.REST)
    work(now)
    assert hook.last.failed_at == now
    work(now + timedelta(days=1))
    assert len(program.messages) == len(PAUSES) + 1
    assert len({message.headers["webhook-id"] for message in program.messages}) == 1
    assert hook.again().off == ""


def test_a_day_of_errors_loses_nothing(letter: Letter, hook: Hook, program: Program) -> None:
    program.status = 500
    add_published(letter, 3)
    work()
    program.status = 200
    now = NOW
    for _ in range(48):
        now += timedelta(minutes=30)
        work(now)
    assert WebhookDelivery.objects.owed().count() == 0
    numbers = [message.said["data"]["number"] for message in program.messages]
    assert sorted(set(numbers)) == [1, 2, 3]
    assert hook.again().failing_since is None


def test_after_a_failure_the_other_program_has_a_rest(letter: Letter, hook: Hook, program: Program) -> None:
    program.status = 503
    add_published(letter, 3)
    work()
    work(NOW + PAUSES[0] - timedelta(seconds=1))
    assert len(program.messages) == 1
    again = NOW + PAUSES[0]
    work(again)
    work(again + operations.REST - timedelta(seconds=1))
    assert len(program.messages) == 2
    work(again + operations.REST)
    assert len(program.messages) == 3


def test_messages_leave_in_the_order_of_the_numbers(letter: Letter, hook: Hook, program: Program) -> None:
    add_published(letter, 5)
    work()
    assert [message.said["data"]["number"] for message in program.messages] == [1, 2, 3, 4, 5]


def test_a_webhook_that_fails_for_days_is_switched_off_and_owners_get_an_email(
    letter: Letter, hook: Hook, program: Program, teammate: User
) -> None:
    program.status = 500
    add_published(letter, 1)
    work()
    now = NOW + GIVE_UP_AFTER - timedelta(seconds=1)
    WebhookDelivery.objects.update(attempts=0, next_attempt_at=now)
    work(now)
    assert hook.again().off == ""
    now += timedelta(days=1)
    WebhookDelivery.objects.update(next_attempt_at=now)
    add_published(letter, 1)
    work(now)
    assert hook.again().off == Webhook.Off.FAILING
    assert WebhookDelivery.objects.owed().count() == 0
    assert AuditEvent.objects.get(verb="fail_webhook").details == {"host": "127.0.0.1"}
    tell(now)
    deliver()
    (email,) = mail.outbox
    assert (email.to, email.subject) == (["olga@example.org"], "A webhook was switched off")
    assert "/organize/collectives/night-train/webhooks/" in str(email.body)
    assert program.url not in str(email.body)


def test_a_success_in_between_starts_the_days_again(letter: Letter, hook: Hook, program: Program) -> None:
    program.status = 500
    add_published(letter, 1)
    work()
    program.status = 200
    work(NOW + timedelta(days=1))
    program.status = 500
    add_published(letter, 1)
    work(NOW + GIVE_UP_AFTER)
    assert hook.again().off == ""


def test_a_program_that_says_it_is_gone_is_believed(letter: Letter, hook: Hook, program: Program) -> None:
    program.status = 410
    add_published(letter, 1)
    work()
    assert hook.again().off == Webhook.Off.GONE
    assert Notification.objects.filter(kind="webhook_off").count() == 1


def test_no_email_about_a_webhook_that_is_on_again(
    letter: Letter, hook: Hook, program: Program, organizer: User
) -> None:
    program.status = 410
    add_published(letter, 1)
    work()
    switch_webhook(hook.webhook, on=True, by=organizer, now=NOW)
    tell(NOW)
    deliver()
    assert mail.outbox == []


def test_a_suspended_collective_sends_nothing(letter: Letter, hook: Hook, program: Program) -> None:
    add_published(letter, 1)
    letter.collective.suspended_at = NOW
    letter.collective.save()
    work()
    assert program.messages == []


# Workers


def test_one_worker_at_a_time_sends_to_a_webhook_and_another_follows_a_killed_one(letter: Letter, hook: Hook) -> None:
    add_published(letter, 1)
    first = claim_webhook(now=NOW)
    assert first
    assert claim_webhook(now=NOW + timedelta(seconds=1)) is None
    second = claim_webhook(now=NOW + LEASE)
    assert second
    assert not extend_claim(first, now=NOW + LEASE)
    assert extend_claim(second, now=NOW + LEASE)


def test_a_switched_off_webhook_is_left_at_once(letter: Letter, hook: Hook, organizer: User) -> None:
    add_published(letter, 1)
    taken = claim_webhook(now=NOW)
    assert taken
    switch_webhook(hook.webhook, on=False, by=organizer, now=NOW)
    assert not extend_claim(taken, now=NOW)


def test_one_webhook_with_much_to_send_leaves_others_their_turn(
    letter: Letter, hook: Hook, organizer: User, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "MAX_IN_TURN", 2)
    second, _ = add_webhook(letter.collective, url=f"{program.url}&second", by=organizer, now=NOW)
    add_published(letter, 4)
    monkeypatch.setattr(tasks, "MAX_TURNS", 1)
    work(NOW + timedelta(seconds=1))
    work(NOW + timedelta(seconds=2))
    assert hook.webhook.deliveries.filter(delivered_at__isnull=False).count() == 2
    assert second.deliveries.filter(delivered_at__isnull=False).count() == 2


def test_the_worker_knows_the_tasks(letter: Letter, hook: Hook, program: Program) -> None:
    from letters.tasks import send_webhooks, tidy_messages_of_webhooks

    add_published(letter, 1)
    send_webhooks()
    assert program.types == ["signature.published"]
    tidy_messages_of_webhooks()
    assert WebhookDelivery.objects.count() == 0


def test_old_messages_are_deleted(letter: Letter, hook: Hook) -> None:
    add_published(letter, 1)
    tidy_webhooks(now=NOW + RETENTION)
    assert WebhookDelivery.objects.count() == 1
    tidy_webhooks(now=NOW + RETENTION + timedelta(seconds=1))
    assert WebhookDelivery.objects.count() == 0


def test_secrets_get_the_newest_key_and_a_lost_key_is_an_error_of_ours(
    letter: Letter, hook: Hook, settings: Settings, program: Program
) -> None:
    from cryptography.fernet import Fernet

    old, new = settings.ADDRESS_KEYS[0], Fernet.generate_key().decode()
    settings.ADDRESS_KEYS = [new, old]
    operations.reencrypt_webhooks()
    settings.ADDRESS_KEYS = [new]
    assert decrypt(hook.again().secret) == hook.secret
    settings.ADDRESS_KEYS = [old]
    add_published(letter, 1)
    work()
    assert (hook.last.error, program.messages) == ("no_key", [])
    assert operations.reencrypt_webhooks() == (0, [hook.webhook.pk])


def test_the_command_encrypts_secrets_again(hook: Hook, settings: Settings) -> None:
    from cryptography.fernet import Fernet

    settings.ADDRESS_KEYS = [Fernet.generate_key().decode(), *settings.ADDRESS_KEYS]
    before = bytes(hook.again().secret)
    call_command("accept_keys")
    call_command("reencrypt_addresses")
    assert bytes(hook.again().secret) != before


# What owners may do


@pytest.mark.parametrize("role", [Membership.Role.EDITOR, Membership.Role.MODERATOR])
def test_only_owners_decide(letter: Letter, hook: Hook, teammate: User, role: str) -> None:
    Membership.objects.filter(user=teammate).update(role=role)
    add_published(letter, 1)
    for act in (
        lambda: add_webhook(letter.collective, url="https://example.org/", by=teammate, now=NOW),
        lambda: switch_webhook(hook.webhook, on=False, by=teammate, now=NOW),
        lambda: send_test(hook.webhook, by=teammate, now=NOW),
        lambda: send_again(hook.last, by=teammate, now=NOW),
        lambda: operations.delete_webhook(hook.webhook, by=teammate, now=NOW),
    ):
        with pytest.raises(Refused, match="not_yours"):
            act()


def test_a_collective_has_five_webhooks_at_most(letter: Letter, organizer: User) -> None:
    for _ in range(5):
        add_webhook(letter.collective, url="https://example.org/", by=organizer, now=NOW)
    with pytest.raises(Refused, match="too_many_webhooks"):
        add_webhook(letter.collective, url="https://example.org/", by=organizer, now=NOW)


def test_nobody_bothers_a_server_with_tests(hook: Hook, organizer: User) -> None:
    for _ in range(20):
        send_test(hook.webhook, by=organizer, now=NOW)
    with pytest.raises(Refused, match="too_many_tests"):
        send_test(hook.webhook, by=organizer, now=NOW)
    send_test(hook.webhook, by=organizer, now=NOW + timedelta(hours=1))


def test_neither_a_new_webhook_nor_an_old_test_gives_more_tests(hook: Hook, organizer: User) -> None:
    for _ in range(19):
        send_test(hook.webhook, by=organizer, now=NOW)
    send_again(hook.last, by=organizer, now=NOW)
    with pytest.raises(Refused, match="too_many_tests"):
        send_again(hook.last, by=organizer, now=NOW)
    collective = hook.webhook.collective
    delete_webhook(hook.webhook, by=organizer, now=NOW)
    webhook, _ = add_webhook(collective, url="https://example.org/", by=organizer, now=NOW)
    with pytest.raises(Refused, match="too_many_tests"):
        send_test(webhook, by=organizer, now=NOW)


def test_a_message_can_be_sent_again_under_its_id(
    letter: Letter, hook: Hook, program: Program, organizer: User
) -> None:
    add_published(letter, 1)
    work()
    send_again(hook.last, by=organizer, now=NOW)
    work()
    assert len({message.headers["webhook-id"] for message in program.messages}) == 1
    assert len(program.messages) == 2
    switch_webhook(hook.webhook, on=False, by=organizer, now=NOW)
    with pytest.raises(Refused, match="webhook_off"):
        send_again(hook.last, by=organizer, now=NOW)
    with pytest.raises(Refused, match="webhook_off"):
        send_test(hook.webhook, by=organizer, now=NOW)
