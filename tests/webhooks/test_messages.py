"""What other programs are told: only what everyone can read, only while they can read it, and signed."""

import json
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import transaction

from letters.base.webhooks import operations as base
from letters.models import Letter, Signature, User, WebhookDelivery
from letters.moderator.moderation.operations import accept_signatures, hide_comments, show_comments
from letters.organizer.collectives.operations import create_collective
from letters.organizer.webhooks import sending
from letters.organizer.webhooks.operations import add_webhook, switch_webhook
from letters.public.public_pages.operations import sequence_letter
from letters.signer.signing.operations import change_signature, withdraw_signature
from letters.signer.signing.operations.submitted_form import Changes
from tests.people import NOW, Reader, add_confirmed, add_published, ids_of, publish, sign_and_confirm
from tests.webhooks.conftest import Hook, Program, work


def kinds() -> list[tuple[str, int | None]]:
    return list(WebhookDelivery.objects.order_by("pk").values_list("kind", "number"))


def test_a_public_signature_is_told_with_what_the_list_shows(letter: Letter, hook: Hook, program: Program) -> None:
    add_confirmed(letter, 1, affiliation="City Hospital", role="Nurse", comment="Mine alone.", country="IT")
    publish(NOW)
    work()
    (message,) = program.messages
    assert message.said == {
        "type": "signature.published",
        "data": {
            "letter": "night-trains",
            "letter_url": f"{settings.SITE_URL}/letters/night-trains/",
            "number": 1,
            "name": "Signer 1",
            "affiliation": "City Hospital",
            "role": "Nurse",
            "confirmed_domain": "",
            "comment": "",
            "published_on": "2025-03-03",
        },
    }


def test_a_message_tells_no_more_than_the_public_list_as_data(
    letter: Letter, hook: Hook, program: Program, reader: Reader
) -> None:
    Letter.objects.update(comments_public=True)
    add_confirmed(letter, 1, affiliation="Society", role="Count", comment="Because.", comment_for="everyone")
    publish(NOW)
    work()
    (row,) = json.loads(reader.get(letter.url_of("signatures_json")).getvalue())["signatures"]
    told = program.messages[0].said["data"]
    assert {name: text for name, text in told.items() if not name.startswith("letter")}.items() <= row.items()


@pytest.mark.parametrize("display", ["organizers", "nobody"])
def test_nothing_tells_of_a_withheld_name(letter: Letter, hook: Hook, display: str) -> None:
    """With a mail log, the moment of a message would say who that was."""
    add_published(letter, 1, display=display)
    assert kinds() == []
    withdraw_signature(Signature.objects.get(), now=NOW)
    publish(NOW)
    assert kinds() == []


def test_the_row_holds_no_name(letter: Letter, hook: Hook) -> None:
    add_published(letter, 1)
    (row,) = WebhookDelivery.objects.values()
    assert "Signer" not in str(row)


def test_nobody_hears_a_name_after_its_signer_has_hidden_it(letter: Letter, hook: Hook, program: Program) -> None:
    signature = sign_and_confirm(letter, name="Ada Noor")
    publish(NOW)
    change_signature(signature, changes=Changes(name="Ada Noor", display="organizers"), now=NOW)
    work()
    assert program.types == ["signature.withdrawn"]
    assert "Ada" not in program.messages[0].body.decode()
    published = WebhookDelivery.objects.get(kind="published")
    assert (published.dropped_at, published.attempts) == (NOW, 0)


def test_receivers_are_told_that_a_name_was_hidden_changed_or_withdrawn(
    letter: Letter, hook: Hook, program: Program
) -> None:
    signature = sign_and_confirm(letter, name="Ada Noor")
    publish(NOW)
    work()
    change_signature(signature, changes=Changes(name="Ada Lund", display="public"), now=NOW)
    work()
    change_signature(signature, changes=Changes(name="Ada Lund", display="organizers"), now=NOW)
    work()
    change_signature(signature, changes=Changes(name="Ada Lund", display="public"), now=NOW)
    work()
    signature.refresh_from_db()
    withdraw_signature(signature, now=NOW)
    publish(NOW)
    work()
    shown = [(message.said["type"], message.said["data"].get("name")) for message in program.messages]
    assert shown == [
        ("signature.published", "Ada Noor"),
        ("signature.published", "Ada Lund"),
        ("signature.withdrawn", None),
        ("signature.published", "Ada Lund"),
        ("signature.withdrawn", None),
    ]
    assert program.messages[-1].said["data"].keys() == {"letter", "letter_url", "number"}


def test_receivers_are_told_of_words_that_a_moderator_accepts_and_of_a_hidden_comment(
    letter: Letter, hook: Hook, program: Program, moderator: User
) -> None:
    Letter.objects.update(comments_public=True)
    add_confirmed(letter, 1, comment="Because.", comment_for="everyone")
    publish(NOW)
    work()
    ids = ids_of(letter)
    Signature.objects.update(concern="changed", pending_changes={"name": "Ada Lund"})
    accept_signatures(letter, ids, by=moderator, now=NOW)
    work()
    hide_comments(letter, ids, reason="An insult", by=moderator, now=NOW)
    work()
    show_comments(letter, ids, by=moderator, now=NOW)
    work()
    shown = [(message.said["data"]["name"], message.said["data"]["comment"]) for message in program.messages]
    assert shown == [("Signer 1", "Because."), ("Ada Lund", "Because."), ("Ada Lund", ""), ("Ada Lund", "Because.")]


