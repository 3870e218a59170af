"""Staff stop activities while the site runs: politely, within a second, and without losing anything."""

import pytest
from django.core import mail
from django.core.management import call_command
from django.test import Client

from letters.base.switches import queries
from letters.base.switches.operations import turn_switch
from letters.models import AuditEvent, Letter, OutgoingEmail, Signature, Switch, User
from letters.shared.refused import Refused
from letters.signer.signing.operations import remind_unconfirmed
from tests.conftest import LetterMaker
from tests.people import NOW, Reader, Signer, deliver, publish, sign, sign_and_confirm, signature_of, turn, words

pytestmark = pytest.mark.django_db

Name = Switch.Name


def test_the_letter_offers_no_form_while_signing_is_off_and_says_so(letter: Letter, reader: Reader) -> None:
    assert b"<form" in reader.get("/letters/night-trains/").content
    turn(Name.TAKE_SIGNATURES, on=False)
    page = reader.get("/letters/night-trains/")
    assert b"<form" not in page.content
    assert "Signing is paused. Try again in a few minutes." in words(page)
    turn(Name.TAKE_SIGNATURES, on=True)
    assert b"<form" in reader.get("/letters/night-trains/").content


def test_typed_words_stay_while_signing_is_off_and_can_be_sent_again(letter: Letter, signer: Signer) -> None:
    turn(Name.TAKE_SIGNATURES, on=False)
    page = signer.sign(letter, name="Ada Lovelace", email="ada@example.org")
    assert (page.status_code, page.headers["Retry-After"]) == (503, "120")
    assert "press “Sign” again in a few minutes" in words(page)
    assert b'value="Ada Lovelace"' in page.content
    assert b'value="ada@example.org"' in page.content
    assert not Signature.objects.exists()
    turn(Name.TAKE_SIGNATURES, on=True)
    assert signer.sign(letter, name="Ada Lovelace", email="ada@example.org").status_code == 303


def test_people_who_have_signed_can_confirm_while_signing_is_off(letter: Letter, signer: Signer) -> None:
    signer.sign(letter)
    turn(Name.TAKE_SIGNATURES, on=False)
    deliver()
    assert "Thank you for signing" in words(signer.confirm())


def test_reminders_wait_while_bulk_email_is_off_and_confirmations_do_not(letter: Letter) -> None:
    sign(letter, "ada@example.org")
    remind_unconfirmed(now=NOW.replace(day=5))
    turn(Name.SEND_BULK_MAIL, on=False)
    deliver()
    assert [message.subject for message in mail.outbox] == ["Confirm your signature"]
    assert OutgoingEmail.objects.owed().get().kind == OutgoingEmail.Kind.REMINDER
    turn(Name.SEND_BULK_MAIL, on=True)
    deliver()
    assert not OutgoingEmail.objects.owed().exists()


def test_confirmed_signatures_wait_for_their_number_while_publishing_is_off(letter: Letter, signer: Signer) -> None:
    turn(Name.PUBLISH, on=False)
    signer.sign(letter)
    deliver()
    assert "Publication is paused. We keep confirmed signatures" in words(signer.confirm())
    publish()
    assert signature_of(letter).state == Signature.State.CONFIRMED
    turn(Name.PUBLISH, on=True)
    publish()
    assert signature_of(letter).number == 1


def test_a_withdrawal_still_takes_effect_while_publishing_is_off(letter: Letter, signer: Signer) -> None:
    sign_and_confirm(letter)
    publish()
    turn(Name.PUBLISH, on=False)
    signer.press(signature_of(letter).link("not-me", now=NOW))
    publish()
    letter.refresh_from_db()
    assert (letter.signature_count, letter.withdrawn_count) == (0, 1)


def test_a_switch_is_read_once_a_second(letter: Letter, monkeypatch: pytest.MonkeyPatch) -> None:
    assert queries.is_on(Name.PUBLISH)
    Switch.objects.create(name=Name.PUBLISH, is_on=False, changed_at=NOW)
    assert queries.is_on(Name.PUBLISH)
    monkeypatch.setattr(queries, "_second", lambda: 1)
    assert not queries.is_on(Name.PUBLISH)


def test_the_person_who_turns_a_switch_is_recorded_unless_nothing_changes(letter: Letter) -> None:
    chief = User.objects.create_superuser("chief@example.org")
    for on in (True, False, False):
        turn_switch(Name.PUBLISH, on=on, by=chief, now=NOW, reason="A flood")
    event = AuditEvent.objects.get(verb="turn_switch")
    assert (event.actor, event.reason, event.details) == (chief, "A flood", {"name": "publish", "on": False})


def test_only_a_superuser_turns_a_switch(organizer: User, moderator: User) -> None:
    for person in (organizer, moderator):
        with pytest.raises(Refused, match="not_yours"):
            turn_switch(Name.PUBLISH, on=False, by=person, now=NOW)
    assert not Switch.objects.exists()


def test_the_admin_turns_a_switch_for_superusers_alone(letter: Letter) -> None:
    chief, clerk = Client(), Client()
    chief.force_login(User.objects.create_superuser("chief@example.org"))
    clerk.force_login(User.objects.create_user("clerk@example.org", is_staff=True))
    add = "/admin/letters/switch/add/"
    assert clerk.post(add, {"name": "publish"}).status_code == 403
    assert chief.post(add, {"name": "publish", "reason": "A flood"}).status_code == 302
    switch = Switch.objects.get()
    assert (switch.name, switch.is_on) == ("publish", False)
    change = f"/admin/letters/switch/{switch.pk}/change/"
    assert chief.get(change).status_code == 200
    assert chief.post(change, {"is_on": "on"}).status_code == 302
    assert Switch.objects.get().is_on
    assert [event.reason for event in AuditEvent.objects.filter(verb="turn_switch").order_by("pk")] == ["A flood", ""]


def test_the_command_turns_a_switch_and_shows_all_of_them(
    published: LetterMaker, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("switch", "take_signatures", "off", "--reason", "A flood")
    queries._all.cache_clear()
    assert not queries.is_on(Name.TAKE_SIGNATURES)
    call_command("switch")
    assert "take_signatures  off Accept signatures\n" in capsys.readouterr().out
