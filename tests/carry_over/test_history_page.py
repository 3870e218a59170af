"""The organizers' page about the history: published texts, who signed which, and asking about a change."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from letters.models import AuditEvent, CarryOver, Letter, OutgoingEmail, User
from letters.signer.carry_over import queries
from letters.signer.carry_over.operations import answer_carry_over, ask_to_carry_over
from letters.signer.carry_over.tasks import owe_questions
from tests.carry_over.conftest import NOTE, change_text
from tests.conftest import LetterMaker
from tests.people import NOW, browser_of, deliver, publish, sign_and_confirm, signature_of, words

PAGE = "/organize/letters/night-trains/history/"
ASK = f"{PAGE}ask/"


@pytest.fixture
def desk(organizer: User) -> Client:
    return browser_of(organizer)


@pytest.fixture
def signed(letter: Letter) -> Letter:
    for name in ("ada", "berta", "carlo"):
        sign_and_confirm(letter, f"{name}@example.org")
    publish()
    deliver()
    return letter


def test_it_lists_every_text_and_who_signed_it(signed: Letter, desk: Client) -> None:
    change_text(signed)
    said = words(desk.get(PAGE))
    assert f"March 4, 2025 · Change of substance 0 signatures {NOTE}" in said
    assert "March 3, 2025 · First text 3 signatures" in said
    assert "0 signed the letter as it is now, 3 an earlier one." in said


def test_the_page_says_before_publication_what_will_be_here(draft: LetterMaker, desk: Client) -> None:
    draft()
    assert "You have not published the letter yet." in words(desk.get(PAGE))
    assert desk.get(ASK).status_code == 302
    assert "nobody has signed it yet. Publish it first." in words(desk.post(ASK, follow=True))


@pytest.mark.parametrize("kind", ["", "correction"])
def test_without_a_change_of_substance_there_is_nothing_to_ask(signed: Letter, desk: Client, kind: str) -> None:
    if kind:
        change_text(signed, kind=kind, note="A comma.")
    assert "Ask the signers" not in words(desk.get(PAGE))
    assert desk.get(ASK)["Location"] == PAGE
    assert "There is nothing to ask the signers, so we emailed nobody." in words(desk.post(ASK, follow=True))
    assert not CarryOver.objects.exists()


def test_organizers_see_the_number_and_the_email_before_they_ask(signed: Letter, desk: Client) -> None:
    change_text(signed)
    assert f'href="{ASK}"' in desk.get(PAGE).content.decode()
    said = words(desk.get(ASK))
    assert "3 signatures are for an earlier text." in said
    assert "A letter that you signed has changed. Will you sign the new text?" in said
    assert NOTE in said
    assert "Their signatures stay with the text that they signed" in said
    assert not CarryOver.objects.exists()


def test_organizers_ask_once_and_see_the_progress(signed: Letter, desk: Client) -> None:
    change_text(signed)
    for _ in range(2):
        page = desk.post(ASK, follow=True)
    assert "We are preparing more emails." in words(page)
    assert AuditEvent.objects.filter(verb="ask_to_carry_over").count() == 1
    owe_questions(now=NOW)
    said = words(desk.get(PAGE))
    assert "Asked 3 Emails waiting 3 Carried over 0 Staying with the earlier text 0" in said
    assert "We are preparing more emails" not in said
    deliver()
    answer_carry_over(signature_of(signed), carries=True, seen=2, now=NOW)
    answer_carry_over(signature_of(signed, "berta@example.org"), carries=False, seen=2, now=NOW)
    said = words(desk.get(PAGE))
    assert (
        "Asked 3 Emails waiting 0 Carried over 1 Staying with the earlier text 1 No answer yet, or withdrawn 1" in said
    )
    assert desk.get(ASK)["Location"] == PAGE


def test_many_emails_are_not_counted_one_by_one(signed: Letter, desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "MAX_COUNTED", 2)
    change_text(signed)
    desk.post(ASK)
    owe_questions(now=NOW)
    assert "Emails waiting more than 2" in words(desk.get(PAGE))


def test_the_emails_of_another_question_are_not_counted(signed: Letter, desk: Client, organizer: User) -> None:
    change_text(signed)
    first = ask_to_carry_over(signed, by=organizer, now=NOW)
    owe_questions(now=NOW)
    change_text(signed, note="Again.")
    second = ask_to_carry_over(signed, by=organizer, now=NOW)
    assert (queries.still_to_send(first), queries.still_to_send(second)) == (3, 0)
    owe_questions(now=NOW)
    assert queries.still_to_send(second) == 3
    deliver()
    assert sorted(
        OutgoingEmail.objects.filter(sent_at__isnull=False, kind="carry_over").values_list("key", flat=True)
    ) == [f"carry_over:{second.pk}:{pk}" for pk in sorted(signed.signatures.values_list("pk", flat=True))]


@pytest.mark.parametrize("page", [PAGE, ASK])
def test_strangers_and_moderators_find_nothing(
    signed: Letter, stranger: User, moderator: User, teammate: User, page: str
) -> None:
    change_text(signed)
    assert Client().get(page).status_code == 302
    for person in (stranger, moderator):
        assert browser_of(person).get(page).status_code == 404
        assert browser_of(person).post(ASK).status_code == 404
    assert not CarryOver.objects.exists()
    assert browser_of(teammate).get(page).status_code == 200


def test_the_page_costs_the_same_however_many_texts_there_are(
    signed: Letter, desk: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for note in ("One", "Two", "Three"):
        change_text(signed, note=note)
    desk.post(ASK)
    owe_questions(now=NOW)
    # Queries: session, person, letter, texts, question, emails, and for the layout the letter's title and a message.
    with django_assert_num_queries(10):
        assert desk.get(PAGE).status_code == 200
