"""Taking a letter down, the appeal, and the restoration."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from letters.base.changes.operations import change_letter
from letters.models import (
    APPEAL_WITHIN,
    OWNING,
    AuditEvent,
    Collective,
    Letter,
    Membership,
    Signature,
    TakeDown,
    User,
)
from letters.moderator.takedowns.operations import (
    appeal_takedown,
    decide_appeal,
    restore_taken_down,
    take_down_letter,
)
from letters.organizer.letter_editor.operations import publish_letter, restore_letter, start_revision, withdraw_letter
from letters.shared.refused import Refused
from letters.signer.signing.operations import withdraw_signature
from tests.conftest import LetterMaker
from tests.people import NOW, add_published, publish, sign, sign_and_confirm, signature_of
from tests.takedowns.conftest import STATEMENT

TakeDownLetter = Callable[[Letter], None]
ANSWER = "You are right."


def test_only_people_who_moderate_the_site_take_a_letter_down(
    letter: Letter, organizer: User, moderator: User, stranger: User, told: list[str]
) -> None:
    staff = User.objects.create_user("stella@example.org", is_staff=True, is_superuser=True)
    for person in (organizer, moderator, stranger, staff):
        with pytest.raises(Refused, match="not_yours"):
            take_down_letter(letter, statement=STATEMENT, by=person, now=NOW)
    assert (Letter.objects.get().status, told) == ("published", [])


def test_a_draft_does_not_exist_for_them(draft: LetterMaker, warden: User, told: list[str]) -> None:
    with pytest.raises(Refused, match="not_yours"):
        take_down_letter(draft("sleepers"), statement=STATEMENT, by=warden, now=NOW)


def test_members_who_write_get_the_statement_of_reasons(
    letter: Letter, take_down: TakeDownLetter, teammate: User, moderator: User, told: list[str]
) -> None:
    take_down(letter)
    addresses = {each.partition("\n")[0] for each in told}
    assert moderator.email not in addresses
    assert len(addresses) == len(told) == 1 + (teammate.email in addresses)
    for said in (
        STATEMENT.named,
        STATEMENT.facts,
        "Someone reported it.",
        "A person made this decision",
        "appeal until",
    ):
        assert said in told[0]
    assert "Everywhere on this site" in told[0]


def test_taking_it_down_twice_emails_nobody_twice(letter: Letter, take_down: TakeDownLetter, told: list[str]) -> None:
    take_down(letter)
    emails = len(told)
    take_down(letter)
    assert (TakeDown.objects.count(), len(told)) == (1, emails)
    with pytest.raises(IntegrityError, match="takedown_one_at_a_time"), transaction.atomic():
        TakeDown.objects.create(
            letter=letter, **vars(STATEMENT), status_before="published", taken_down_at=NOW, taken_down_by_id=1
        )


def test_if_the_statement_cannot_leave_the_letter_stays(
    letter: Letter, warden: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody_takes_it(*_: object, **__: object) -> None:
        raise Refused("no_worker")  # type: ignore[arg-type]

    monkeypatch.setattr("letters.moderator.takedowns.operations.tell_members", nobody_takes_it)
    with pytest.raises(Refused, match="no_worker"):
        take_down_letter(letter, statement=STATEMENT, by=warden, now=NOW)
    assert (Letter.objects.get().status, TakeDown.objects.count()) == ("published", 0)


def test_a_letter_that_is_down_takes_neither_signatures_nor_confirmations(
    letter: Letter, take_down: TakeDownLetter
) -> None:
    sign(letter, "ada@example.org")
    take_down(letter)
    assert letter.refusal(NOW) == letter.confirmation_refusal(NOW) == "letter_taken_down"
    with pytest.raises(Refused, match="letter_taken_down"):
        sign(letter, "bob@example.org")


def test_organizers_cannot_publish_revise_withdraw_or_restore_it(
    letter: Letter, take_down: TakeDownLetter, organizer: User
) -> None:
    take_down(letter)
    for operation in (publish_letter, start_revision):
        with pytest.raises(Refused, match="letter_taken_down"):
            operation(letter, by=organizer, now=NOW)
    restore_letter(letter, by=organizer, now=NOW)
    assert Letter.objects.get().status == "taken_down"


@pytest.mark.parametrize("status", ["published", "closed", "withdrawn"])
def test_a_restoration_brings_back_the_list_the_count_and_all_numbers(
    published: LetterMaker, organizer: User, warden: User, take_down: TakeDownLetter, status: str
) -> None:
    letter = published()
    add_published(letter, 5)
    if status == "closed":
        Letter.objects.update(status="closed", closed_at=NOW)
    if status == "withdrawn":
        withdraw_letter(letter, reason="A mistake.", by=organizer, now=NOW)
    letter.refresh_from_db()
    count = ("signature_count", "last_number", "removed_count", "withdrawn_count", "status")
    before = [getattr(letter, name) for name in count], list(letter.signatures.order_by("pk").values())
    take_down(letter)
    publish()
    restore_taken_down(letter, answer=ANSWER, by=warden, now=NOW + timedelta(days=90))
    letter.refresh_from_db()
    assert before == ([getattr(letter, name) for name in count], list(letter.signatures.order_by("pk").values()))


def test_signers_can_withdraw_while_it_is_down_and_stay_away_afterwards(
    letter: Letter, warden: User, take_down: TakeDownLetter
) -> None:
    sign_and_confirm(letter, "ada@example.org")
    sign_and_confirm(letter, "bob@example.org")
    publish()
    letter.refresh_from_db()
    take_down(letter)
    withdraw_signature(signature_of(letter, "ada@example.org"), now=NOW)
    publish()
    restore_taken_down(letter, answer=ANSWER, by=warden, now=NOW)
    letter.refresh_from_db()
    assert (letter.signature_count, letter.withdrawn_count, letter.last_number) == (1, 1, 2)
    assert Signature.objects.filter(state="published").count() == 1


def test_an_owner_of_a_suspended_collective_can_still_appeal(
    letter: Letter, take_down: TakeDownLetter, organizer: User
) -> None:
    take_down(letter)
    Collective.objects.update(suspended_at=NOW)
    with pytest.raises(Refused, match="suspended"):
        change_letter(letter, OWNING, by=organizer, now=NOW, lock=False)
    appeal_takedown(letter, words="It is true.", by=organizer, now=NOW)


def test_an_owner_appeals_once_and_within_half_a_year(
    letter: Letter, take_down: TakeDownLetter, organizer: User, teammate: User
) -> None:
    take_down(letter)
    with pytest.raises(Refused, match="not_yours"):
        appeal_takedown(letter, words="It is true.", by=teammate, now=NOW)
    with pytest.raises(Refused, match="no_reason"):
        appeal_takedown(letter, words="  ", by=organizer, now=NOW)
    with pytest.raises(Refused, match="appeal_over"):
        appeal_takedown(letter, words="It is true.", by=organizer, now=NOW + APPEAL_WITHIN)
    for _ in range(2):
        appeal_takedown(letter, words="It is true.", by=organizer, now=NOW)
    with pytest.raises(Refused, match="appeal_over"):
        appeal_takedown(letter, words="It is really true.", by=organizer, now=NOW)


@pytest.fixture
def appealed(letter: Letter, take_down: TakeDownLetter, organizer: User) -> Letter:
    take_down(letter)
    appeal_takedown(letter, words="It is true.", by=organizer, now=NOW)
    return letter


def test_nobody_decides_about_their_own_decision_or_their_own_collective(
    appealed: Letter, warden: User, other_warden: User, told: list[str]
) -> None:
    letter = appealed
    Membership.objects.create(collective=letter.collective, user=other_warden, role="editor", created_at=NOW)
    told.clear()
    for person in (warden, other_warden):
        for reverse in (True, False):
            with pytest.raises(Refused, match="needs_another_moderator"):
                decide_appeal(letter, reverse=reverse, answer=ANSWER, by=person, now=NOW)
    with pytest.raises(Refused, match="needs_another_moderator"):
        restore_taken_down(letter, answer=ANSWER, by=other_warden, now=NOW)
    assert (Letter.objects.get().status, told) == ("taken_down", [])


@pytest.mark.parametrize(("reverse", "status"), [(True, "published"), (False, "taken_down")])
def test_another_moderator_decides_on_the_appeal(
    appealed: Letter, other_warden: User, told: list[str], reverse: bool, status: str
) -> None:
    letter = appealed
    told.clear()
    with pytest.raises(Refused, match="no_reason"):
        decide_appeal(letter, reverse=reverse, answer=" ", by=other_warden, now=NOW)
    decide_appeal(letter, reverse=reverse, answer=ANSWER, by=other_warden, now=NOW)
    assert Letter.objects.get().status == status
    assert ANSWER in told[0]
    assert ("stays down" in told[0]) is not reverse
    with pytest.raises(Refused, match="not_taken_down" if reverse else "appeal_settled"):
        decide_appeal(letter, reverse=not reverse, answer=ANSWER, by=other_warden, now=NOW)


@pytest.mark.parametrize(
    ("decision", "after"),
    [
        ("restore", ("published", "reversed", "reverse_takedown")),
        ("keep", ("taken_down", "upheld", "uphold_takedown")),
    ],
)
def test_where_the_site_has_one_moderator_alone_the_console_decides(
    appealed: Letter, told: list[str], decision: str, after: tuple[str, str, str]
) -> None:
    told.clear()
    status, outcome, verb = after
    call_command("decide_appeal", appealed.slug, decision, answer=ANSWER)
    decided = TakeDown.objects.get()
    assert (Letter.objects.get().status, decided.outcome, decided.decided_by) == (status, outcome, None)
    assert ANSWER in told[0]
    event = AuditEvent.objects.get(verb=verb)
    assert (event.actor_kind, event.actor, event.reason) == ("system", None, ANSWER)


def test_the_console_needs_an_appeal_and_reasons(letter: Letter, take_down: TakeDownLetter, organizer: User) -> None:
    refusals = {"nothing": "There is no public letter nothing.", letter.slug: "This letter has not been taken down."}
    for slug, said in refusals.items():
        with pytest.raises(CommandError, match=said):
            call_command("decide_appeal", slug, "restore", answer=ANSWER)
    take_down(letter)
    with pytest.raises(CommandError, match="No appeal is waiting"):
        call_command("decide_appeal", letter.slug, "keep", answer=ANSWER)
    appeal_takedown(letter, words="It is true.", by=organizer, now=NOW)
    with pytest.raises(CommandError, match="Enter the reasons"):
        call_command("decide_appeal", letter.slug, "keep")


def test_without_an_appeal_there_is_nothing_to_decide(
    letter: Letter, take_down: TakeDownLetter, other_warden: User
) -> None:
    with pytest.raises(Refused, match="not_taken_down"):
        decide_appeal(letter, reverse=True, answer=ANSWER, by=other_warden, now=NOW)
    take_down(letter)
    with pytest.raises(Refused, match="appeal_settled"):
        decide_appeal(letter, reverse=True, answer=ANSWER, by=other_warden, now=NOW)


def test_everything_is_recorded(
    letter: Letter, take_down: TakeDownLetter, organizer: User, warden: User, other_warden: User
) -> None:
    take_down(letter)
    appeal_takedown(letter, words="It is true.", by=organizer, now=NOW)
    decide_appeal(letter, reverse=False, answer=ANSWER, by=other_warden, now=NOW)
    restore_taken_down(letter, answer="The law has changed.", by=warden, now=NOW)
    verbs = ["take_down_letter", "appeal_takedown", "uphold_takedown", "restore_taken_down"]
    events = AuditEvent.objects.filter(verb__in=verbs).order_by("pk")
    assert list(events.values_list("verb", "collective_id")) == [(verb, letter.collective_id) for verb in verbs]
