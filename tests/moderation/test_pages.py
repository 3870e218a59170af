"""A moderator's pages: only for moderators of the letter; nobody else learns that they exist."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from letters.models import AuditEvent, Letter, ReviewDecision, Signature, User
from letters.moderator.moderation.operations import accept_signatures, restore_signatures
from letters.moderator.moderation.queries import PAGE_LENGTH
from letters.shared.tokens import make_handle
from tests.conftest import LetterMaker
from tests.moderation.conftest import handles_of
from tests.people import NOW, Response, add_confirmed, add_published, browser_of, ids_of, publish, words

pytestmark = pytest.mark.django_db

QUEUE = "/moderate/night-trains/"
SEARCH = "/organize/letters/night-trains/signatures/"


@pytest.fixture
def desk(moderator: User) -> Client:
    """The moderator's browser."""
    return browser_of(moderator)


def states(letter: Letter) -> list[str]:
    return list(letter.signatures.order_by("pk").values_list("state", flat=True))


def decide(desk: Client, page: str = QUEUE, **fields: Any) -> Response:
    return desk.post(page, fields, follow=True)


def test_a_moderators_letters_are_listed_with_the_signatures_that_wait(reviewed: Letter, desk: Client) -> None:
    page = desk.get("/moderate/")
    assert "Keep the night trains running" in words(page)
    assert "5 to review" in words(page)


def test_a_person_without_letters_to_moderate_reads_how_to_get_some(letter: Letter, stranger: User) -> None:
    assert "You do not moderate any letters." in words(browser_of(stranger).get("/moderate/"))


@pytest.mark.parametrize("page", ["/moderate/", QUEUE, f"{QUEUE}published/"])
def test_a_signed_out_person_is_asked_to_sign_in(letter: Letter, page: str) -> None:
    answer = Client().get(page)
    assert answer.status_code == 302
    assert f"login/?next={page}" in answer["Location"]


@pytest.mark.parametrize("page", [QUEUE, f"{QUEUE}waiting/", f"{QUEUE}published/", f"{QUEUE}rejected/"])
def test_strangers_and_editors_get_a_404(reviewed: Letter, teammate: User, stranger: User, page: str) -> None:
    for person in (teammate, stranger):
        assert browser_of(person).get(page).status_code == 404
        assert browser_of(person).post(page, {"action": "accept", "ticked": handles_of(reviewed)}).status_code == 404
    assert states(reviewed) == ["held"] * 5


def test_a_draft_has_nothing_to_review(draft: LetterMaker, desk: Client) -> None:
    draft()
    assert desk.get(QUEUE).status_code == 404


def test_a_whole_page_can_be_accepted_at_once(reviewed: Letter, desk: Client) -> None:
    page = decide(desk, action="accept", ticked=handles_of(reviewed)[:4])
    assert "4 signatures accepted." in words(page)
    assert states(reviewed) == ["confirmed"] * 4 + ["held"]


def test_a_signatures_own_button_accepts_only_that_signature(reviewed: Letter, desk: Client) -> None:
    ids = handles_of(reviewed)
    assert "1 signature accepted." in words(decide(desk, accept=ids[2], ticked=ids))
    assert states(reviewed) == ["held", "held", "confirmed", "held", "held"]


def test_a_rejection_says_why_and_can_be_undone(reviewed: Letter, desk: Client) -> None:
    ids = handles_of(reviewed)
    assert "2 signatures rejected." in words(decide(desk, action="reject", ticked=ids[:2], reason="Not a person"))
    assert set(AuditEvent.objects.filter(verb="reject_signature").values_list("reason", flat=True)) == {"Not a person"}
    assert "Signer 1" in words(desk.get(f"{QUEUE}rejected/"))
    assert "1 signature restored." in words(decide(desk, f"{QUEUE}rejected/", restore=ids[0]))
    assert states(reviewed) == ["held", "rejected", "held", "held", "held"]


