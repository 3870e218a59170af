"""The review queue: the riskiest first, nobody gets what another has, and nothing is decided twice."""

import json
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from letters.models import AuditEvent, Doubt, Letter, ReviewClaim, ReviewDecision, Signature, User
from letters.moderator.moderation.operations import (
    CLAIM_LIFETIME,
    accept_signatures,
    claim_signatures,
    deciding,
    end_claims,
    hold_signatures,
)
from letters.moderator.moderation.operations.begin import note_decision
from letters.moderator.moderation.queries import scope_of, signature_purpose, waiting_in
from letters.moderator.moderation.views.queue import AHEAD
from letters.shared.tokens import make_handle
from tests.conftest import LetterMaker
from tests.people import NOW, Response, add_confirmed, add_published, browser_of, ids_of, in_threads, publish, words

pytestmark = pytest.mark.django_db

QUEUE = "/moderate/"
DECIDE = "/moderate/decide/"
JSON = {"Accept": "application/json"}


@pytest.fixture
def desk(moderator: User) -> Client:
    return browser_of(moderator)


@pytest.fixture
def warden(db: None) -> User:
    """A person who moderates all letters of the site, and belongs to no collective."""
    return User.objects.create_user("wanda@example.org", name="Wanda", moderates_site=True)


def claim(person: User, most: int = AHEAD, **when: Any) -> list[int]:
    now = NOW + timedelta(**when)
    return [each.pk for each in claim_signatures(scope_of(person), by=person, now=now, most=most)]


def handle_for(person: User, signature_id: int) -> str:
    return make_handle(signature_purpose(person), signature_id)


def states(letter: Letter) -> list[str]:
    return list(letter.signatures.order_by("pk").values_list("state", flat=True))


def decide(desk: Client, person: User, signature_id: int, **fields: Any) -> Response:
    return desk.post(DECIDE, {"item": handle_for(person, signature_id), **fields}, follow=True)


# The order


def test_the_riskiest_signature_comes_first_and_then_the_oldest(reviewed: Letter, moderator: User) -> None:
    first, second, third, fourth, fifth = ids_of(reviewed)
    Signature.objects.filter(pk=fourth).update(risk=90)
    Signature.objects.filter(pk=second).update(risk=20)
    Signature.objects.filter(pk=fifth).update(confirmed_at=NOW - timedelta(days=1))
    assert claim(moderator) == [fourth, second, fifth, first, third]


def test_ordinary_signatures_never_enter_the_queue(letter: Letter, moderator: User) -> None:
    add_published(letter, 3)
    assert claim(moderator) == []
    Signature.objects.filter(pk=ids_of(letter)[1]).update(concern="bounced")
    assert claim(moderator) == ids_of(letter)[1:2]


def test_the_queue_holds_all_letters_of_a_moderator_or_one(
    reviewed: Letter, published: LetterMaker, moderator: User
) -> None:
    another = published("another", reviewed=True)
    add_confirmed(another, 2, state="held", risk=50)
    publish()
    assert claim(moderator) == [*ids_of(another), *ids_of(reviewed)]
    of_one = claim_signatures(scope_of(moderator, "night-trains"), by=moderator, now=NOW, most=AHEAD)
    assert [each.pk for each in of_one] == ids_of(reviewed)


# Claims


def test_two_moderators_never_get_the_same_signature(reviewed: Letter, moderator: User, organizer: User) -> None:
    mine, theirs = claim(moderator, 3), claim(organizer, 3)
    assert [len(mine), len(theirs)] == [3, 2]
    assert not {*mine} & {*theirs}


def test_a_moderator_gets_claimed_signatures_again(reviewed: Letter, moderator: User) -> None:
    assert claim(moderator, 3) == claim(moderator, 3, minutes=9) == claim(moderator, 3, minutes=18)


def test_a_claim_that_has_ended_is_free_for_others(reviewed: Letter, moderator: User, organizer: User) -> None:
    mine = claim(moderator, 5)
    assert claim(organizer, 5, seconds=CLAIM_LIFETIME.total_seconds() - 1) == []
    assert claim(organizer, 5, seconds=CLAIM_LIFETIME.total_seconds()) == mine
    assert claim(moderator, 5, seconds=CLAIM_LIFETIME.total_seconds()) == []


def test_ended_claims_are_deleted(reviewed: Letter, moderator: User) -> None:
    claim(moderator, 5)
    assert end_claims(now=NOW) == 0
    assert end_claims(now=NOW + CLAIM_LIFETIME) == 5


