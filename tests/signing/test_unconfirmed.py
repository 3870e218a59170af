"""Unconfirmed signatures: a reminder after a day, another after three, then deletion."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.db.models import ForeignObjectRel
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from letters.base.outbox.queries import bounce_reasons
from letters.models import (
    BulkTarget,
    Letter,
    OutgoingEmail,
    SecondOpinion,
    Signature,
    SignerContact,
    Submission,
    Transition,
)
from letters.models.signature import belonging_to_signatures
from letters.models.trace import SigningTrace
from letters.shared import batches
from letters.signer.signing.operations import (
    confirm_signature,
    forget_emails,
    forgetting,
    leaving,
    purge_unconfirmed,
    remind_unconfirmed,
)
from letters.signer.signing.operations.reminding import REMIND
from letters.signer.signing.tasks import tend_unconfirmed
from tests.conftest import LetterMaker
from tests.people import NOW, deliver, in_threads, sign, sign_and_confirm

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def test_a_reminder_comes_after_a_day_and_another_after_three(letter: Letter) -> None:
    sign(letter)
    owed = [remind_unconfirmed(now=NOW + hours * timedelta(hours=1)) for hours in range(0, 24 * 14, 6)]
    assert [6 * place for place, number in enumerate(owed) if number] == [24, 72]
    deliver()
    assert [message.subject for message in mail.outbox[1:]] == ["A reminder about your signature"] * 2


def test_reminders_are_read_from_an_index(letter: Letter) -> None:
    for number in range(50):
        sign(letter, f"signer{number}@example.org", now=NOW - number * DAY)
    values: dict[str, Any] = {"hours": 24, "now": NOW, "since": NOW, "before": NOW - timedelta(days=2)}
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE letters_submission, letters_signature")
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        cursor.execute("EXPLAIN " + REMIND, values)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "submission_to_remind" in plan, plan
    assert "Seq Scan on letters_submission" not in plan, plan


def test_confirmed_signers_are_not_reminded(letter: Letter) -> None:
    sign_and_confirm(letter)
    assert remind_unconfirmed(now=NOW + 2 * DAY) == 0


@pytest.mark.parametrize(
    "ended",
    [{"status": "closed", "closed_at": NOW}, {"status": "withdrawn"}, {"closes_at": NOW + timedelta(hours=1)}],
)
def test_nobody_is_reminded_of_a_letter_that_has_ended(letter: Letter, ended: dict[str, object]) -> None:
    sign(letter)
    OutgoingEmail.objects.all().delete()
    Letter.objects.update(**ended)
    remind_unconfirmed(now=NOW + DAY)
    deliver()
    assert not mail.outbox
    assert not OutgoingEmail.objects.owed().exists()


def test_a_signer_who_confirms_before_the_reminder_leaves_gets_none(letter: Letter) -> None:
    signature = sign(letter)
    deliver()
    remind_unconfirmed(now=NOW + DAY)
    confirm_signature(signature, verified=Signature.Verified.LINK, now=NOW + DAY)
    deliver()
    assert not any("still waits" in message.subject for message in mail.outbox)


def test_nobody_gets_two_reminders_at_once_after_the_clock_paused(letter: Letter) -> None:
    sign(letter)
    assert remind_unconfirmed(now=NOW + 5 * DAY) == 1


def test_the_pauses_can_be_set(letter: Letter, settings: Settings) -> None:
    settings.REMINDER_HOURS = []
    sign(letter)
    assert remind_unconfirmed(now=NOW + 2 * DAY) == 0


def test_nothing_is_left_after_two_weeks(letter: Letter) -> None:
    sign(letter)
    assert purge_unconfirmed(now=NOW + 14 * DAY - timedelta(seconds=1)) == 0
    assert purge_unconfirmed(now=NOW + 14 * DAY) == 1
    assert not Signature.objects.exists()
    assert not SignerContact.objects.exists()
    assert not OutgoingEmail.objects.exists()


def test_a_purge_deletes_every_row_that_belongs_to_a_signature(
    letter: Letter, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """One statement deletes them all, so it must know every table, and the number of statements stays the same."""
    tables = {model for model, _ in belonging_to_signatures()}
    assert {SignerContact, OutgoingEmail, Submission, BulkTarget, SecondOpinion, SigningTrace} <= tables
    belonging = [each for model in tables for each in model._meta.get_fields(include_hidden=True)]
    of_belonging = [each for each in belonging if isinstance(each, ForeignObjectRel)]
    in_database = {each.related_model for each in of_belonging if getattr(each.field, "db_constraint", False)}
    assert in_database <= tables
    for number in range(5):
        sign(letter, f"signer{number}@example.org")
    # The letters, a batch, which has a savepoint here, and the end.
    with django_assert_num_queries(1 + 1 + 6 + 1):
        assert purge_unconfirmed(now=NOW + 14 * DAY) == 5
    assert not any(model._default_manager.exists() for model in tables)


def test_a_purge_gets_a_plan_for_its_own_times(letter: Letter) -> None:
    """A prepared statement would get one plan for all times, which reads every email. But the checks of foreign keys,
    of which a batch needs nineteen thousand, share their plans.
    """
    sign(letter)
    with CaptureQueriesContext(connection) as captured:
        purge_unconfirmed(now=NOW + 14 * DAY)
    statements = [each["sql"] for each in captured]
    (place, *_) = [place for place, sql in enumerate(statements) if "plan_cache_mode = force_custom_plan" in sql]
    assert "NOT EXISTS" in statements[place + 1]
    assert "FOR UPDATE" in statements[place + 1]
    assert "plan_cache_mode = DEFAULT" in statements[place + 2]
    assert "DELETE" in statements[place + 3]
    # Whoever waits is found first, so emails are looked up for a batch, and never for all of the site.
    assert next(n for n, sql in enumerate(statements) if "letters_outgoingemail" in sql) == place + 1


def test_a_purge_goes_on_behind_signatures_that_it_keeps(
    letter: Letter, published: LetterMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "BATCH_SIZE", 2)
    other = published(slug="sleeping-cars")
    kept = [sign(letter, f"kept{number}@example.org") for number in range(2)]
    OutgoingEmail.objects.filter(signature__in=kept).update(failed_at=NOW + 13 * DAY)
    for number in range(3):
        sign(letter, f"signer{number}@example.org")
        sign(other, f"signer{number}@example.org")
    assert purge_unconfirmed(now=NOW + 14 * DAY) == 6
    assert {*Signature.objects.all()} == {*kept}


def test_a_confirmed_signature_is_never_purged(letter: Letter) -> None:
    sign_and_confirm(letter)
    assert purge_unconfirmed(now=NOW + 400 * DAY) == 0
    assert Signature.objects.count() == 1


@pytest.mark.parametrize("display", ["public", "nobody"])
def test_a_signature_confirmed_during_the_purge_stays(
    letter: Letter, monkeypatch: pytest.MonkeyPatch, display: str
) -> None:
    """Their owner has reported an email as spam, and confirms at the last moment."""
    signature = sign(letter, name="Ada" if display == "public" else "", display=display)
    Signature.objects.update(concern="complained")
    empty = leaving.empty_signature

    def confirmed_first(found: Signature, transition: Transition, **values: Any) -> bool:
        confirm_signature(signature, verified=Signature.Verified.LINK, now=NOW + 14 * DAY)
        return empty(found, transition, **values)

    monkeypatch.setattr(forgetting, "empty_signature", confirmed_first)
    assert purge_unconfirmed(now=NOW + 15 * DAY) == 0
    signature.refresh_from_db()
    assert (signature.state, signature.name) == ("held", "Ada" if display == "public" else "")
    assert SignerContact.objects.exists() == (display == "public")


@pytest.mark.django_db(transaction=True)
def test_purging_and_confirming_at_once_end_in_one_or_the_other(letter: Letter) -> None:
    signatures = [sign(letter, f"signer{number}@example.org", name="Ada") for number in range(20)]
    Signature.objects.update(concern="complained")

    def work(part: int) -> None:
        if part % 2:
            purge_unconfirmed(now=NOW + 15 * DAY)
            return
        for signature in signatures if part % 4 else reversed(signatures):
            confirm_signature(signature, verified=Signature.Verified.LINK, now=NOW + 14 * DAY)

    in_threads(work, range(4), threads=4)
    left = set(Signature.objects.values_list("state", "name", "confirmed_at"))
    assert left <= {("held", "Ada", NOW + 14 * DAY), ("disowned", "", None)}


# Old emails


def add_mail(signature: Signature, kind: str, at: datetime = NOW, **ended: object) -> OutgoingEmail:
    return OutgoingEmail.objects.create(
        kind=kind,
        signature=signature,
        key=f"{OutgoingEmail.objects.count()}",
        created_at=at,
        next_attempt_at=at,
        **ended,
    )


def kept(at: timedelta) -> list[str]:
    tend_unconfirmed(now=NOW + at)
    return sorted(OutgoingEmail.objects.values_list("kind", flat=True))


@pytest.mark.parametrize("kind", ["signed_again", "requested"])
@pytest.mark.parametrize("end", ["sent_at", "dropped_at", "failed_at"])
def test_requested_emails_are_deleted_after_a_week(letter: Letter, kind: str, end: str) -> None:
    signature = sign_and_confirm(letter)
    OutgoingEmail.objects.all().delete()
    for _ in range(3):
        add_mail(signature, kind, **{end: NOW})
    assert kept(7 * DAY - timedelta(seconds=1)) == [kind] * 3
    assert kept(7 * DAY) == []


def test_dropped_emails_are_deleted_and_first_emails_are_not(letter: Letter) -> None:
    signature = sign_and_confirm(letter)
    OutgoingEmail.objects.all().delete()
    for kind in ("confirm", "thanks"):
        add_mail(signature, kind, sent_at=NOW)
        add_mail(signature, kind, dropped_at=NOW)
    assert kept(400 * DAY) == ["confirm", "thanks"]
    assert not OutgoingEmail.objects.filter(dropped_at__isnull=False).exists()


def test_a_waiting_email_is_never_deleted_and_the_week_begins_when_it_ends(letter: Letter) -> None:
    signature = sign_and_confirm(letter)
    OutgoingEmail.objects.all().delete()
    add_mail(signature, "requested")
    add_mail(signature, "signed_again", sent_at=NOW + 8 * DAY)
    assert kept(14 * DAY) == ["requested", "signed_again"]
    assert kept(15 * DAY) == ["requested"]


def test_more_than_a_batch_of_emails_is_deleted_in_one_run(letter: Letter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH_SIZE", 2)
    signature = sign_and_confirm(letter)
    OutgoingEmail.objects.all().delete()
    for _ in range(7):
        add_mail(signature, "requested", sent_at=NOW)
    assert forget_emails(now=NOW + 7 * DAY) == 7


def test_a_deleted_reminder_is_not_created_again(letter: Letter) -> None:
    sign(letter)
    for hour in range(0, 24 * 14, 8):
        tend_unconfirmed(now=NOW + timedelta(hours=hour))
        OutgoingEmail.objects.owed().update(sent_at=NOW + timedelta(hours=hour))
    assert OutgoingEmail.objects.filter(kind="reminder").count() == 2


def test_a_reminder_of_a_kept_signature_is_deleted_in_the_end(letter: Letter) -> None:
    signature = sign_and_confirm(letter)
    OutgoingEmail.objects.all().delete()
    add_mail(signature, "reminder", sent_at=NOW)
    assert kept(14 * DAY - timedelta(seconds=1)) == ["reminder"]
    assert kept(14 * DAY) == []


def test_emails_that_organizers_see_stay_while_the_signature_waits(letter: Letter) -> None:
    signature = sign(letter, now=NOW + 4 * DAY)
    OutgoingEmail.objects.all().delete()
    add_mail(signature, "requested", failed_at=NOW, error="554")
    assert "requested" in kept(8 * DAY)
    assert bounce_reasons(letter) == {"554": 1}
    confirm_signature(signature, verified=Signature.Verified.LINK, now=NOW + 8 * DAY)
    assert "requested" not in kept(9 * DAY)
