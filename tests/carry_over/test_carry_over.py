"""Signers are asked whether their signature carries over to a changed text, and answer."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from letters.base.outbox.built import Drop, Send
from letters.models import CarryOver, CarryOverAnswer, Letter, OutgoingEmail, Signature, SignerContact, User
from letters.public.public_pages.tasks import recount_letters
from letters.shared.refused import Refused
from letters.signer.carry_over.operations import answer_carry_over, ask_to_carry_over, owe_batch
from letters.signer.carry_over.tasks import owe_questions
from letters.signer.signing.operations import confirm_signature, withdraw_signature
from letters.tasks import EMAIL_BUILDERS
from tests.carry_over.conftest import NOTE, change_text
from tests.people import (
    FROM_OUR_PAGE,
    NOW,
    Response,
    Signer,
    deliver,
    in_threads,
    publish,
    sign,
    sign_and_confirm,
    signature_of,
    words,
)

ADA, BERTA, CARLO = [f"{name}@example.org" for name in ("ada", "berta", "carlo")]


@pytest.fixture
def signed(letter: Letter) -> Letter:
    """Three people have signed the first text; then the letter changes in substance."""
    for email in (ADA, BERTA, CARLO):
        sign_and_confirm(letter, email, name=email.split("@")[0].title())
    publish()
    deliver()
    mail.outbox.clear()
    change_text(letter)
    return letter


@pytest.fixture
def asked(signed: Letter, organizer: User) -> Letter:
    ask_to_carry_over(signed, by=organizer, now=NOW)
    owe_questions(now=NOW)
    return signed


def question(letter: Letter) -> CarryOver:
    return CarryOver.objects.get(revision__letter=letter)


def counts(letter: Letter) -> list[int | None]:
    return list(letter.revisions.order_by("number").values_list("signature_count", flat=True))


def answers(letter: Letter) -> tuple[int, int]:
    return question(letter).carried, question(letter).stayed


def press(signer: Signer, url: str, action: str, seen: int = 2) -> Response:
    return signer.client.post(url, {"action": action, "seen": seen}, headers=FROM_OUR_PAGE, follow=True)


def owed_to() -> list[int]:
    return sorted(OutgoingEmail.objects.filter(kind="carry_over").values_list("signature_id", flat=True))


# Asking


def test_everyone_who_signed_an_earlier_text_gets_one_email(asked: Letter, organizer: User) -> None:
    ask_to_carry_over(asked, by=organizer, now=NOW)
    owe_questions(now=NOW)
    deliver()
    assert sorted(to for message in mail.outbox for to in message.to) == [ADA, BERTA, CARLO]
    assert question(asked).owed == 3
    deliver()
    assert len(mail.outbox) == 3


def test_the_questions_leave_in_an_order_that_says_nothing_about_numbers(letter: Letter, organizer: User) -> None:
    """A mail log would otherwise order the mailboxes as the public list orders its entries."""
    emails = [f"signer{place}@example.org" for place in range(14)]
    for email in emails:
        sign_and_confirm(letter, email, display="organizers")
    publish()
    deliver()
    mail.outbox.clear()
    change_text(letter)
    ask_to_carry_over(letter, by=organizer, now=NOW)
    owe_questions(now=NOW)
    deliver()
    asked = [to for message in mail.outbox for to in message.to]
    assert sorted(asked) == sorted(emails)
    numbers = [signature_of(letter, email).number or 0 for email in asked]
    assert numbers != sorted(numbers)


def test_signers_of_the_new_text_and_signers_without_an_address_are_not_asked(signed: Letter, organizer: User) -> None:
    SignerContact.objects.filter(signature=signature_of(signed, BERTA)).delete()
    Signature.objects.filter(pk=signature_of(signed, CARLO).pk).update(concern="complained")
    sign_and_confirm(signed, "dora@example.org")
    publish()
    ask_to_carry_over(signed, by=organizer, now=NOW)
    owe_questions(now=NOW)
    assert owed_to() == [signature_of(signed, ADA).pk]


def test_a_person_who_confirms_an_earlier_text_late_is_asked_too(letter: Letter, organizer: User) -> None:
    late = sign(letter, ADA)
    sign_and_confirm(letter, BERTA)
    publish()
    change_text(letter)
    ask_to_carry_over(letter, by=organizer, now=NOW)
    owe_questions(now=NOW)
    assert owed_to() == [signature_of(letter, BERTA).pk]
    confirm_signature(late, verified=Signature.Verified.LINK, now=NOW)
    publish()
    owe_questions(now=NOW)
    assert owed_to() == sorted([late.pk, signature_of(letter, BERTA).pk])


def test_nobody_is_asked_about_a_correction(letter: Letter, organizer: User) -> None:
    for change in (lambda: None, lambda: change_text(letter, kind="correction", note="A comma.")):
        change()
        with pytest.raises(Refused, match="nothing_changed"):
            ask_to_carry_over(letter, by=organizer, now=NOW)


def test_the_question_is_still_about_the_change_after_a_correction_of_it(signed: Letter, organizer: User) -> None:
    change_text(signed, kind="correction", note="A comma.")
    asked = ask_to_carry_over(signed, by=organizer, now=NOW)
    assert asked.revision.number == 2


@pytest.mark.parametrize("status", ["draft", "withdrawn"])
def test_nobody_is_asked_about_a_letter_that_is_not_public(signed: Letter, organizer: User, status: str) -> None:
    Letter.objects.update(status=status)
    with pytest.raises(Refused, match=f"letter_{status}"):
        ask_to_carry_over(signed, by=organizer, now=NOW)
    assert not CarryOver.objects.exists()


def test_only_owners_and_editors_can_ask(signed: Letter, stranger: User, moderator: User, teammate: User) -> None:
    for person in (stranger, moderator):
        with pytest.raises(Refused, match="not_yours"):
            ask_to_carry_over(signed, by=person, now=NOW)
    ask_to_carry_over(signed, by=teammate, now=NOW)


def test_two_members_who_ask_at_once_ask_once(signed: Letter, organizer: User, teammate: User) -> None:
    for person in (organizer, teammate):
        ask_to_carry_over(signed, by=person, now=NOW)
    assert CarryOver.objects.count() == 1


# A task that is killed


def test_everyone_is_asked_exactly_once_if_the_worker_is_killed_after_any_batch(
    signed: Letter, organizer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ask_to_carry_over(signed, by=organizer, now=NOW)
    assert owe_batch(asked.pk, now=NOW, most=2)
    assert (question(signed).owed, question(signed).reached) == (2, 2)
    with monkeypatch.context() as patch:
        # Kill the worker in the middle of the next batch, after the emails and before the mark: nothing of the batch
        # stays.
        patch.setattr(CarryOver.objects, "filter", _die)
        with pytest.raises(RuntimeError, match="killed"):
            owe_batch(asked.pk, now=NOW, most=2)
    assert (question(signed).owed, len(owed_to())) == (2, 2)
    owe_questions(now=NOW)
    owe_questions(now=NOW)
    assert (question(signed).owed, len(owed_to())) == (3, 3)


def _die(**values: Any) -> None:
    raise RuntimeError("killed")


def test_nobody_gets_a_second_email_if_the_progress_mark_is_lost(asked: Letter) -> None:
    CarryOver.objects.update(reached=0)
    owe_questions(now=NOW)
    assert len(owed_to()) == 3


@pytest.mark.django_db(transaction=True)
def test_one_of_two_workers_at_once_does_the_work(signed: Letter, organizer: User) -> None:
    asked = ask_to_carry_over(signed, by=organizer, now=NOW)
    in_threads(lambda _: owe_questions(now=NOW), range(8), threads=8)
    owe_questions(now=NOW)
    assert (question(signed).owed, len(owed_to())) == (3, 3)
    assert asked.pk


def test_a_batch_costs_the_same_however_many_emails_it_creates(
    signed: Letter, organizer: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    asked = ask_to_carry_over(signed, by=organizer, now=NOW)
    with django_assert_num_queries(5):  # a savepoint and its end, the lock, the emails, the mark
        owe_batch(asked.pk, now=NOW)


# The email


def test_the_email_says_what_changed_and_leads_to_the_choice(asked: Letter, signer: Signer) -> None:
    text = signer.last_mail(ADA)
    assert NOTE in text
    assert mail.outbox[0].subject == "A letter that you signed has changed. Will you sign the new text?"
    assert "Keep the night trains running" in text
    assert "/letters/night-trains/history/" in text
    for purpose in ("carry-over", "manage", "not-me"):
        assert signer.get(signer.mailed_link(ADA, purpose=purpose)).status_code == 200
    assert "Ada" not in text


def test_the_email_is_in_the_language_of_the_signing(signed: Letter, organizer: User, signer: Signer) -> None:
    Signature.objects.update(language="it")
    ask_to_carry_over(signed, by=organizer, now=NOW)
    owe_questions(now=NOW)
    text = signer.last_mail(ADA)
    assert "Lasciate correre i treni notturni" in text
    assert "/it/letters/night-trains/history/" in text


def changed_again(letter: Letter) -> None:
    change_text(letter, note="Again.")


def answered(letter: Letter) -> None:
    answer_carry_over(signature_of(letter), carries=False, seen=2, now=NOW)


def withdrawn(letter: Letter) -> None:
    Letter.objects.update(status="withdrawn")


def rejected(letter: Letter) -> None:
    Signature.objects.update(state="rejected")


def forgotten(letter: Letter) -> None:
    SignerContact.objects.all().delete()


def complained(letter: Letter) -> None:
    Signature.objects.update(concern="complained")


@pytest.mark.parametrize("change", [changed_again, answered, withdrawn, rejected, forgotten, complained])
def test_an_email_that_is_no_longer_true_is_not_sent(asked: Letter, change: Callable[[Letter], None]) -> None:
    outgoing = OutgoingEmail.objects.get(kind="carry_over", signature=signature_of(asked))
    assert isinstance(EMAIL_BUILDERS["carry_over"](outgoing), Send)
    change(asked)
    assert isinstance(EMAIL_BUILDERS["carry_over"](outgoing), Drop)


def test_an_email_costs_few_queries(asked: Letter, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    outgoing = OutgoingEmail.objects.get(kind="carry_over", signature=signature_of(asked))
    with django_assert_num_queries(5):
        EMAIL_BUILDERS["carry_over"](outgoing)


# Answering


def test_opening_the_link_changes_nothing(asked: Letter, signer: Signer) -> None:
    url = signer.mailed_link(ADA, purpose="carry-over")
    version = Letter.objects.get().version
    for _ in range(3):
        answer = signer.get(url)
        signer.client.head(url)
    assert "Will you sign the new text?" in words(answer)
    assert f"You signed text No. 1. What changed on March 4, 2025, in the organizers’ words: {NOTE}" in words(answer)  # noqa: RUF001 -- meant
    assert "removed: Four end of removed text added: Five" in words(answer)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert not CarryOverAnswer.objects.exists()
    assert Letter.objects.get().version == version


def test_a_signature_that_carries_over_is_under_the_new_text_on_every_page(asked: Letter, signer: Signer) -> None:
    assert "0 signed this text, 3 an earlier one." in words(signer.get(asked.get_absolute_url()))
    answer = press(signer, signer.mailed_link(ADA, purpose="carry-over"), "carry")
    assert "Your signature is carried over" in words(answer)
    assert "1 signed this text, 2 an earlier one." in words(signer.get(asked.get_absolute_url()))
    listed = words(signer.get(asked.url_of("signatures")))
    assert "2 Berta signed the first text 1 Ada" in listed
    assert "1 Ada signed" not in listed
    assert (counts(asked), answers(asked)) == ([2, 1], (1, 0))
    assert signature_of(asked).number == 1


def test_a_signer_who_declines_stays_with_the_earlier_text(asked: Letter, signer: Signer) -> None:
    answer = press(signer, signer.mailed_link(BERTA, purpose="carry-over"), "stay")
    assert "Your signature stays with the text that you signed" in words(answer)
    assert (counts(asked), answers(asked)) == ([3, 0], (0, 1))


def test_an_answer_can_be_repeated_and_changed_at_any_time(asked: Letter, signer: Signer) -> None:
    url = signer.mailed_link(ADA, purpose="carry-over")
    for action, texts, said in [
        ("carry", [2, 1], (1, 0)),
        ("carry", [2, 1], (1, 0)),
        ("stay", [3, 0], (0, 1)),
        ("stay", [3, 0], (0, 1)),
        ("carry", [2, 1], (1, 0)),
    ]:
        assert press(signer, url, action).status_code == 200
        assert (counts(asked), answers(asked)) == (texts, said)
    assert CarryOverAnswer.objects.count() == 1


def test_the_text_that_was_signed_first_is_kept(asked: Letter, organizer: User) -> None:
    answer_carry_over(signature_of(asked), carries=True, seen=2, now=NOW)
    change_text(asked, note="Again.")
    ask_to_carry_over(asked, by=organizer, now=NOW)
    answer_carry_over(signature_of(asked), carries=True, seen=3, now=NOW)
    answer_carry_over(signature_of(asked), carries=False, seen=3, now=NOW)
    kept = CarryOverAnswer.objects.order_by("question").values_list("revision__number", "carries")
    assert list(kept) == [(1, True), (2, False)]
    assert signature_of(asked).revision.number == 2
    assert counts(asked) == [2, 1, 0]


def test_a_text_that_changed_while_it_was_read_is_shown_again(asked: Letter, signer: Signer) -> None:
    url = signer.mailed_link(ADA, purpose="carry-over")
    change_text(asked, kind="correction", note="A comma.")
    answer = press(signer, url, "carry", seen=2)
    assert answer.status_code == 409
    assert "The text changed again while you were reading, and nothing was saved." in words(answer)
    assert press(signer, url, "carry", seen=3).status_code == 200
    assert counts(asked) == [2, 0, 1]


@pytest.mark.parametrize("seen", ["", "x", "²", "-1", "9" * 30, "1"])
def test_an_invented_answer_changes_nothing(asked: Letter, signer: Signer, seen: str) -> None:
    answer = press(signer, signer.mailed_link(ADA, purpose="carry-over"), "carry", seen=seen)  # type: ignore[arg-type]
    assert answer.status_code == 409
    assert not CarryOverAnswer.objects.exists()


def test_a_withdrawn_signature_has_nothing_to_choose(asked: Letter, signer: Signer) -> None:
    url = signer.mailed_link(ADA, purpose="carry-over")
    withdraw_signature(signature_of(asked), now=NOW)
    assert "This signature was withdrawn" in words(signer.get(url))
    assert press(signer, url, "carry").status_code == 409
    publish()
    assert counts(asked) == [2, 0]


def test_a_withdrawn_letter_asks_nobody(asked: Letter, signer: Signer) -> None:
    url = signer.mailed_link(ADA, purpose="carry-over")
    Letter.objects.update(status="withdrawn", withdrawn_because="They answered.")
    assert "This letter was withdrawn" in words(signer.get(url))
    assert press(signer, url, "carry").status_code == 409


def test_a_later_change_without_a_question_leaves_nothing_to_choose(asked: Letter, signer: Signer) -> None:
    url = signer.mailed_link(ADA, purpose="carry-over")
    change_text(asked, note="Again.")
    assert "There is nothing to choose" in words(signer.get(url))
    assert press(signer, url, "carry", seen=3).status_code == 409


def test_the_link_has_one_purpose_and_no_other_link_serves_it(asked: Letter, signer: Signer) -> None:
    token = signer.mailed_link(ADA, purpose="carry-over").split("/")[3]
    for purpose in ("manage", "confirm", "not-me"):
        assert signer.get(f"/signatures/{purpose}/{token}/").status_code == 404
    manage = signer.mailed_link(ADA, purpose="manage").split("/")[3]
    for wrong in (manage, token[:-1], "x" * 60):
        assert signer.get(f"/signatures/carry-over/{wrong}/").status_code == 404


def test_the_page_leads_to_neither_the_signature_nor_the_address(asked: Letter, signer: Signer) -> None:
    url = signer.mailed_link(ADA, purpose="carry-over")
    for page in (signer.get(url), press(signer, url, "carry")):
        assert "/signatures/manage/" not in page.content.decode()
        assert "Ask for your private link by email" in words(page)
        assert ADA not in page.content.decode()


def test_another_sites_page_cannot_answer(asked: Letter, signer: Signer) -> None:
    url = signer.mailed_link(ADA, purpose="carry-over")
    sent = signer.client.post(url, {"action": "carry", "seen": 2}, headers={"Sec-Fetch-Site": "cross-site"})
    assert sent.status_code == 403
    assert not CarryOverAnswer.objects.exists()


def test_a_signer_in_a_missing_language_reads_the_letters_own_language(
    letter: Letter, organizer: User, signer: Signer
) -> None:
    sign_and_confirm(letter, ADA)
    Signature.objects.update(language="it")
    publish()
    change_text(letter, languages=("en",))
    ask_to_carry_over(letter, by=organizer, now=NOW)
    owe_questions(now=NOW)
    url, manage = (signer.mailed_link(ADA, purpose=purpose) for purpose in ("carry-over", "manage"))
    assert "Keep the night trains running" in words(signer.get(url))
    press(signer, url, "carry")
    assert signature_of(letter).language == "en"
    assert signer.get(manage).status_code == 200
    press(signer, url, "stay")
    assert (signature_of(letter).language, signature_of(letter).revision.number) == ("it", 1)
    assert signer.get(manage).status_code == 200


def test_an_uncounted_signature_is_counted_under_the_text_it_carried_over_to(asked: Letter) -> None:
    signature = signature_of(asked)
    Signature.objects.filter(pk=signature.pk).update(state="rejected")
    publish()
    Signature.objects.filter(pk=signature.pk).update(state="published")
    answer_carry_over(signature, carries=True, seen=2, now=NOW)
    assert counts(asked) == [2, 0]
    publish()
    assert counts(asked) == [2, 1]


@pytest.mark.django_db(transaction=True)
def test_many_answers_at_once_beside_the_sequencer_leave_true_counts(
    letter: Letter, organizer: User, caplog: pytest.LogCaptureFixture
) -> None:
    people = [f"signer{number}@example.org" for number in range(24)]
    for email in people:
        sign_and_confirm(letter, email)
    publish()
    change_text(letter)
    ask_to_carry_over(letter, by=organizer, now=NOW)

    def answer(place: int) -> None:
        signature = signature_of(letter, people[place % 24])
        if place % 4 == 3:
            withdraw_signature(signature, now=NOW)
        else:
            answer_carry_over(signature, carries=place % 4 < 2, seen=2, now=NOW)
        publish()

    in_threads(answer, [*range(24), *(place for place in range(24) if place % 4 < 2)], threads=6)
    publish()
    assert counts(letter) == [6, 12]
    assert answers(letter) == (12, 6)
    recount_letters()
    assert [line for line in caplog.records if "counts" in line.getMessage()] == []


def test_the_version_grows_only_if_an_answer_changes_the_pages(asked: Letter) -> None:
    """The version is public. If it changed with an answer that changes nothing, it would show when someone answered."""

    def version() -> int:
        return Letter.objects.get(pk=asked.pk).version

    before = version()
    answer_carry_over(signature_of(asked), carries=False, seen=2, now=NOW)
    assert version() == before
    answer_carry_over(signature_of(asked), carries=True, seen=2, now=NOW)
    assert version() > before


def test_the_answer_is_among_what_is_stored_about_a_signer(asked: Letter, signer: Signer) -> None:
    answer_carry_over(signature_of(asked), carries=True, seen=2, now=NOW)
    stored = signer.get(f"{signer.mailed_link(BERTA, purpose='manage')}data.json").json()
    assert (stored["text"], stored["carried_over"]) == (1, [])
    stored = signer.get(f"{signature_of(asked).link('manage', now=NOW)}data.json").json()
    assert stored["text"] == 2
    assert [(each["asked_about_text"], each["carries"]) for each in stored["carried_over"]] == [(2, True)]


def test_no_page_counts_rows_of_signatures_or_emails(asked: Letter, signer: Signer) -> None:
    url = signer.mailed_link(ADA, purpose="carry-over")
    with CaptureQueriesContext(connection) as captured:
        signer.get(url)
    assert len(captured.captured_queries) <= 8
    assert not [query for query in captured.captured_queries if re.search(r"count\(", query["sql"], re.IGNORECASE)]


# Three emails a day


def test_the_question_waits_for_a_signer_who_got_three_emails_today(asked: Letter) -> None:
    ada = signature_of(asked, ADA)
    for number in range(3):
        key, moment = f"requested:{ada.pk}:{number}", timezone.now() - timedelta(hours=number)
        OutgoingEmail.objects.create(
            kind="requested", signature=ada, key=key, created_at=moment, next_attempt_at=moment, sent_at=moment
        )
    # An email that the signer requested waits as well, and is kept.
    now, later = timezone.now(), timezone.now() + timedelta(hours=5)
    waits = OutgoingEmail.objects.create(
        kind="requested", signature=ada, key="waits", created_at=now, next_attempt_at=later, put_off_at=now
    )
    deliver()
    assert sorted(to for message in mail.outbox for to in message.to) == [BERTA, CARLO]
    question = OutgoingEmail.objects.owed().get(kind="carry_over")
    assert timedelta(hours=21) < question.next_attempt_at - now < timedelta(hours=23)
    assert OutgoingEmail.objects.owed().filter(pk=waits.pk).exists()
    day = timedelta(days=1)
    OutgoingEmail.objects.filter(sent_at__isnull=False).update(sent_at=F("sent_at") - day)
    OutgoingEmail.objects.filter(pk=question.pk).update(next_attempt_at=NOW)
    deliver()
    assert sum(ADA in message.to for message in mail.outbox) == 1
