"""Second opinions: drawn by lot, blind, without effect by themselves, and published as an error rate."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from letters.models import WORDS, AuditEvent, ErrorRate, Letter, ReviewDecision, SecondOpinion, Signature, User
from letters.moderator.moderation.operations import (
    DRAWN_A_DAY,
    accept_signatures,
    claim_opinion,
    draw_decisions,
    give_opinion,
    reject_signatures,
    restore_signatures,
    settle_opinion,
    tend_opinions,
    undo_decision,
)
from letters.moderator.moderation.queries import opinion_purpose, scope_of
from letters.moderator.public_account.operations import renew_account
from letters.shared.refused import Refused
from letters.shared.tokens import make_handle
from letters.signer.signing.operations import Changes, change_signature, withdraw_signature
from tests.conftest import LetterMaker
from tests.people import NOW, Reader, add_confirmed, browser_of, ids_of, publish, sign_and_confirm, words

pytestmark = pytest.mark.django_db

TOMORROW = NOW + timedelta(days=1)
QUEUE = "/moderate/"
GIVE = "/moderate/about/opinion/"
SETTLE = "/moderate/about/opinions/"


@pytest.fixture
def warden(db: None) -> User:
    """A person who moderates all letters of the site, and belongs to no collective."""
    return User.objects.create_user("wanda@example.org", name="Wanda", moderates_site=True)


@pytest.fixture
def judge(db: None) -> User:
    """Another one."""
    return User.objects.create_user("julia@example.org", name="Julia", moderates_site=True)


@pytest.fixture
def decided(reviewed: Letter, moderator: User) -> Letter:
    """A letter about whose signatures a moderator has decided: the first three accepted, two rejected."""
    Signature.objects.update(confirmed_at=NOW)
    ids = ids_of(reviewed)
    accept_signatures(reviewed, ids[:3], by=moderator, now=NOW)
    reject_signatures(reviewed, ids[3:], reason="", code="twice", by=moderator, now=NOW)
    publish()
    return reviewed


@pytest.fixture
def accepted(letter: Letter, moderator: User) -> Signature:
    """A signature that a moderator accepted, on a letter that nobody reviews."""
    signature = sign_and_confirm(letter)
    Signature.objects.update(state="held", concern="doubtful")
    accept_signatures(letter, [signature.pk], by=moderator, now=NOW)
    publish()
    signature.refresh_from_db()
    return signature


def drawn(letter: Letter) -> list[SecondOpinion]:
    draw_decisions(now=TOMORROW)
    return list(SecondOpinion.objects.order_by("signature_id"))


def claimed(person: User, **when: Any) -> int | None:
    found = claim_opinion(scope_of(person), now=TOMORROW + timedelta(**when))
    return found[1].pk if found else None


def states(letter: Letter) -> list[tuple[str, str]]:
    return list(letter.signatures.order_by("pk").values_list("state", "concern"))


# The lot


def test_all_decisions_of_a_quiet_day_are_drawn_once(decided: Letter) -> None:
    assert [each.signature_id for each in drawn(decided)] == ids_of(decided)
    assert draw_decisions(now=TOMORROW + timedelta(hours=3)) == 0
    assert draw_decisions(now=TOMORROW + timedelta(days=1)) == 0, "they are of another day"


def test_of_many_decisions_some_are_drawn_and_nobody_can_guess_which(published: LetterMaker, moderator: User) -> None:
    letter = published(reviewed=True)
    add_confirmed(letter, 60, now=NOW - timedelta(hours=1), state="held")
    accept_signatures(letter, ids_of(letter), by=moderator, now=NOW)
    draws = []
    for _ in range(2):
        SecondOpinion.objects.all().delete()
        assert draw_decisions(now=TOMORROW) == DRAWN_A_DAY
        draws.append({each.signature_id for each in SecondOpinion.objects.all()})
    assert draws[0] != draws[1], "the same lot twice: one chance in 10 to the 15"


def test_what_was_undone_or_withdrawn_or_decided_again_is_not_drawn(decided: Letter, moderator: User) -> None:
    first, second, third, fourth, fifth = decided.signatures.order_by("pk")
    withdraw_signature(first, now=NOW)
    undo_decision(ReviewDecision.objects.get(signature=second), by=moderator, now=NOW)
    reject_signatures(decided, [third.pk], reason="", code="abuse", by=moderator, now=TOMORROW)
    withdraw_signature(fourth, now=NOW)
    assert [each.signature_id for each in drawn(decided)] == [fifth.pk]


def test_nothing_is_drawn_from_a_letter_that_is_down(decided: Letter) -> None:
    Letter.objects.update(status="taken_down")
    assert drawn(decided) == []


def test_a_decision_is_drawn_when_it_is_a_day_old(decided: Letter) -> None:
    assert draw_decisions(now=TOMORROW - timedelta(seconds=1)) == 0
    assert draw_decisions(now=TOMORROW) == 5


def test_days_without_a_draw_are_drawn_from_later(decided: Letter) -> None:
    ReviewDecision.objects.filter(verb="accept").update(decided_at=NOW + timedelta(days=3))
    assert draw_decisions(now=NOW + timedelta(days=5)) == 5


def test_decisions_of_long_ago_are_not_drawn(decided: Letter) -> None:
    assert draw_decisions(now=TOMORROW + timedelta(days=7)) == 0


def test_words_that_no_moderator_has_seen_are_not_drawn(accepted: Signature) -> None:
    change_signature(accepted, changes=Changes(display="public", name="Ada Scumbag"), now=NOW)
    assert drawn(accepted.letter) == []


def test_a_change_that_changes_nothing_keeps_the_decision(accepted: Signature) -> None:
    same = {name: getattr(accepted, name) for name in WORDS}
    change_signature(accepted, changes=Changes(display=accepted.display, **same), now=NOW)
    assert len(drawn(accepted.letter)) == 1


def test_a_signature_that_a_moderator_restores_is_drawn_too(decided: Letter, moderator: User) -> None:
    first, *_others = ids_of(decided)
    reject_signatures(decided, [first], reason="", code="twice", by=moderator, now=NOW)
    restore_signatures(decided, [first], by=moderator, now=NOW)
    newest = ReviewDecision.objects.filter(signature=first).latest("pk")
    assert newest.verb == "accept"
    assert drawn(decided)[0].decision == newest
    undo_decision(newest, by=moderator, now=TOMORROW)
    assert states(decided)[0] == ("rejected", "recheck"), "it waits for a moderator"


# Deciding again


def decide_again(letter: Letter, ids: list[int], by: User, **when: Any) -> None:
    now = NOW + timedelta(**when)
    restore_signatures(letter, ids, by=by, now=now)
    reject_signatures(letter, ids, reason="", code="twice", by=by, now=now)


def test_a_decision_taken_again_after_the_draw_is_checked_all_the_same(
    decided: Letter, moderator: User, warden: User
) -> None:
    *_others, last = drawn(decided)
    SecondOpinion.objects.exclude(pk=last.pk).delete()
    decide_again(decided, [last.signature_id], moderator, days=1)
    assert claimed(warden) == last.signature_id
    decide_again(decided, [last.signature_id], moderator, days=1)
    last.refresh_from_db()
    give_opinion(last, "accept", by=warden, now=TOMORROW)
    assert SecondOpinion.objects.get().decision == ReviewDecision.objects.latest("pk")
    tend_opinions(now=TOMORROW)
    assert str(ErrorRate.objects.get()) == "1 of 1"


def test_a_decision_taken_again_before_each_draw_is_drawn_all_the_same(decided: Letter, moderator: User) -> None:
    rejected = ids_of(decided)[3:]
    decide_again(decided, rejected, moderator, hours=23)
    assert [each.signature_id for each in drawn(decided)] == ids_of(decided)
    decide_again(decided, rejected, moderator, hours=47)
    assert draw_decisions(now=TOMORROW + timedelta(days=1)) == 0, "they wait for an answer already"


def test_a_rejection_is_checked_all_the_same_after_putting_it_back_was_undone(
    decided: Letter, moderator: User, organizer: User, warden: User, judge: User
) -> None:
    *_accepted, last = ids_of(decided)
    restore_signatures(decided, [last], by=moderator, now=NOW)
    undo_decision(ReviewDecision.objects.get(verb="restore"), by=moderator, now=NOW)
    opinion = drawn(decided)[-1]
    assert (opinion.signature_id, opinion.decision.verb) == (last, "reject")
    give_opinion(opinion, "accept", by=warden, now=TOMORROW)
    settle_opinion(opinion, was_wrong=True, by=judge, now=TOMORROW)
    assert states(decided)[-1] == ("held", "")


# Blind


def test_nobody_checks_their_own_decision(decided: Letter, moderator: User, organizer: User) -> None:
    drawn(decided)
    assert claimed(moderator) is None
    assert claimed(organizer) in ids_of(decided)


def test_two_moderators_never_have_the_same(decided: Letter, organizer: User, warden: User) -> None:
    drawn(decided)
    mine = claimed(organizer)
    assert claimed(organizer) == mine, "it stays until it is answered"
    assert claimed(warden) != mine
    taken = {claimed(warden, minutes=11), claimed(organizer, minutes=11)}
    assert len(taken) == 2


def test_accepted_and_rejected_look_the_same(published: LetterMaker, moderator: User, warden: User) -> None:
    letter = published(reviewed=True)
    add_confirmed(letter, 2, state="held")
    Signature.objects.update(name="Ada Lovelace", affiliation="", signed_at=NOW, confirmed_at=NOW)
    accepted, rejected = ids_of(letter)
    accept_signatures(letter, [accepted], by=moderator, now=NOW)
    reject_signatures(letter, [rejected], reason="", code="twice", by=moderator, now=NOW)
    publish()
    draw_decisions(now=TOMORROW)
    SecondOpinion.objects.update(drawn_at=TOMORROW + timedelta(days=3650))
    opinions = {each.signature_id: each for each in SecondOpinion.objects.all()}
    pages = []
    for pk in (accepted, rejected):
        SecondOpinion.objects.all().delete()
        opinions[pk].save(force_insert=True)
        said = words(browser_of(warden).get(QUEUE))
        pages.append(said[said.index("Second opinion") :])
    assert pages[0] == pages[1]
    assert "Ada Lovelace" in pages[0]
    assert "Published" not in pages[0]


@pytest.mark.parametrize("display", ["organizers", "nobody"])
def test_a_name_that_is_not_public_stays_withheld(decided: Letter, warden: User, display: str) -> None:
    name = "" if display == "nobody" else "Grace Hopper"
    Signature.objects.update(display=display, name=name, affiliation="Navy", comment="I object")
    drawn(decided)
    SecondOpinion.objects.update(drawn_at=TOMORROW + timedelta(days=3650))
    said = words(browser_of(warden).get(QUEUE))
    assert "name withheld" in said
    for hidden in ("Grace", "Navy", "object", "2025"):
        assert hidden not in said


# The answer


def test_an_answer_changes_nothing(decided: Letter, warden: User) -> None:
    before, version = states(decided), Letter.objects.get().version
    for each in drawn(decided):
        give_opinion(each, "reject", by=warden, now=TOMORROW)
    assert states(decided) == before
    assert Letter.objects.get().version == version
    assert SecondOpinion.objects.filter(disagrees=True).count() == 3
    assert {*AuditEvent.objects.filter(verb="check_decision").values_list("object_kind", flat=True)} == {"letter"}


def test_what_has_changed_since_it_was_drawn_drops_out(decided: Letter, warden: User) -> None:
    first, *_others = drawn(decided)
    Signature.objects.filter(pk=first.signature_id).update(name="Someone else")
    with pytest.raises(Refused, match="decided_again"):
        give_opinion(first, "accept", by=warden, now=TOMORROW)
    SecondOpinion.objects.exclude(pk=first.pk).delete()
    assert claimed(warden) is None
    assert not SecondOpinion.objects.filter(pk=first.pk).exists()


@pytest.mark.parametrize(("person", "refusal"), [("moderator", "second_person"), ("stranger", "not_yours")])
def test_these_people_cannot_answer(decided: Letter, person: str, refusal: str, request: pytest.FixtureRequest) -> None:
    first, *_others = drawn(decided)
    with pytest.raises(Refused, match=refusal):
        give_opinion(first, "accept", by=request.getfixturevalue(person), now=TOMORROW)


def test_nobody_answers_twice(decided: Letter, warden: User, organizer: User) -> None:
    first, *_others = drawn(decided)
    give_opinion(first, "accept", by=warden, now=TOMORROW)
    with pytest.raises(Refused, match="decided_again"):
        give_opinion(first, "reject", by=organizer, now=TOMORROW)


def give(desk: Client, person: User, opinion: SecondOpinion, answer: str) -> str:
    handle = make_handle(opinion_purpose(person), opinion.pk)
    return words(desk.post(GIVE, {"opinion": handle, "answer": answer}, follow=True))


def test_a_moderator_answers_on_the_page_of_the_queue(decided: Letter, warden: User) -> None:
    first, *_others = drawn(decided)
    assert "Your opinion alone changes nothing." in give(browser_of(warden), warden, first, "reject")
    first.refresh_from_db()
    assert (first.answer, first.disagrees, first.answered_by) == ("reject", True, warden)


def test_a_handle_of_someone_else_opens_nothing(decided: Letter, warden: User, judge: User) -> None:
    first, *_others = drawn(decided)
    handle = make_handle(opinion_purpose(judge), first.pk)
    assert browser_of(warden).post(GIVE, {"opinion": handle, "answer": "accept"}).status_code == 404


# Disagreements


def test_site_moderators_settle_a_disagreement(decided: Letter, warden: User, judge: User) -> None:
    first, *_others = drawn(decided)
    give_opinion(first, "reject", by=warden, now=TOMORROW)
    desk = browser_of(judge)
    assert "1 disagreement about a decision is waiting for you" in words(desk.get(QUEUE))
    assert "It was accepted. Another moderator would have rejected it." in words(desk.get(SETTLE))
    fields = {"opinion": make_handle(opinion_purpose(judge), first.pk), "verdict": "wrong"}
    assert "The decision is undone." in words(desk.post(SETTLE, fields, follow=True))
    assert states(decided)[0] == ("rejected", "recheck")


def test_a_decision_that_was_right_stays(decided: Letter, warden: User, judge: User) -> None:
    before = states(decided)
    first, *_others = drawn(decided)
    give_opinion(first, "reject", by=warden, now=TOMORROW)
    settle_opinion(first, was_wrong=False, by=judge, now=TOMORROW)
    assert states(decided) == before
    with pytest.raises(Refused, match="decided_again"):
        settle_opinion(first, was_wrong=True, by=judge, now=TOMORROW)


@pytest.mark.parametrize(
    ("person", "refusal"), [("moderator", "not_yours"), ("organizer", "not_yours"), ("warden", "second_person")]
)
def test_these_people_cannot_settle_it(
    decided: Letter, warden: User, person: str, refusal: str, request: pytest.FixtureRequest
) -> None:
    first, *_others = drawn(decided)
    give_opinion(first, "reject", by=warden, now=TOMORROW)
    with pytest.raises(Refused, match=refusal):
        settle_opinion(first, was_wrong=True, by=request.getfixturevalue(person), now=TOMORROW)


def test_nobody_settles_a_disagreement_about_words_that_have_changed(
    accepted: Signature, warden: User, judge: User
) -> None:
    (opinion,) = drawn(accepted.letter)
    give_opinion(opinion, "reject", by=warden, now=TOMORROW)
    change_signature(accepted, changes=Changes(display="public", name="Ada Scumbag"), now=TOMORROW)
    with pytest.raises(Refused, match="decided_again"):
        settle_opinion(opinion, was_wrong=True, by=judge, now=TOMORROW)
    assert "1 disagreement" not in words(browser_of(judge).get(QUEUE))
    tend_opinions(now=TOMORROW)
    assert str(ErrorRate.objects.get()) == "0 of 0"


# The rate


def test_a_disagreement_counts_as_wrong_until_it_is_settled(decided: Letter, warden: User, judge: User) -> None:
    opinions = drawn(decided)
    for each in opinions:
        give_opinion(each, "reject", by=warden, now=TOMORROW)
    tend_opinions(now=TOMORROW)
    assert str(ErrorRate.objects.get()) == "3 of 5"
    settle_opinion(opinions[0], was_wrong=False, by=judge, now=TOMORROW)
    settle_opinion(opinions[1], was_wrong=True, by=judge, now=TOMORROW)
    tend_opinions(now=TOMORROW)
    assert str(ErrorRate.objects.get()) == "2 of 5"


def test_what_nobody_answers_is_dropped_and_old_answers_are_forgotten(decided: Letter, warden: User) -> None:
    first, *_others = drawn(decided)
    give_opinion(first, "accept", by=warden, now=TOMORROW)
    tend_opinions(now=TOMORROW + timedelta(days=14))
    assert [*SecondOpinion.objects.all()] == [first]
    tend_opinions(now=TOMORROW + timedelta(days=365))
    assert not SecondOpinion.objects.exists()
    assert str(ErrorRate.objects.get()) == "0 of 0"


@pytest.mark.parametrize(
    ("checked", "wrong", "said"),
    [
        (200, 3, "Of 200 decisions that were checked within a year, 3 were wrong (0.5\u20134.3 %)."),
        (49, 1, "1 was wrong (0.4\u201310.7 %). This sample is small, so the rate is uncertain."),
        (9, 1, "Fewer than ten decisions have been checked within a year, so we publish no rate yet."),
    ],
)
def test_the_page_gives_the_rate_with_its_interval(
    db: None, reader: Reader, checked: int, wrong: int, said: str
) -> None:
    ErrorRate.objects.create(checked=checked, wrong=wrong)
    page = words(reader.get("/how-we-count/"))
    assert said in page
    assert ("small" in page) == (checked == 49)


def test_a_letter_has_a_rate_of_its_own_from_fifty_on(
    published: LetterMaker, reader: Reader, moderator: User, warden: User
) -> None:
    letter = published(reviewed=True)
    add_confirmed(letter, 50, now=NOW - timedelta(hours=1), state="held")
    accept_signatures(letter, ids_of(letter), by=moderator, now=NOW)
    publish()
    for day in (0, 1, 2):
        ReviewDecision.objects.filter(second_opinion=None).update(decided_at=NOW + timedelta(days=day))
        draw_decisions(now=TOMORROW + timedelta(days=day))
    opinions = list(SecondOpinion.objects.all())
    assert len(opinions) == 50
    for each in opinions[1:]:
        give_opinion(each, "accept", by=warden, now=TOMORROW)
    renew_account(letter, now=TOMORROW)
    assert letter.account.checked == 0
    give_opinion(opinions[0], "reject", by=warden, now=TOMORROW)
    renew_account(letter, now=TOMORROW)
    assert "Of 50 decisions that were checked within a year, 1 was wrong" in words(
        reader.get(letter.get_absolute_url())
    )
    assert reader.count(letter)["moderation"]["decisions_wrong"] == 1