def test_a_decision_ends_the_claim(reviewed: Letter, moderator: User) -> None:
    mine = claim(moderator, 5)
    accept_signatures(reviewed, mine[:2], by=moderator, now=NOW)
    assert set(ReviewClaim.objects.values_list("pk", flat=True)) == {*mine[2:]}


def clear_queue(person: User) -> list[int]:
    """Claim and accept until nothing is left, as fast as possible. Returns the ids that this person decided about."""
    decided: list[int] = []
    while mine := claim(person, 5):
        for each in mine:
            letter = Letter.objects.get()
            if accept_signatures(letter, [each], by=person, now=NOW):
                decided.append(each)
    return decided


@pytest.mark.django_db(transaction=True)
def test_two_moderators_share_200_signatures_and_decide_about_none_twice(
    letter: Letter, moderator: User, organizer: User
) -> None:
    add_confirmed(letter, 200, state="held")
    by_both: Iterable[list[int]] = in_threads(clear_queue, [moderator, organizer], threads=2)
    decided = [each for decisions in by_both for each in decisions]
    assert len(decided) == len(set(decided)) == 200
    assert ReviewDecision.objects.count() == 200
    assert AuditEvent.objects.filter(verb="accept_signature").count() == 200
    connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_a_page_that_claims_a_signature_while_it_is_put_on_hold_does_not_stop_the_hold(
    reviewed: Letter, moderator: User, organizer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ids_of(reviewed)[0]

    def note_while_another_page_opens(*args: Any) -> list[ReviewDecision]:
        noted = note_decision(*args)
        in_threads(claim, [organizer], threads=1)
        return noted

    monkeypatch.setattr(f"{deciding.__name__}.note_decision", note_while_another_page_opens)
    assert hold_signatures(reviewed, [first], by=moderator, now=NOW) == 1
    (held,) = ReviewClaim.objects.filter(signature=first)
    assert (held.moderator, held.is_on_hold) == (moderator, True)
    assert claim(organizer, hours=23) == ids_of(reviewed)[1:]
    connections.close_all()


# Decisions on the page


def test_a_signature_is_accepted_and_the_next_page_offers_to_undo_it(
    reviewed: Letter, moderator: User, desk: Client
) -> None:
    first = ids_of(reviewed)[0]
    page = decide(desk, moderator, first, accept="1")
    assert "Accepted: Signer 1" in words(page)
    assert states(reviewed) == ["confirmed"] + ["held"] * 4
    undo = page.content.decode().split('name="undo" value="')[1].split('"')[0]
    assert "Undone." in words(desk.post(DECIDE, {"undo": undo}, follow=True))
    assert states(reviewed) == ["held"] * 5


@pytest.mark.parametrize(
    ("fields", "stored"),
    [
        ({"reject": "not_a_person"}, ("not_a_person", "", "Not a person")),
        ({"reject": "twice", "note": "See 3"}, ("twice", "See 3", "Signed more than once. See 3")),
        ({"reject": "other", "note": "A pet"}, ("other", "A pet", "A pet")),
    ],
)
def test_a_rejection_has_a_reason_from_the_list_or_another(
    reviewed: Letter, moderator: User, desk: Client, fields: dict[str, str], stored: tuple[str, str, str]
) -> None:
    decide(desk, moderator, ids_of(reviewed)[0], **fields)
    decision, event = ReviewDecision.objects.get(), AuditEvent.objects.get(verb="reject_signature")
    assert (decision.reason, decision.note, event.reason) == stored


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Select what to do."),
        ({"accept": "1", "reject": "twice"}, "Select what to do."),
        ({"reject": "other"}, "Enter a reason, so that other moderators understand your decision."),
        ({"reject": "burn"}, "This reason is no longer on the list."),
        ({"reject": "twice", "note": "x" * 501}, "500"),
        ({"reject": "twice", "note": "a\0b"}, "Null characters are not allowed."),
    ],
)
def test_a_wrong_form_gets_a_sentence_and_decides_nothing(
    reviewed: Letter, moderator: User, desk: Client, fields: dict[str, str], sentence: str
) -> None:
    assert sentence in words(decide(desk, moderator, ids_of(reviewed)[0], **fields))
    assert states(reviewed) == ["held"] * 5


def test_a_signature_that_changed_since_it_was_seen_is_left_alone(
    reviewed: Letter, moderator: User, desk: Client
) -> None:
    signature = reviewed.signatures.order_by("pk")[0]
    seen = signature.fingerprint()
    Signature.objects.filter(pk=signature.pk).update(name="Someone Else")
    for fields in ({"accept": "1"}, {"reject": "twice"}, {"hold": "1"}):
        page = decide(desk, moderator, signature.pk, seen=seen, **fields)
        assert "or it changed" in words(page)
    assert states(reviewed) == ["held"] * 5