def test_nothing_is_rejected_without_a_reason_and_selected_rows_stay_selected(reviewed: Letter, desk: Client) -> None:
    first = handles_of(reviewed)[0]
    page = decide(desk, action="reject", ticked=[first])
    assert page.status_code == 422
    assert "Enter a reason, so that other moderators understand your decision." in words(page)
    assert f'value="{first}" checked' in page.content.decode()
    assert states(reviewed) == ["held"] * 5


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"action": "accept"}, "Select at least one signature."),
        ({"action": "accept", "ticked": ["x", "-1", "9" * 40]}, "Select at least one signature."),
        ({"action": "burn", "ticked": ["1"]}, "Select what to do."),
        ({}, "Select what to do."),
    ],
)
def test_an_empty_form_gets_a_sentence(reviewed: Letter, desk: Client, fields: dict[str, Any], sentence: str) -> None:
    page = decide(desk, **fields)
    assert page.status_code == 422
    assert sentence in words(page)
    assert states(reviewed) == ["held"] * 5


def test_a_published_signature_can_be_removed(letter: Letter, desk: Client) -> None:
    add_published(letter, 3)
    assert "Signer 3" in words(desk.get(f"{QUEUE}published/"))
    decide(desk, f"{QUEUE}published/", reject=handles_of(letter)[0], reason="Asked for it")
    publish()
    letter.refresh_from_db()
    assert (letter.signature_count, letter.removed_count) == (2, 1)


def test_the_page_gives_the_concern_and_says_who_sees_the_name(letter: Letter, desk: Client) -> None:
    add_confirmed(letter, 1, state="held", concern="disposable", display="organizers")
    page = words(desk.get(QUEUE))
    assert "Disposable email address." in page
    assert "only the organizers see the name" in page


def test_the_list_continues_to_its_last_page(letter: Letter, desk: Client) -> None:
    add_published(letter, PAGE_LENGTH + 2)
    first = desk.get(f"{QUEUE}published/").content.decode()
    assert 'href="?after=3"' in first
    rest = desk.get(f"{QUEUE}published/?after=3")
    assert rest.content.count(b'name="ticked"') == 2
    assert b"?after=" not in rest.content.replace(b'action="/moderate/night-trains/published/?after=3"', b"")


@pytest.mark.parametrize("after", ["x", "-1", "9" * 30, "٣"])
def test_a_page_number_that_is_no_number_shows_the_first_page(reviewed: Letter, desk: Client, after: str) -> None:
    assert "Signer 1" in words(desk.get(QUEUE, {"after": after}))


def test_no_cache_keeps_a_moderators_page(reviewed: Letter, desk: Client) -> None:
    assert "no-store" in desk.get(QUEUE)["Cache-Control"]


def test_another_site_cannot_decide(reviewed: Letter, moderator: User) -> None:
    desk = Client(enforce_csrf_checks=True)
    desk.force_login(moderator)
    assert desk.post(QUEUE, {"action": "accept", "ticked": handles_of(reviewed)}).status_code == 403
    assert states(reviewed) == ["held"] * 5


def test_no_page_names_a_signature_by_an_id(reviewed: Letter, desk: Client) -> None:
    """Ids of first signatories follow the order of the organizers' list."""
    ids = ids_of(reviewed)
    Signature.objects.filter(pk=ids[0]).update(state="rejected")
    for page in (QUEUE, f"{QUEUE}published/", f"{QUEUE}rejected/", SEARCH, f"{SEARCH}?shown=held"):
        html = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", desk.get(page).content.decode())
        assert not [pk for pk in ids if re.search(rf'["=/:]{pk}["/:&]', html)], page
    assert decide(desk, accept=str(ids[1])).status_code == 422
    other = make_handle(f"list:{reviewed.pk + 1}", ids[1])
    assert decide(desk, accept=other).status_code == 422


def test_waiting_signatures_are_not_in_the_order_of_an_imported_list(reviewed: Letter, desk: Client) -> None:
    for place, pk in enumerate(reversed(ids_of(reviewed))):
        Signature.objects.filter(pk=pk).update(confirmed_at=NOW + timedelta(minutes=place))
    text = words(desk.get(QUEUE))
    found = [f"Signer {number}" for number in re.findall(r"Signer (\d)", text)]
    assert found == ["Signer 5", "Signer 4", "Signer 3", "Signer 2", "Signer 1"]


def test_the_page_gives_neither_day_nor_country_of_a_nameless_signer(reviewed: Letter, desk: Client) -> None:
    first = reviewed.signatures.order_by("pk")[0]
    desk_before = words(desk.get(QUEUE))
    assert desk_before.count("2025") >= 5
    Signature.objects.filter(letter=reviewed).update(name="", display="nobody", country="IT")
    for page in (QUEUE, f"{SEARCH}?shown=held"):
        text = words(desk.get(page))
        assert "2025" not in text
        assert "Italy" not in text
        assert " IT " not in text
    assert first.fingerprint() not in desk.get(QUEUE).content.decode()


