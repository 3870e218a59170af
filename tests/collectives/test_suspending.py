"""A suspended account or collective can do nothing, what it began stops, and the people concerned read why."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.mail import EmailMessage
from django.utils import timezone

from letters.base.accounts.invitations import has_stopped_in_second
from letters.base.outbox.tasks import deliver_owed
from letters.models import AuditEvent, Collective, Letter, Membership, OutgoingEmail, Suspension, Update, User
from letters.moderator.moderation.operations import accept_signatures
from letters.organizer.collectives import operations
from letters.organizer.collectives.operations import (
    accept_invitation,
    end_suspension,
    invite_member,
    leave_collective,
    suspend_account,
    suspend_collective,
    tell_of_suspensions,
)
from letters.organizer.first_signatories.operations import invite_people
from letters.organizer.first_signatories.signatory_import import Person
from letters.organizer.letter_editor.operations import draft_letter, publish_letter, schedule_letter
from letters.organizer.letter_editor.tasks import publish_due
from letters.organizer.updates.operations import resume_update, send_update, spread_update, write_update
from letters.shared.addresses import read_address
from letters.shared.refused import Refusal, Refused
from letters.signer.carry_over.operations import ask_to_carry_over
from letters.signer.carry_over.tasks import owe_questions
from letters.tasks import EMAIL_BUILDERS
from tests.carry_over.conftest import change_text
from tests.collectives.test_inactive import ACTS
from tests.conftest import LetterMaker
from tests.people import EN, NOW, Reader, Signer, browser_of, deliver, publish, sign_and_confirm, words
from tests.updates.conftest import NEWS, agree

pytestmark = pytest.mark.django_db

WHY = "The letters advertise a shop."


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_superuser("rosa@example.org")


@pytest.fixture(autouse=True)
def _asked_again() -> None:
    has_stopped_in_second.cache_clear()


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch) -> list[EmailMessage]:
    """The emails about suspensions."""
    sent: list[EmailMessage] = []
    monkeypatch.setattr(operations.suspending, "mail_to_account", sent.append)
    return sent


def suspend(collective: Collective, by: User) -> Suspension:
    suspension = suspend_collective(collective, reason=WHY, by=by, now=NOW)
    has_stopped_in_second.cache_clear()
    return suspension


def restore(suspension: Suspension, by: User) -> None:
    end_suspension(suspension, reason="They have stopped.", by=by, now=timezone.now())
    has_stopped_in_second.cache_clear()


def sent_to(kind: str) -> int:
    return OutgoingEmail.objects.filter(kind=kind, sent_at__isnull=False).count()


# A collective


@pytest.mark.parametrize("act", ACTS)
def test_an_owner_of_a_suspended_collective_can_change_nothing(
    act: str, letter: Letter, organizer: User, operator: User
) -> None:
    suspend(letter.collective, operator)
    letter = Letter.objects.get(pk=letter.pk)
    with pytest.raises(Refused, match="suspended"):
        ACTS[act](letter, organizer)


def test_members_read_why_on_every_page(letter: Letter, organizer: User, operator: User) -> None:
    desk = browser_of(organizer)
    suspend(letter.collective, operator)
    for path in ("/organize/letters/night-trains/", "/organize/collectives/night-train/"):
        page = words(desk.get(path))
        assert "The people who run this site have suspended this collective." in page
        assert WHY in page
    answer = desk.post("/organize/letters/night-trains/state/", {"action": "close"}, follow=True)
    assert "have suspended this collective" in words(answer)
    letter.refresh_from_db()
    assert letter.status == Letter.Status.PUBLISHED


def test_a_public_letter_stays_and_can_be_signed(
    letter: Letter, operator: User, reader: Reader, signer: Signer
) -> None:
    before = reader.read(letter)
    suspend(letter.collective, operator)
    assert reader.read(letter) == before
    signer.sign(letter)
    signer.confirm()
    publish()
    assert "Ada Lovelace" in reader.read(letter)


def test_a_site_moderator_still_decides_about_its_signatures(letter: Letter, operator: User) -> None:
    User.objects.filter(pk=operator.pk).update(moderates_site=True)
    suspend(letter.collective, operator)
    accept_signatures(letter, [], by=operator, now=NOW)


def test_an_update_stops_in_the_middle_and_waits_for_a_member_afterwards(
    letter: Letter, organizer: User, operator: User
) -> None:
    for number in range(3):
        agree(letter, f"signer{number}@example.org")
    update = write_update(letter, text=NEWS, by=organizer, now=NOW)
    send_update(update, seen=update.version, by=organizer, now=NOW)
    spread_update(update.pk, now=NOW)
    build = EMAIL_BUILDERS["update"]
    suspensions: list[Suspension] = []

    def suspend_after_the_first(outgoing: OutgoingEmail) -> object:
        message = build(outgoing)
        if not suspensions:
            suspensions.append(suspend(letter.collective, operator))
        return message

    deliver_owed({**EMAIL_BUILDERS, "update": suspend_after_the_first}, bulk=True)  # type: ignore[dict-item]
    deliver()
    assert sent_to("update") == 1
    with pytest.raises(Refused, match="suspended"):
        resume_update(update, by=organizer, now=NOW)
    restore(suspensions[0], operator)
    deliver()
    assert sent_to("update") == 1
    assert Update.objects.get().state == Update.State.PAUSED
    resume_update(update, by=organizer, now=NOW)
    deliver()
    assert sent_to("update") == 3


def test_a_scheduled_publication_does_not_happen(
    draft: LetterMaker, organizer: User, operator: User, reader: Reader
) -> None:
    letter, later = draft(), draft("sleepers")
    schedule_letter(letter, at=NOW + timedelta(hours=1), by=organizer, now=NOW)
    far = timezone.now() + timedelta(days=9)
    schedule_letter(later, at=far, by=organizer, now=NOW)
    suspension = suspend(letter.collective, operator)
    publish_due(now=NOW + timedelta(hours=2))
    assert reader.get(letter.url_of("letter")).status_code == 404
    restore(suspension, operator)
    publish_due(now=timezone.now())
    assert reader.get(letter.url_of("letter")).status_code == 404
    letter.refresh_from_db()
    later.refresh_from_db()
    assert (letter.publish_at, letter.publish_refused) == (None, "")
    assert later.publish_at == far
    publish_due(now=far)
    assert reader.get(later.url_of("letter")).status_code == 200


def test_invitations_and_questions_wait_until_it_is_restored(
    letter: Letter, draft: LetterMaker, organizer: User, operator: User
) -> None:
    sign_and_confirm(letter)
    publish(NOW)
    change_text(letter)
    letter.refresh_from_db()
    ask_to_carry_over(letter, by=organizer, now=timezone.now())
    owe_questions(now=timezone.now())
    first, member = read_address("ada.first@example.org"), read_address("nina@example.org")
    assert first
    assert member
    person = Person(line=1, address=first, name="Ada Lovelace")
    invite_people(draft("sleepers"), people=[person], by=organizer, now=timezone.now())
    invite_member(letter.collective, address=member, role="editor", by=organizer, now=timezone.now())
    suspension = suspend(letter.collective, operator)
    deliver()
    assert [sent_to(kind) for kind in ("carry_over", "invited", "team_invitation")] == [0, 0, 0]
    restore(suspension, operator)
    deliver()
    assert [sent_to(kind) for kind in ("carry_over", "invited", "team_invitation")] == [1, 1, 1]


def test_nobody_joins_a_suspended_collective_and_members_can_leave(
    collective: Collective, organizer: User, teammate: User, stranger: User, operator: User
) -> None:
    address = read_address("sven@example.org")
    assert address
    invitation = invite_member(collective, address=address, role="editor", by=organizer, now=NOW)
    suspend(collective, operator)
    with pytest.raises(Refused, match="suspended"):
        accept_invitation(invitation, by=stranger, now=NOW)
    leave_collective(collective, by=teammate, now=NOW)
    assert not Membership.objects.filter(user=teammate).exists()


# An account


def test_a_suspended_account_can_do_nothing_in_a_browser_that_is_open(
    letter: Letter, organizer: User, operator: User
) -> None:
    browser = browser_of(organizer)
    assert browser.get("/organize/").status_code == 200
    suspend_account(organizer, reason=WHY, by=operator, now=NOW)
    assert browser.get("/organize/").status_code == 302
    with pytest.raises(Refused, match="not_yours"):
        publish_letter(letter, by=organizer, now=NOW)


def test_what_the_account_began_stops(letter: Letter, draft: LetterMaker, organizer: User, operator: User) -> None:
    agree(letter, "ada@example.org")
    update = write_update(letter, text=NEWS, by=organizer, now=NOW)
    send_update(update, seen=update.version, by=organizer, now=NOW)
    spread_update(update.pk, now=NOW)
    planned = draft("planned")
    schedule_letter(planned, at=NOW + timedelta(hours=1), by=organizer, now=NOW)
    first, member = read_address("ada.first@example.org"), read_address("nina@example.org")
    assert first
    assert member
    person = Person(line=1, address=first, name="Ada Lovelace")
    invite_people(draft("sleepers"), people=[person], by=organizer, now=timezone.now())
    invite_member(letter.collective, address=member, role="editor", by=organizer, now=timezone.now())
    suspend_account(organizer, reason=WHY, by=operator, now=NOW)
    deliver()
    publish_due(now=NOW + timedelta(hours=2))
    assert [sent_to(kind) for kind in ("update", "invited", "team_invitation")] == [0, 0, 0]
    planned.refresh_from_db()
    assert (planned.status, planned.publish_at) == (Letter.Status.DRAFT, None)


def test_what_others_began_goes_on(letter: Letter, organizer: User, teammate: User, operator: User) -> None:
    agree(letter, "ada@example.org")
    update = write_update(letter, text=NEWS, by=teammate, now=NOW)
    send_update(update, seen=update.version, by=teammate, now=NOW)
    spread_update(update.pk, now=NOW)
    suspend_account(organizer, reason=WHY, by=operator, now=NOW)
    deliver()
    assert sent_to("update") == 1


def test_a_restored_account_signs_in_and_has_its_roles(letter: Letter, organizer: User, operator: User) -> None:
    suspension = suspend_account(organizer, reason=WHY, by=operator, now=NOW)
    restore(suspension, operator)
    organizer.refresh_from_db()
    assert browser_of(organizer).get("/organize/letters/night-trains/").status_code == 200


def test_a_closed_account_does_not_come_back(organizer: User, operator: User) -> None:
    suspension = suspend_account(organizer, reason=WHY, by=operator, now=NOW)
    User.objects.filter(pk=organizer.pk).update(suspended_at=None)  # What closing an account does.
    restore(suspension, operator)
    organizer.refresh_from_db()
    assert not organizer.is_active


# Both


def test_the_people_concerned_read_the_reason_by_email_once(
    collective: Collective, organizer: User, teammate: User, operator: User, messages: list[EmailMessage]
) -> None:
    suspension = suspend(collective, operator)
    tell_of_suspensions(now=NOW)
    tell_of_suspensions(now=NOW)
    assert sorted(each.to[0] for each in messages) == ["olga@example.org", "tariq@example.org"]
    assert all(WHY in str(each.body) and collective.name in str(each.body) for each in messages)
    assert {str(each.subject) for each in messages} == {"Your collective is suspended"}
    restore(suspension, operator)
    tell_of_suspensions(now=NOW)
    assert [str(each.subject) for each in messages[2:]] == ["Your collective works again"] * 2
    assert "They have stopped." in str(messages[2].body)


def test_a_suspended_account_gets_the_email_at_its_confirmed_address_alone(
    organizer: User, stranger: User, operator: User, messages: list[EmailMessage]
) -> None:
    EmailAddress.objects.filter(user=stranger).update(verified=False)
    suspension = suspend_account(organizer, reason=WHY, by=operator, now=NOW)
    suspend_account(stranger, reason=WHY, by=operator, now=NOW)
    tell_of_suspensions(now=NOW)
    assert [each.to for each in messages] == [["olga@example.org"]]
    assert WHY in str(messages[0].body)
    restore(suspension, operator)
    tell_of_suspensions(now=NOW)
    assert str(messages[-1].subject) == "Your account works again"


def test_without_a_broker_the_email_is_sent_later(
    collective: Collective, organizer: User, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    suspend(collective, operator)

    def refuse(_: EmailMessage) -> None:
        raise Refused(Refusal.NO_WORKER)

    monkeypatch.setattr(operations.suspending, "mail_to_account", refuse)
    with pytest.raises(Refused):
        tell_of_suspensions(now=NOW)
    assert Suspension.objects.get().told_at is None
    assert mail.outbox == []


DENIED: dict[str, Callable[..., Any]] = {
    "collective": lambda letter, by: suspend_collective(letter.collective, reason=WHY, by=by, now=NOW),
    "account": lambda _, by: suspend_account(by, reason=WHY, by=by, now=NOW),
    "end": lambda _, by: end_suspension(Suspension.objects.latest("pk"), reason="Me.", by=by, now=NOW),
}


@pytest.mark.parametrize("act", DENIED)
def test_nobody_else_suspends_or_restores(act: str, letter: Letter, organizer: User, operator: User) -> None:
    suspend_collective(letter.collective, reason=WHY, by=operator, now=NOW)
    User.objects.filter(pk=organizer.pk).update(is_staff=True, moderates_site=True)
    with pytest.raises(Refused, match="not_yours"):
        DENIED[act](letter, organizer)


def test_nobody_suspends_themselves_or_a_person_who_runs_the_site(operator: User) -> None:
    other = User.objects.create_superuser("sara@example.org")
    for account in (operator, other):
        with pytest.raises(Refused) as refused:
            suspend_account(account, reason=WHY, by=operator, now=NOW)
        assert refused.value.code == Refusal.RUNS_THE_SITE


@pytest.mark.parametrize("reason", ["", "   ", "x" * 1001])
def test_a_reason_is_needed(collective: Collective, operator: User, reason: str) -> None:
    with pytest.raises(Refused):
        suspend_collective(collective, reason=reason, by=operator, now=NOW)
    assert Collective.objects.get().suspended_at is None


def test_it_is_suspended_once_and_recorded(collective: Collective, organizer: User, operator: User) -> None:
    suspension = suspend(collective, operator)
    with pytest.raises(Refused, match="suspended_already"):
        suspend_collective(collective, reason="Again.", by=operator, now=NOW)
    restore(suspension, operator)
    restore(suspension, operator)
    account = suspend_account(organizer, reason=WHY, by=operator, now=NOW)
    restore(account, operator)
    events = AuditEvent.objects.filter(verb__contains="suspend") | AuditEvent.objects.filter(verb__contains="restore_")
    assert list(events.order_by("pk").values_list("verb", "reason", "collective")) == [
        ("suspend_collective", WHY, collective.pk),
        ("restore_collective", "They have stopped.", collective.pk),
        ("suspend_account", WHY, None),
        ("restore_account", "They have stopped.", None),
    ]


def test_staff_suspend_and_restore_in_the_admin(letter: Letter, organizer: User, operator: User) -> None:
    desk, add = browser_of(operator), "/admin/letters/suspension/add/"
    form = {"collective": str(letter.collective.pk), "email": "", "reason": WHY}
    both = desk.post(add, {**form, "email": "olga@example.org"})
    assert "Select a collective or enter an address, not both." in words(both)
    assert "Nobody has an account with this address." in words(
        desk.post(add, {**form, "collective": "", "email": "x@example.org"})
    )
    assert desk.post(add, form).status_code == 302
    assert desk.post(add, {**form, "collective": "", "email": "Olga@example.org"}).status_code == 302
    assert "This is already suspended." in words(desk.post(add, form))
    assert Collective.objects.get().suspended_at
    assert not User.objects.get(pk=organizer.pk).is_active
    for suspension in Suspension.objects.all():
        page = f"/admin/letters/suspension/{suspension.pk}/change/"
        assert "Enter why you end the suspension." in words(desk.post(page, {"end_reason": ""}))
        assert desk.post(page, {"end_reason": "A mistake."}).status_code == 302
    assert Collective.objects.get().suspended_at is None
    assert User.objects.get(pk=organizer.pk).is_active
    organizer.is_staff = True
    organizer.save()
    assert browser_of(organizer).get(add).status_code == 403


def test_a_member_who_moves_on_cannot_take_a_letter_along(letter: Letter, organizer: User, operator: User) -> None:
    """This does not hold: members who are not suspended can begin again with a new collective."""
    suspend(letter.collective, operator)
    with pytest.raises(Refused, match="suspended"):
        draft_letter(letter.collective, slug="again", text=EN, by=organizer, now=NOW)