def test_the_second_of_two_decisions_changes_nothing(
    reviewed: Letter, moderator: User, organizer: User, desk: Client
) -> None:
    first = ids_of(reviewed)[0]
    accept_signatures(reviewed, [first], by=organizer, now=NOW)
    assert "Someone else decided about this signature" in words(decide(desk, moderator, first, accept="1"))
    assert ReviewDecision.objects.count() == 1


def test_a_script_gets_data_and_no_redirect(reviewed: Letter, moderator: User, desk: Client) -> None:
    first = ids_of(reviewed)[0]
    answer = desk.post(DECIDE, {"item": handle_for(moderator, first), "accept": "1"}, headers=JSON)
    assert answer.json()["said"] == "Accepted: Signer 1"
    again = desk.post(DECIDE, {"undo": answer.json()["undo"]}, headers=JSON)
    assert again.json() == {"said": "Undone. The signature is in the queue again.", "undo": ""}
    assert desk.post(DECIDE, {"undo": answer.json()["undo"]}, headers=JSON).status_code == 409
    wrong = desk.post(DECIDE, {"item": handle_for(moderator, first)}, headers=JSON)
    assert (wrong.status_code, wrong.json()["said"]) == (422, "Select what to do.")


def test_the_next_signatures_come_as_data(reviewed: Letter, moderator: User, desk: Client) -> None:
    found = json.loads(desk.get(reverse("review_next")).content)
    assert found["waiting"] == 5
    assert found["html"].count('class="review-item"') == 5


def test_a_signature_on_hold_comes_back_a_day_later(reviewed: Letter, moderator: User, organizer: User) -> None:
    first, *others = ids_of(reviewed)
    hold_signatures(reviewed, [first], by=moderator, now=NOW)
    assert claim(moderator, hours=23) == others
    assert first in claim(organizer, hours=24)
    assert states(reviewed) == ["held"] * 5


def test_a_published_signature_on_hold_leaves_the_list_and_keeps_its_number(letter: Letter, moderator: User) -> None:
    add_published(letter, 3)
    second = ids_of(letter)[1]
    hold_signatures(letter, [second], by=moderator, now=NOW)
    publish()
    letter.refresh_from_db()
    assert (letter.signature_count, letter.removed_count, letter.last_number) == (2, 1, 3)
    assert claim(moderator, days=1) == [second]
    accept_signatures(letter, [second], by=moderator, now=NOW)
    publish()
    letter.refresh_from_db()
    assert (letter.signature_count, letter.removed_count, letter.last_number) == (3, 0, 3)
    assert Signature.objects.get(pk=second).number == 2


# Who may do it


@pytest.mark.parametrize("who", ["teammate", "stranger"])
def test_others_find_no_signature_in_the_queue_and_decide_nothing(
    reviewed: Letter, who: str, request: pytest.FixtureRequest
) -> None:
    person: User = request.getfixturevalue(who)
    desk = browser_of(person)
    assert "Signer" not in words(desk.get(QUEUE))
    assert desk.get(QUEUE, {"letter": "night-trains"}).status_code == 404
    assert desk.get(reverse("review_next"), {"letter": "night-trains"}).status_code == 404
    assert decide(desk, person, ids_of(reviewed)[0], accept="1").status_code == 404
    assert states(reviewed) == ["held"] * 5


def test_the_handle_of_another_moderator_names_nothing(reviewed: Letter, organizer: User, desk: Client) -> None:
    theirs = handle_for(organizer, ids_of(reviewed)[0])
    assert desk.post(DECIDE, {"item": theirs, "accept": "1"}).status_code == 404
    assert desk.post(DECIDE, {"item": "x", "accept": "1"}).status_code == 404
    assert desk.post(DECIDE, {"undo": "x"}).status_code == 404


def test_people_who_moderate_the_site_decide_about_every_letter(reviewed: Letter, warden: User) -> None:
    desk = browser_of(warden)
    assert "Signer 1" in words(desk.get(QUEUE))
    decide(desk, warden, ids_of(reviewed)[0], accept="1")
    assert states(reviewed) == ["confirmed"] + ["held"] * 4
    User.objects.filter(pk=warden.pk).update(moderates_site=False)
    assert decide(desk, warden, ids_of(reviewed)[1], accept="1").status_code == 404
    assert "Signer" not in words(desk.get(QUEUE))


