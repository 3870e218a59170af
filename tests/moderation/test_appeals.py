"""A signer appeals against a rejection, and another moderator decides."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from letters.models import AuditEvent, Letter, RejectionAppeal, ReviewClaim, ReviewDecision, Signature, User
from letters.models.takedown import APPEAL_WITHIN
from letters.moderator.moderation.operations import (
    accept_signatures,
    claim_signatures,
    hold_signatures,
    queue_appeals,
    reject_signatures,
    restore_signatures,
    undo_decision,
)
from letters.moderator.moderation.queries import scope_of, waiting_in
from letters.moderator.public_account.queries import removed_by_reason
from letters.shared.refused import Refused
from letters.signer.signing.operations import appeal_rejection, disown_signature, withdraw_signature
from tests.people import FROM_OUR_PAGE, NOW, Reader, browser_of, publish, sign_and_confirm, words

pytestmark = pytest.mark.django_db

WORDS = "I am a person, and my parents liked the name."
# The letter is of a collective in UTC, so the daily hour is 8:00.
NEXT_DAY = (NOW + timedelta(days=1)).replace(hour=8, minute=0, second=0, microsecond=0)


@pytest.fixture
def signature(letter: Letter, moderator: User) -> Signature:
    """A published signature that the moderator rejected."""
    signature = sign_and_confirm(letter, affiliation="Analysts")
    publish()
    return rejected(signature, moderator)


def rejected(signature: Signature, by: User) -> Signature:
    reject_signatures(signature.letter, [signature.pk], reason="", code="not_a_person", by=by, now=NOW)
    publish()
    signature.refresh_from_db()
    return signature


@pytest.fixture
def appealed(signature: Signature) -> Signature:
    """The same signature, after an appeal that is in the queue now."""
    appeal_rejection(signature, words=WORDS, now=NOW)
    assert queue_appeals(now=NEXT_DAY) == 1
    signature.refresh_from_db()
    return signature


@pytest.fixture
def warden() -> User:
    return User.objects.create_user("warden@example.org", moderates_site=True)


def queue_of(person: User, now: datetime = NEXT_DAY) -> list[int]:
    return [each.pk for each in claim_signatures(scope_of(person), by=person, now=now, most=20)]


def accept(signature: Signature, by: User) -> int:
    return accept_signatures(signature.letter, [signature.pk], by=by, now=NEXT_DAY)


def keep(signature: Signature, by: User) -> int:
    return reject_signatures(signature.letter, [signature.pk], reason="", code="abuse", by=by, now=NEXT_DAY)


def control_page(signature: Signature) -> str:
    return words(Reader().get(signature.link("manage", now=NOW)))


def state(signature: Signature) -> tuple[str, str, int | None]:
    signature.refresh_from_db()
    return signature.state, signature.concern, signature.number


# The signer


def test_the_page_behind_the_control_link_takes_one_appeal(signature: Signature) -> None:
    ReviewDecision.objects.update(decided_at=timezone.now())
    reader = Reader()
    link = signature.link("manage", now=NOW)
    page = words(reader.get(link))
    assert "Another moderator will decide." in page
    answer = reader.client.post(link, {"action": "appeal", "reason": WORDS}, headers=FROM_OUR_PAGE)
    assert answer.status_code == 303
    page = words(reader.get(link))
    assert "We have received your appeal. From tomorrow, another moderator can read it and decide." in page
    assert WORDS in page
    assert "Send the appeal" not in page
    again = reader.client.post(link, {"action": "appeal", "reason": "And another thing."}, headers=FROM_OUR_PAGE)
    assert again.status_code == 422
    assert "You can no longer appeal" in words(again)
    assert RejectionAppeal.objects.get().words == WORDS


def test_an_appeal_needs_words_and_has_a_limit(signature: Signature) -> None:
    ReviewDecision.objects.update(decided_at=timezone.now())
    link = signature.link("manage", now=NOW)
    for typed, sentence in [("  ", "Explain why the decision is wrong."), ("x" * 2001, "at most 2000 characters")]:
        answer = Reader().client.post(link, {"action": "appeal", "reason": typed}, headers=FROM_OUR_PAGE)
        assert answer.status_code == 422
        assert sentence in words(answer)
    with pytest.raises(Refused, match="no_reason"):
        appeal_rejection(signature, words=" ", now=NOW)
    assert not RejectionAppeal.objects.exists()


def test_a_signer_can_appeal_for_half_a_year(signature: Signature) -> None:
    last = NOW + APPEAL_WITHIN
    with pytest.raises(Refused, match="appeal_over"):
        appeal_rejection(signature, words=WORDS, now=last)
    appeal_rejection(signature, words=WORDS, now=last - timedelta(seconds=1))
    assert RejectionAppeal.objects.exists()


def test_nobody_appeals_without_a_rejection(letter: Letter, moderator: User, organizer: User) -> None:
    signature = sign_and_confirm(letter)
    with pytest.raises(Refused, match="appeal_over"):
        appeal_rejection(signature, words=WORDS, now=NOW)
    publish()
    hold_signatures(letter, [signature.pk], by=moderator, now=NOW)
    signature.refresh_from_db()
    assert "Send the appeal" not in control_page(signature)
    with pytest.raises(Refused, match="appeal_over"):
        appeal_rejection(signature, words=WORDS, now=NOW)


def test_a_second_click_changes_nothing(signature: Signature) -> None:
    for _ in range(2):
        appeal_rejection(signature, words=f" {WORDS} ", now=NOW)
    assert RejectionAppeal.objects.count() == 1


def test_the_words_are_in_the_file_and_go_with_the_signature(signature: Signature) -> None:
    appeal_rejection(signature, words=WORDS, now=NOW)
    stored = Reader().get(f"{signature.link('manage', now=NOW)}data.json").json()
    assert [each["words"] for each in stored["appeals"]] == [WORDS]
    withdraw_signature(signature, now=NOW)
    assert not RejectionAppeal.objects.exists()


def test_disowning_deletes_the_words_too(appealed: Signature) -> None:
    disown_signature(appealed, now=NOW)
    assert not RejectionAppeal.objects.exists()


# The queue


def test_moderators_get_an_appeal_only_at_the_daily_hour_of_the_next_day(
    signature: Signature, organizer: User, moderator: User
) -> None:
    before = browser_of(organizer).get("/moderate/").content
    appeal_rejection(signature, words=WORDS, now=NOW)
    assert queue_appeals(now=NEXT_DAY - timedelta(seconds=1)) == 0
    assert (state(signature)[1], queue_of(organizer)) == ("", [])
    assert len(browser_of(organizer).get("/moderate/").content) == len(before)
    assert not AuditEvent.objects.filter(verb="appeal_rejection").exists()
    assert queue_appeals(now=NEXT_DAY) == 1
    assert queue_of(organizer) == [signature.pk]
    assert AuditEvent.objects.get(verb="appeal_rejection").at == NEXT_DAY
    assert queue_appeals(now=NEXT_DAY) == 0


def test_another_moderator_reads_the_appeal_and_the_reason(
    appealed: Signature, organizer: User, moderator: User, warden: User
) -> None:
    for person in (organizer, warden):
        page = words(browser_of(person).get("/moderate/"))
        assert f"The signer appeals: {WORDS}" in page
        assert "Rejected for: Not a person" in page
        ReviewClaim.objects.all().delete()


def test_the_moderator_who_rejected_never_gets_it(appealed: Signature, moderator: User) -> None:
    assert queue_of(moderator) == []
    assert waiting_in(scope_of(moderator)) == 0
    # An earlier claim does not help.
    ReviewClaim.objects.create(signature=appealed, moderator=moderator, until=NEXT_DAY + timedelta(days=999))
    assert queue_of(moderator) == []
    page = words(browser_of(moderator).get("/moderate/"))
    assert WORDS not in page
    assert "A signer has appealed against one of your decisions." in page
    listed = words(browser_of(moderator).get(f"/moderate/{appealed.letter.slug}/waiting/"))
    assert "Ada" not in listed


def test_the_moderator_who_rejected_finds_it_but_has_no_button(appealed: Signature, moderator: User) -> None:
    page = browser_of(moderator).get(f"/moderate/search/?letter={appealed.letter.slug}&q=ada").content.decode()
    assert "The signer has appealed against a decision of yours, so another moderator must decide." in page
    assert 'name="accept"' not in page
    assert 'name="restore"' not in page


def test_every_operation_refuses_the_moderator_who_rejected(appealed: Signature, moderator: User) -> None:
    before = state(appealed)
    for decide in (accept, keep):
        with pytest.raises(Refused, match="another_decides"):
            decide(appealed, moderator)
    with pytest.raises(Refused, match="another_decides"):
        hold_signatures(appealed.letter, [appealed.pk], by=moderator, now=NEXT_DAY)
    with pytest.raises(Refused, match="decided_again"):
        undo_decision(ReviewDecision.objects.get(), by=moderator, now=NEXT_DAY)
    assert restore_signatures(appealed.letter, [appealed.pk], by=moderator, now=NEXT_DAY) == 0
    assert state(appealed) == before
    assert RejectionAppeal.objects.get().waits


def test_a_form_of_the_moderator_who_rejected_is_refused_in_words(appealed: Signature, moderator: User) -> None:
    desk = browser_of(moderator)
    page = desk.get(f"/moderate/search/?letter={appealed.letter.slug}&q=ada").content.decode()
    item = page.split('name="item" value="')[1].split('"')[0]
    answer = desk.post("/moderate/decide/", {"item": item, "accept": "1"}, headers={"Accept": "application/json"})
    assert answer.status_code == 409
    assert "another moderator must decide" in answer.json()["said"]


def test_the_database_refuses_a_settlement_by_the_same_person(appealed: Signature, moderator: User) -> None:
    decision = ReviewDecision.objects.get()
    values = {"outcome": "upheld", "settlement": decision, "settled_by": moderator}
    with pytest.raises(IntegrityError, match="settled_by_another"), transaction.atomic():
        RejectionAppeal.objects.update(**values)


def test_the_second_person_of_a_bulk_decision_does_not_decide_either(
    appealed: Signature, organizer: User, warden: User
) -> None:
    RejectionAppeal.objects.update(approved_by=organizer)
    assert queue_of(organizer) == []
    with pytest.raises(Refused, match="another_decides"):
        accept(appealed, organizer)
    assert queue_of(warden) == [appealed.pk]
    assert accept(appealed, warden) == 1


# The decision


def test_accepting_restores_the_signature_under_its_number(
    letter: Letter, appealed: Signature, organizer: User
) -> None:
    number = appealed.number
    assert accept(appealed, organizer) == 1
    publish()
    letter.refresh_from_db()
    assert state(appealed) == ("published", "", number)
    assert (letter.signature_count, letter.removed_count) == (1, 0)
    assert "After your appeal, another moderator has restored your signature." in control_page(appealed)


def test_accepting_publishes_a_signature_that_never_had_a_number(
    letter: Letter, moderator: User, organizer: User
) -> None:
    letter.reviewed = True
    letter.save()
    held = rejected(sign_and_confirm(letter), moderator)
    assert held.number is None
    appeal_rejection(held, words=WORDS, now=NOW)
    queue_appeals(now=NEXT_DAY)
    assert queue_of(organizer) == [held.pk]
    assert accept(held, organizer) == 1
    publish()
    assert state(held) == ("published", "", 1)


def test_keeping_the_rejection_tells_the_new_reason_and_ends_it(appealed: Signature, organizer: User) -> None:
    assert keep(appealed, organizer) == 1
    assert state(appealed)[:2] == ("rejected", "")
    page = control_page(appealed)
    assert "Another moderator has read your appeal, and decided that the signature stays removed." in page
    assert "It contains an insult or an advertisement." in page
    assert "Send the appeal" not in page
    with pytest.raises(Refused, match="appeal_over"):
        appeal_rejection(appealed, words="Once more.", now=NEXT_DAY)
    assert queue_of(organizer) == []


@pytest.mark.parametrize("decide", [accept, keep])
def test_a_decision_on_an_appeal_can_be_undone(
    appealed: Signature, organizer: User, moderator: User, decide: object
) -> None:
    before = state(appealed)
    assert callable(decide)
    assert decide(appealed, organizer) == 1
    publish()
    newest = ReviewDecision.objects.latest("pk")
    with pytest.raises(Refused, match="another_decides"):
        undo_decision(newest, by=moderator, now=NEXT_DAY)
    undo_decision(newest, by=organizer, now=NEXT_DAY)
    publish()
    assert state(appealed) == before
    assert RejectionAppeal.objects.get().waits
    assert queue_of(organizer) == [appealed.pk]
    assert accept(appealed, organizer) == 1


def test_an_appeal_can_be_put_on_hold(appealed: Signature, organizer: User, moderator: User) -> None:
    assert hold_signatures(appealed.letter, [appealed.pk], by=organizer, now=NEXT_DAY) == 1
    assert queue_of(organizer) == []
    assert "We have received your appeal." in control_page(appealed)
    later = NEXT_DAY + timedelta(days=1, seconds=1)
    assert queue_of(moderator, later) == []
    assert queue_of(organizer, later) == [appealed.pk]


def test_an_appeal_that_was_overtaken_is_deleted(letter: Letter, signature: Signature, moderator: User) -> None:
    appeal_rejection(signature, words=WORDS, now=NOW)
    undo_decision(ReviewDecision.objects.get(), by=moderator, now=NOW)
    assert queue_appeals(now=NEXT_DAY) == 0
    assert not RejectionAppeal.objects.exists()
    assert state(signature)[0] == "published"


def reject_again(signature: Signature, by: User) -> None:
    restore_signatures(signature.letter, [signature.pk], by=by, now=NOW)
    rejected(signature, by)


def test_nobody_makes_an_appeal_go_away_by_restoring_and_rejecting_again(
    signature: Signature, moderator: User, organizer: User
) -> None:
    appeal_rejection(signature, words=WORDS, now=NOW)
    reject_again(signature, moderator)
    assert queue_appeals(now=NEXT_DAY) == 1
    assert RejectionAppeal.objects.get().decision == ReviewDecision.objects.filter(verb="reject").latest("pk")
    assert (queue_of(moderator), queue_of(organizer)) == ([], [signature.pk])
    assert "We have received your appeal." in control_page(signature)
    assert accept(signature, organizer) == 1


@pytest.mark.parametrize("undo", [True, False])
def test_nobody_who_ever_rejected_it_decides(
    signature: Signature, moderator: User, organizer: User, warden: User, undo: bool
) -> None:
    appeal_rejection(signature, words=WORDS, now=NOW)
    if undo:
        undo_decision(ReviewDecision.objects.get(), by=moderator, now=NOW)
        rejected(signature, organizer)
    else:
        reject_again(signature, organizer)
    assert queue_appeals(now=NEXT_DAY) == 1
    for person in (moderator, organizer):
        assert (queue_of(person), waiting_in(scope_of(person))) == ([], 0)
        with pytest.raises(Refused, match="another_decides"):
            accept(signature, person)
    assert queue_of(warden) == [signature.pk]
    assert keep(signature, warden) == 1


def test_nobody_makes_an_appeal_go_away_by_taking_a_restored_signature_off_the_list(
    signature: Signature, moderator: User, organizer: User
) -> None:
    appeal_rejection(signature, words=WORDS, now=NOW)
    restore_signatures(signature.letter, [signature.pk], by=moderator, now=NOW)
    hold_signatures(signature.letter, [signature.pk], by=moderator, now=NEXT_DAY)
    assert queue_appeals(now=NEXT_DAY) == 1
    assert (queue_of(moderator), queue_of(organizer)) == ([], [signature.pk])


def test_of_two_appeals_the_newer_stays(signature: Signature, moderator: User, organizer: User) -> None:
    appeal_rejection(signature, words=WORDS, now=NOW)
    reject_again(signature, moderator)
    appeal_rejection(signature, words="You did it again.", now=NOW)
    assert queue_appeals(now=NEXT_DAY) == 1
    assert RejectionAppeal.objects.get().words == "You did it again."
    assert keep(signature, organizer) == 1


def test_a_new_rejection_after_a_reversed_one_can_be_appealed(appealed: Signature, organizer: User) -> None:
    accept(appealed, organizer)
    publish()
    rejected(appealed, organizer)
    appeal_rejection(appealed, words="I have not changed.", now=NEXT_DAY)
    assert RejectionAppeal.objects.count() == 2


def test_owners_read_of_an_appeal_only_that_there_was_one(appealed: Signature, organizer: User) -> None:
    page = words(browser_of(organizer).get("/organize/collectives/night-train/record/"))
    assert "A signer of Keep the night trains running appealed against a rejection." in page
    assert WORDS not in page


def test_an_appeal_changes_no_public_number_and_no_page(letter: Letter, signature: Signature) -> None:
    letter.refresh_from_db()
    before = (letter.version, letter.signature_count, letter.removed_count, letter.awaiting_review)
    reasons = removed_by_reason(letter.pk)
    assert reasons == {"not_a_person": 1}
    appeal_rejection(signature, words=WORDS, now=NOW)
    queue_appeals(now=NEXT_DAY)
    publish()
    letter.refresh_from_db()
    assert (letter.version, letter.signature_count, letter.removed_count, letter.awaiting_review) == before
    assert removed_by_reason(letter.pk) == reasons


def test_a_client_without_a_link_cannot_appeal(signature: Signature) -> None:
    answer = Client().post("/signatures/manage/none/", {"action": "appeal", "reason": WORDS}, headers=FROM_OUR_PAGE)
    assert answer.status_code == 404
    assert not RejectionAppeal.objects.exists()
