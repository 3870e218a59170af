"""An update goes once to everyone who agreed; it can be paused, stopped, and interrupted anywhere."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from letters.base.outbox.operations import AT_ONCE, CLAIM, LATER, OF_UPDATE, claim_emails
from letters.base.outbox.tasks import deliver_owed
from letters.models import Letter, OutgoingEmail, Signature, SignerContact, Switch, Update, User
from letters.organizer.updates.operations import (
    drop_owed,
    pause_update,
    resume_update,
    spread_update,
    spreading,
    stop_update,
    tally_update,
    unsubscribe,
)
from letters.organizer.updates.tasks import carry_on
from letters.signer.signing.operations import change_signature, withdraw_signature
from letters.tasks import EMAIL_BUILDERS
from tests.conftest import LetterMaker
from tests.people import (
    NOW,
    ask_again,
    deliver,
    in_threads,
    publish,
    sign,
    sign_and_confirm,
    signature_of,
    submitted_form,
    turn,
)
from tests.updates.conftest import WORDS, UpdateMaker, agree

pytestmark = pytest.mark.django_db


def recipients() -> list[str]:
    """Return the updates that have been sent, by recipient."""
    return sorted(address for message in mail.outbox if "List-Id" in message.extra_headers for address in message.to)


def spread(update: Update) -> None:
    while spread_update(update.pk, now=NOW):
        pass


def owed() -> int:
    return OutgoingEmail.objects.owed().filter(kind="update").count()


def add_agreed(letter: Letter, number: int) -> None:
    for place in range(number):
        sign_and_confirm(letter, f"agreed{place}@example.org", consent=WORDS)
    publish(NOW)
    letter.refresh_from_db()


# Recipients


def test_only_people_who_agreed_get_an_update(letter: Letter, sending: UpdateMaker) -> None:
    agree(letter, "ada@example.org")
    sign_and_confirm(letter, "berta@example.org")
    agree(letter, "nobody@example.org", display="nobody", name="")
    publish(NOW)
    sign(letter, "carlo@example.org", consent=WORDS)
    update = sending()
    spread(update)
    deliver()
    assert recipients() == ["ada@example.org"]
    update.refresh_from_db()
    assert (update.recipients_total, update.spread_at) == (1, NOW)


def test_an_update_leaves_in_an_order_that_says_nothing_about_numbers(letter: Letter, sending: UpdateMaker) -> None:
    """A mail log would otherwise order the mailboxes as the public list orders its entries."""
    emails = [f"signer{place}@example.org" for place in range(14)]
    for email in emails:
        agree(letter, email, display="organizers")
    deliver()
    mail.outbox.clear()
    spread(sending())
    deliver()
    sent = [to for message in mail.outbox for to in message.to]
    assert sorted(sent) == sorted(emails)
    numbers = [signature_of(letter, email).number or 0 for email in sent]
    assert numbers != sorted(numbers)


def test_people_who_sign_later_read_an_update_on_the_page(letter: Letter, sending: UpdateMaker) -> None:
    agree(letter, "ada@example.org")
    update = sending()
    agree(letter, "berta@example.org")
    spread(update)
    deliver()
    assert recipients() == ["ada@example.org"]


def test_nobody_gets_an_update_about_another_letter(
    letter: Letter, published: LetterMaker, sending: UpdateMaker
) -> None:
    other = published(slug="another")
    agree(other, "eve@example.org")
    agree(letter, "ada@example.org")
    spread(sending())
    deliver()
    assert recipients() == ["ada@example.org"]


@pytest.mark.parametrize("concern", ["bounced", "complained"])
def test_addresses_with_a_bounce_or_a_complaint_get_no_update(
    letter: Letter, sending: UpdateMaker, concern: str
) -> None:
    agree(letter, "ada@example.org")
    Signature.objects.update(concern=concern)
    spread(sending())
    assert owed() == 0


def test_consent_is_checked_again_when_the_email_leaves(letter: Letter, sending: UpdateMaker) -> None:
    people = {name: agree(letter, f"{name}@example.org") for name in ("ada", "berta", "carlo", "dora", "emil", "flora")}
    spread(sending())
    assert owed() == 6
    withdraw_signature(people["berta"], now=NOW)
    unsubscribe(people["carlo"], now=NOW)
    Signature.objects.filter(pk=people["dora"].pk).update(state="rejected")
    Signature.objects.filter(pk=people["emil"].pk).update(concern="complained")
    SignerContact.objects.filter(pk=people["flora"].pk).delete()
    deliver()
    assert recipients() == ["ada@example.org"]
    assert owed() == 0


def test_a_letter_withdrawn_while_sending_sends_no_more(letter: Letter, sending: UpdateMaker) -> None:
    agree(letter, "ada@example.org")
    spread(sending())
    Letter.objects.update(status="withdrawn")
    deliver()
    assert recipients() == []


def test_three_emails_today_do_not_block_an_update(letter: Letter, sending: UpdateMaker) -> None:
    signature = agree(letter, "ada@example.org")
    for place in range(3):
        OutgoingEmail.objects.create(
            kind="signed_again",
            signature=signature,
            key=f"again:{place}",
            created_at=timezone.now(),
            next_attempt_at=timezone.now(),
            sent_at=timezone.now(),
        )
    spread(sending())
    deliver()
    assert recipients() == ["ada@example.org"]


def test_an_update_today_does_not_block_a_requested_email(letter: Letter, sending: UpdateMaker) -> None:
    signature = agree(letter, "ada@example.org")
    spread(sending())
    deliver()
    update = OutgoingEmail.objects.get(kind="update")
    for place in range(3):
        OutgoingEmail.objects.create(
            kind="update",
            signature=signature,
            update=update.update,
            key=f"more:{place}",
            created_at=NOW,
            next_attempt_at=NOW,
            sent_at=timezone.now(),
        )
    OutgoingEmail.objects.filter(kind__in=["confirm", "thanks"]).delete()
    mail.outbox.clear()
    ask_again(signature, now=timezone.now())
    deliver()
    assert len(mail.outbox) == 1


# Once


def test_everyone_gets_an_update_once_even_if_its_spreading_is_repeated(
    letter: Letter, sending: UpdateMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_agreed(letter, 7)
    monkeypatch.setattr(spreading, "SPREAD_BATCH_SIZE", 2)
    update = sending()
    assert [spread_update(update.pk, now=NOW) for _ in range(5)] == [True, True, True, False, False]
    assert owed() == 7
    # Pretend that the progress mark was lost.
    Update.objects.update(cursor=0, spread_at=None)
    spread(update)
    assert owed() == 7
    deliver()
    assert recipients() == [f"agreed{place}@example.org" for place in range(7)]


def test_a_worker_killed_in_the_middle_of_a_batch_leaves_nothing_of_it(
    letter: Letter, sending: UpdateMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_agreed(letter, 4)
    monkeypatch.setattr(spreading, "SPREAD_BATCH_SIZE", 2)
    update = sending()
    spread_update(update.pk, now=NOW)
    with monkeypatch.context() as patch:
        patch.setattr(transaction, "on_commit", dies)
        with pytest.raises(KeyboardInterrupt):
            spread_update(update.pk, now=NOW)
    update.refresh_from_db()
    assert (owed(), update.cursor, update.recipients_total) == (2, 2, 2)
    spread(update)
    assert owed() == 4


def dies(_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_spread_at_once_create_each_email_once(
    letter: Letter, sending: UpdateMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_agreed(letter, 12)
    monkeypatch.setattr(spreading, "SPREAD_BATCH_SIZE", 2)
    update = sending()
    in_threads(lambda _: carry_on(now=NOW), range(4), threads=4)
    carry_on(now=NOW)
    update.refresh_from_db()
    assert (owed(), update.recipients_total) == (12, 12)


def test_a_removed_signature_does_not_end_the_spreading(
    letter: Letter, sending: UpdateMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_agreed(letter, 5)
    Signature.objects.filter(number__in=[1, 2, 5]).update(state="rejected")
    monkeypatch.setattr(spreading, "SPREAD_BATCH_SIZE", 2)
    update = sending()
    spread(update)
    assert owed() == 2


def test_a_batch_costs_the_same_however_many_have_signed(
    letter: Letter, sending: UpdateMaker, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    add_agreed(letter, 3)
    update = sending()
    # The test's own savepoint is counted too.
    with django_assert_num_queries(5):
        spread_update(update.pk, now=NOW)


# Pausing and stopping


def test_paused_emails_stay_and_no_worker_spins(letter: Letter, sending: UpdateMaker, organizer: User) -> None:
    add_agreed(letter, 2)
    update = sending()
    spread(update)
    pause_update(update, by=organizer, now=NOW)
    assert claim_emails(now=timezone.now(), most=50, bulk=True) == []
    deliver()
    assert (recipients(), owed()) == ([], 2)
    assert not OutgoingEmail.objects.filter(kind="update", attempts__gt=0).exists()
    resume_update(update, by=organizer, now=NOW)
    deliver()
    assert len(recipients()) == 2


def test_a_paused_update_is_spread_no_further(letter: Letter, sending: UpdateMaker, organizer: User) -> None:
    add_agreed(letter, 2)
    update = sending()
    pause_update(update, by=organizer, now=NOW)
    carry_on(now=NOW)
    assert owed() == 0
    resume_update(update, by=organizer, now=NOW)
    carry_on(now=NOW)
    assert owed() == 2


def test_an_email_claimed_before_the_pause_is_given_back_untried(
    letter: Letter, sending: UpdateMaker, organizer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_agreed(letter, 3)
    update = sending()
    spread(update)
    build = EMAIL_BUILDERS["update"]

    def pause_after_the_first(outgoing: OutgoingEmail) -> object:
        message = build(outgoing)
        pause_update(update, by=organizer, now=NOW)
        return message

    deliver_owed({**EMAIL_BUILDERS, "update": pause_after_the_first}, bulk=True)  # type: ignore[dict-item]
    assert len(recipients()) == 1
    assert list(OutgoingEmail.objects.owed().filter(kind="update").values_list("attempts", flat=True)) == [0, 0]
    resume_update(update, by=organizer, now=NOW)
    deliver()
    assert len(recipients()) == len(set(recipients())) == 3


def test_a_stopped_update_has_no_waiting_emails(letter: Letter, sending: UpdateMaker, organizer: User) -> None:
    add_agreed(letter, 3)
    update = sending()
    spread(update)
    stop_update(update, by=organizer, now=NOW)
    deliver()
    assert recipients() == []
    carry_on(now=NOW)
    update.refresh_from_db()
    assert (owed(), update.state, update.ended_at, update.lapsed_count) == (0, "stopped", NOW, 3)
    resume_update(update, by=organizer, now=NOW)
    assert update.state == "stopped"


def test_an_email_in_flight_at_the_stop_counts_as_sent(letter: Letter, sending: UpdateMaker, organizer: User) -> None:
    add_agreed(letter, 2)
    update = sending()
    spread(update)
    now = timezone.now()
    (claimed,) = claim_emails(now=now, most=1, bulk=True)
    stop_update(update, by=organizer, now=now)
    drop_owed(update.pk, now=now)
    claimed.refresh_from_db()
    assert claimed.dropped_at is None
    assert owed() == 1


def test_bulk_emails_stay_while_they_are_switched_off(letter: Letter, sending: UpdateMaker) -> None:
    add_agreed(letter, 1)
    spread(sending())
    turn(Switch.Name.SEND_BULK_MAIL, on=False)
    deliver()
    assert (recipients(), owed()) == ([], 1)


# Counting


def test_an_update_counts_as_sent_when_no_email_waits(letter: Letter, sending: UpdateMaker) -> None:
    people = [agree(letter, f"{name}@example.org") for name in ("ada", "berta", "carlo")]
    update = sending()
    carry_on(now=NOW)
    update.refresh_from_db()
    assert (update.state, update.owed_count, update.sent_count, update.recipients_total) == ("sending", 3, 0, 3)
    withdraw_signature(people[2], now=NOW)
    OutgoingEmail.objects.filter(signature=people[1]).update(failed_at=NOW)
    deliver()
    carry_on(now=NOW + timedelta(seconds=5))
    update.refresh_from_db()
    assert (update.owed_count, update.sent_count, update.failed_count, update.lapsed_count) == (0, 1, 1, 1)
    assert (update.state, update.ended_at) == ("sent", NOW + timedelta(seconds=5))


def test_an_update_without_recipients_counts_as_sent_at_once(letter: Letter, sending: UpdateMaker) -> None:
    update = sending()
    carry_on(now=NOW)
    update.refresh_from_db()
    assert (update.state, update.recipients_total) == ("sent", 0)


def test_a_draft_never_counts_as_sent(news: UpdateMaker) -> None:
    update = news()
    tally_update(update.pk, now=NOW)
    update.refresh_from_db()
    assert update.state == "draft"


def test_many_emails_are_not_counted_at_every_sweep(letter: Letter, sending: UpdateMaker) -> None:
    agree(letter, "ada@example.org")
    update = sending()
    spread(update)
    Update.objects.update(recipients_total=1_000_000, tallied_at=NOW)
    for seconds, owed_then in [(5, 0), (49, 0), (50, 1)]:
        tally_update(update.pk, now=NOW + timedelta(seconds=seconds))
        assert Update.objects.get().owed_count == owed_then


# Beside other emails


def test_an_update_to_many_does_not_delay_one_to_few(
    letter: Letter, published: LetterMaker, sending: UpdateMaker, organizer: User
) -> None:
    other = published(slug="another")
    add_agreed(letter, 10)
    agree(other, "eve@example.org")
    first = sending()
    second = Update.objects.create(
        letter=other, author=organizer, title="T", body="B", state="sending", began_at=NOW, created_at=NOW, up_to=1
    )
    spread(first)
    spread(second)
    claimed = claim_emails(now=timezone.now(), most=4, bulk=True)
    assert {outgoing.update_id for outgoing in claimed} == {first.pk, second.pk}


def test_the_query_for_urgent_emails_passes_no_bulk_rows(letter: Letter) -> None:
    sign(letter)
    indexes = {AT_ONCE: "email_due_soon", LATER: "email_due_in_bulk", OF_UPDATE: "email_owed_of_update"}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        for which, index in indexes.items():
            values: dict[str, Any] = {"now": NOW, "lease": NOW, "most": 5, "update": 1}
            cursor.execute("EXPLAIN " + CLAIM.format(which=which), values)
            plan = "\n".join(row[0] for row in cursor.fetchall())
            assert f"using {index} " in plan, plan


def test_a_change_by_the_control_link_agrees_again(letter: Letter, sending: UpdateMaker) -> None:
    signature = agree(letter, "ada@example.org")
    unsubscribe(signature, now=NOW)
    change_signature(signature, changes=submitted_form(consent="Yes, write to me"), now=NOW)
    spread(sending())
    deliver()
    assert recipients() == ["ada@example.org"]