def test_a_moderator_who_looks_at_a_public_signature_and_changes_nothing_is_not_told(
    letter: Letter, hook: Hook, moderator: User
) -> None:
    add_published(letter, 1)
    Signature.objects.update(concern="reported")
    accept_signatures(letter, ids_of(letter), by=moderator, now=NOW)
    assert kinds() == [("published", 1)]


def test_nothing_says_who_took_a_signature_off_the_list(letter: Letter, hook: Hook, program: Program) -> None:
    add_published(letter, 2)
    work()
    Signature.objects.filter(number=1).update(state="rejected")
    withdraw_signature(Signature.objects.get(number=2), now=NOW)
    publish(NOW)
    work()
    removed, withdrawn = [message.said for message in program.messages[-2:]]
    assert {**removed["data"], "number": 0} == {**withdrawn["data"], "number": 0}
    assert removed["type"] == withdrawn["type"]


def test_a_restored_signature_is_told_again(letter: Letter, hook: Hook) -> None:
    add_published(letter, 1)
    Signature.objects.update(state="rejected")
    publish(NOW)
    Signature.objects.update(state="published")
    publish(NOW)
    assert kinds() == [("published", 1), ("withdrawn", 1), ("published", 1)]


def test_a_count_is_told_once_in_steps_and_at_the_goal(letter: Letter, hook: Hook, program: Program) -> None:
    Letter.objects.update(goal=12)
    add_published(letter, 9, display="nobody")
    assert kinds() == []
    add_published(letter, 4, display="nobody")
    assert kinds() == [("count", 10), ("count", 12)]
    for signature in Signature.objects.filter(number__gt=8):
        withdraw_signature(signature, now=NOW)
    publish(NOW)
    add_published(letter, 5, display="nobody")
    assert kinds() == [("count", 10), ("count", 12)]
    work()
    assert program.messages[0].said["data"].keys() == {"letter", "letter_url", "count"}


def test_samples_are_not_told(letter: Letter, hook: Hook) -> None:
    Letter.objects.update(is_sample=True)
    add_published(letter, 10)
    assert kinds() == []


@pytest.mark.parametrize("change", ["moved", "taken down"])
def test_a_letter_that_moved_or_was_taken_down_tells_nothing(
    letter: Letter, hook: Hook, program: Program, stranger: User, change: str
) -> None:
    add_published(letter, 1)
    if change == "moved":
        Letter.objects.update(collective=create_collective(name="Others", by=stranger, now=NOW))
    else:
        Letter.objects.update(status="taken_down")
    work()
    assert (program.messages, hook.last.dropped_at) == ([], NOW)


def test_what_did_not_happen_is_not_told(letter: Letter, hook: Hook) -> None:
    """The row belongs to the transaction of its cause."""
    add_confirmed(letter, 1)
    with transaction.atomic():
        sequence_letter(letter.pk, now=NOW)
        assert kinds() == [("published", 1)]
        transaction.set_rollback(True)
    assert kinds() == []


def test_a_webhook_hears_nothing_of_other_collectives_and_nothing_while_it_is_off(
    letter: Letter, hook: Hook, organizer: User, stranger: User
) -> None:
    switch_webhook(hook.webhook, on=False, by=organizer, now=NOW)
    add_published(letter, 1)
    assert kinds() == []


def test_a_program_that_does_not_answer_for_hours_fills_no_disk(
    letter: Letter, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "MAX_OWED", 3)
    add_published(letter, 4)
    add_published(letter, 4)
    assert kinds() == [("published", 1), ("published", 2), ("published", 3), ("published", 4)]


def test_each_webhook_of_the_collective_gets_its_own_message(
    letter: Letter, hook: Hook, organizer: User, program: Program
) -> None:
    second, _ = add_webhook(letter.collective, url=program.url, by=organizer, now=NOW)
    add_published(letter, 1)
    work()
    ids = [message.headers["webhook-id"] for message in program.messages]
    assert len(set(ids)) == 2
    assert second.deliveries.get().delivered_at == NOW


# The signature


def test_a_message_is_signed_as_the_specification_says(letter: Letter, hook: Hook, program: Program) -> None:
    add_published(letter, 1)
    work(NOW + timedelta(seconds=5))
    (message,) = program.messages
    assert message.headers["content-type"] == "application/json"
    assert message.headers["webhook-id"] == hook.last.message_id
    assert message.headers["webhook-timestamp"] == str(int(NOW.timestamp()) + 5)
    assert message.headers["webhook-signature"] == sending.signature_of(
        hook.secret, message_id=hook.last.message_id, timestamp=int(NOW.timestamp()) + 5, body=message.body
    )
    assert message.headers["host"] == f"127.0.0.1:{program.port}"


def test_the_signature_is_that_of_the_reference() -> None:
    """The example of the Standard Webhooks libraries."""
    signature = sending.signature_of(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        body=b'{"test": 2432232314}',
    )
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_secret_is_encrypted_in_the_database(hook: Hook) -> None:
    assert hook.secret.startswith("whsec_")
    assert hook.secret.encode() not in bytes(hook.again().secret)