def test_people_who_moderate_the_site_do_not_read_names_that_are_for_organizers(
    reviewed: Letter, warden: User, moderator: User
) -> None:
    Signature.objects.filter(letter=reviewed).update(display="organizers", affiliation="Sleeper Ltd", country="IT")
    ReviewClaim.objects.all().delete()
    theirs = words(browser_of(warden).get(QUEUE))
    assert "name withheld" in theirs
    for hidden in ("Signer 1", "Sleeper Ltd", "2025", "seconds"):
        assert hidden not in theirs
    ReviewClaim.objects.all().delete()
    assert "Signer 1" in words(browser_of(moderator).get(QUEUE))


def test_nobody_who_moderates_the_site_learns_of_a_draft(draft: LetterMaker, warden: User) -> None:
    letter = draft()
    letter.current_revision = letter.revisions.get()
    add_confirmed(letter, 2, state="held")
    assert claim(warden) == []
    assert waiting_in(scope_of(warden)) == 0


def test_the_page_shows_neither_day_nor_speed_of_a_signer_without_a_name(reviewed: Letter, desk: Client) -> None:
    Signature.objects.filter(letter=reviewed).update(name="", display="nobody", country="IT")
    page = words(desk.get(QUEUE))
    assert page.count("name withheld") == 5
    for hidden in ("2025", "seconds", "minutes", "IT "):
        assert hidden not in page


def test_the_page_shows_neither_number_nor_risk_of_a_signer_without_a_name(letter: Letter, desk: Client) -> None:
    add_published(letter, 2)
    Signature.objects.filter(letter=letter).update(concern="reported", risk=60)
    Signature.objects.filter(letter=letter, number=2).update(name="", display="nobody")
    page = words(desk.get(QUEUE))
    assert page.count("name withheld") == 1
    assert (page.count("High risk"), page.count("Published as number 1"), "number 2" in page) == (1, 1, False)


def test_no_page_of_the_queue_names_a_signature_by_an_id(reviewed: Letter, desk: Client) -> None:
    html = desk.get(QUEUE).content.decode()
    assert not [pk for pk in ids_of(reviewed) if f'"{pk}"' in html]


def test_the_queue_costs_the_same_however_many_wait(
    letter: Letter, desk: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    add_confirmed(letter, 60, state="held", now=timezone.now())
    with django_assert_max_num_queries(13):
        desk.get(QUEUE)


FILL = """
INSERT INTO letters_signature (letter_id, revision_id, language, name, affiliation, role, country, comment, display,
    state, verified, salt, number, counted, risk, signed_at, confirmed_at, published_at)
SELECT %(letter)s, %(revision)s, 'en', 'Signer ' || n, '', '', '', '', 'public',
    CASE WHEN n %% 10 = 0 THEN 'held' ELSE 'published' END, 'link', '', CASE WHEN n %% 10 = 0 THEN NULL ELSE n END,
    n %% 10 <> 0, n %% 100, %(now)s, %(now)s::timestamptz + n * interval '1 second',
    CASE WHEN n %% 10 = 0 THEN NULL ELSE %(now)s::timestamptz END
FROM generate_series(1, 50000) AS n
"""


@pytest.mark.parametrize("whose", ["moderator", "warden"])
def test_the_next_signatures_come_from_an_index_and_are_not_sorted(
    letter: Letter, whose: str, request: pytest.FixtureRequest
) -> None:
    person: User = request.getfixturevalue(whose)
    scope = scope_of(person)
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"letter": letter.pk, "revision": letter.current_revision_id, "now": NOW})
        cursor.execute("ANALYZE letters_signature")
        values = scope.values() | {"now": NOW, "most": AHEAD}
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {scope.candidates()}", values)
        (plan,) = cursor.fetchone()[0]
    scans = list(signature_scans(plan["Plan"]))
    assert [scan["Index Name"] for scan in scans] == [
        "signature_queue" if whose == "moderator" else "signature_queue_of_site"
    ]
    assert scans[0]["Actual Rows"] * scans[0]["Actual Loops"] <= AHEAD + 1


def signature_scans(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield each part of a plan that reads the table of signatures."""
    if plan.get("Relation Name") == "letters_signature":
        yield plan
    for part in plan.get("Plans", []):
        yield from signature_scans(part)


def test_a_signal_that_says_the_same_as_the_concern_is_said_once(
    reviewed: Letter, moderator: User, desk: Client
) -> None:
    first = Signature.objects.filter(pk=ids_of(reviewed)[0])
    first.update(concern="disposable", risk=99)
    Doubt.objects.create(signature=first.get(), reasons=["throwaway_domain"], scored_at=NOW)
    shown = words(desk.get(QUEUE))
    assert "The email address is at a provider of disposable mailboxes." in shown
    assert "Disposable email address" not in shown