# Reasons beside the rows, and undoing


def test_a_reason_beside_the_row_rejects_with_one_click(reviewed: Letter, desk: Client) -> None:
    first, second = handles_of(reviewed)[:2]
    fields = {f"reason-{first}": "Not a person", f"reason-{second}": "Another", "reject": first}
    assert "1 signature rejected." in words(decide(desk, **fields))
    assert states(reviewed) == ["rejected", "held", "held", "held", "held"]
    assert AuditEvent.objects.get(verb="reject_signature").reason == "Not a person"


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501, "a\0b"])
def test_a_row_without_a_usable_reason_says_so_beside_it(reviewed: Letter, desk: Client, reason: str) -> None:
    first = handles_of(reviewed)[0]
    page = decide(desk, **{f"reason-{first}": reason, "reject": first})
    assert page.status_code == 422
    assert f'href="#reason-{first}"' in page.content.decode()
    assert page.content.count(b"<details open>") == 1
    assert states(reviewed) == ["held"] * 5


def undo_of(page: Response) -> dict[str, Any]:
    """Return what the button beside the message sends."""
    form = re.search(r'<form class="undo".*?</form>', page.content.decode(), re.DOTALL)
    assert form
    action = re.search(r'name="action" value="([^"]*)"', form[0])
    assert action
    return {"action": action[1], "ticked": re.findall(r'name="ticked" value="([^"]*)"', form[0])}


def test_a_rejection_is_undone_from_the_page_that_confirms_it(reviewed: Letter, desk: Client) -> None:
    page = decide(desk, action="reject", ticked=handles_of(reviewed)[:2], reason="Not a person")
    assert "2 decisions undone." in words(decide(desk, **undo_of(page)))
    assert states(reviewed) == ["held"] * 5


def test_undoing_an_acceptance_puts_the_signature_back_on_the_list(reviewed: Letter, desk: Client) -> None:
    page = decide(desk, accept=handles_of(reviewed)[0])
    publish()
    assert "1 decision undone." in words(decide(desk, **undo_of(page)))
    assert "Signer 1" in words(desk.get(QUEUE))
    assert "Signer 1" not in words(desk.get(f"{QUEUE}published/"))
    assert "Signer 1" not in words(desk.get(f"{QUEUE}rejected/"))


def test_undoing_a_restoration_brings_the_rejection_back_with_its_reason(reviewed: Letter, desk: Client) -> None:
    decide(desk, action="reject", ticked=handles_of(reviewed)[:1], reason="Not a person")
    page = decide(desk, f"{QUEUE}rejected/", restore=handles_of(reviewed)[0])
    assert "1 decision undone." in words(decide(desk, **undo_of(page)))
    assert states(reviewed)[0] == "rejected"
    assert ReviewDecision.objects.get(verb="reject").undone_at is None


def test_undo_leaves_what_someone_else_decided_since(reviewed: Letter, desk: Client, organizer: User) -> None:
    first = ids_of(reviewed)[0]
    page = decide(desk, action="reject", ticked=handles_of(reviewed)[:2], reason="Not a person")
    restore_signatures(reviewed, [first], by=organizer, now=NOW)
    accept_signatures(reviewed, [first], by=organizer, now=NOW)
    assert "1 decision undone." in words(decide(desk, **undo_of(page)))
    assert states(reviewed) == ["confirmed", *["held"] * 4]


def test_new_words_of_a_published_signature_have_no_button_to_reject_the_signature(
    letter: Letter, desk: Client
) -> None:
    add_published(letter, 1)
    Signature.objects.update(concern="changed", pending_changes={"affiliation": "Elsewhere"})
    page = decide(desk, accept=handles_of(letter)[0])
    assert "1 signature accepted." in words(page)
    assert b'class="undo"' not in page.content


def test_undo_is_offered_once_and_only_for_its_letter(reviewed: Letter, desk: Client) -> None:
    decide(desk, action="reject", ticked=handles_of(reviewed)[:1], reason="Not a person")
    assert b'class="undo"' not in desk.get(QUEUE).content


def test_the_page_says_how_many_wait(reviewed: Letter, desk: Client) -> None:
    assert "Waiting for a moderator 5 Published signatures Rejected signatures" in words(desk.get(f"{QUEUE}published/"))
