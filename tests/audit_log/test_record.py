"""Each event is recorded in the transaction of its cause."""

import pytest
from django.db import transaction

from letters.base.audit_log.operations import record
from letters.models import AuditEvent, Letter, User
from tests.people import NOW


def test_an_event_says_who_did_what_to_which_and_why(letter: Letter, organizer: User) -> None:
    record("close_letter", letter, by=organizer, now=NOW, reason="It is delivered.", details={"count": 7})
    event = AuditEvent.objects.latest("pk")
    assert (event.verb, event.object_kind, event.object_id) == ("close_letter", "letter", letter.pk)
    assert (event.actor, event.actor_kind, event.at) == (organizer, "user", NOW)
    assert (event.reason, event.details) == ("It is delivered.", {"count": 7})


def test_an_event_of_the_system_has_no_user(letter: Letter) -> None:
    record("expire_letter", letter, by=None, now=NOW)
    event = AuditEvent.objects.latest("pk")
    assert (event.actor, event.actor_kind, event.reason, event.details) == (None, "system", "", {})


def test_an_operation_that_is_rolled_back_leaves_no_event(letter: Letter) -> None:
    before = AuditEvent.objects.count()

    @transaction.atomic
    def fail() -> None:
        record("expire_letter", letter, by=None, now=NOW)
        raise RuntimeError("undone")

    with pytest.raises(RuntimeError):
        fail()
    assert AuditEvent.objects.count() == before


def test_an_event_keeps_its_user_when_the_account_is_closed(letter: Letter, organizer: User) -> None:
    organizer.is_active = False
    organizer.save()
    assert AuditEvent.objects.filter(actor=organizer).exists()
