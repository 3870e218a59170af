"""A moderator asks a signer for more, and the answer comes back to the review queue."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.utils import timezone

from letters.models import (
    ANSWER_WITHIN,
    AuditEvent,
    Letter,
    OutgoingEmail,
    ReviewDecision,
    Signature,
    SignerQuestion,
    User,
    next_daily_hour,
)
from letters.moderator.moderation.operations import (
    accept_signatures,
    ask_signers,
    claim_signatures,
    queue_answers,
    queue_appeals,
    reject_signatures,
    undo_decision,
)
from letters.moderator.moderation.queries import scope_of
from letters.shared.refused import Refused
from letters.shared.tokens import make_handle
from letters.signer.signing.operations import answer_question, appeal_rejection, disown_signature, withdraw_signature
from tests.moderation.test_emails_about_decisions import SILENT, TOLD, next_morning, signed, without_what_differs
from tests.people import FROM_OUR_PAGE, NOW, Reader, add_confirmed, browser_of, ids_of, publish, sign_and_confirm, words

pytestmark = pytest.mark.django_db

LINK = "https://people.example.edu/ada?open=letter"


@pytest.fixture
def signature(letter: Letter) -> Signature:
    """A published signature."""
    signature = sign_and_confirm(letter, "ada@posteo.de")
    publish()
    OutgoingEmail.objects.all().delete()
    signature.refresh_from_db()
    return signature


@pytest.fixture
def held(letter: Letter) -> Signature:
    """A signature that waits for a moderator."""
    letter.reviewed = True
    letter.save()
    signature = sign_and_confirm(letter)
    assert signature.state == "held"
    return signature


def ask(signature: Signature, by: User, now: datetime = NOW) -> ReviewDecision:
    assert ask_signers(signature.letter, [signature.pk], by=by, now=now) == 1
    publish()
    signature.refresh_from_db()
    return ReviewDecision.objects.latest("pk")


def queue_of(person: User, now: datetime) -> list[int]:
    return [each.pk for each in claim_signatures(scope_of(person), by=person, now=now, most=20)]


def morning_after(signature: Signature, now: datetime = NOW) -> datetime:
    return next_daily_hour(signature.letter.zone(), now)


def state(signature: Signature) -> tuple[str, str, int | None]:
    signature.refresh_from_db()
    return signature.state, signature.concern, signature.number


def test_a_published_signature_leaves_the_list_and_the_queue(
    letter: Letter, signature: Signature, moderator: User
) -> None:
    number = signature.number
    ask(signature, moderator)
    letter.refresh_from_db()
    assert state(signature) == ("rejected", "recheck", number)
    assert letter.signature_count == 0
    assert queue_of(moderator, NOW) == []
    assert AuditEvent.objects.filter(verb="ask_signature").count() == 1


def test_a_held_signature_stays_held(held: Signature, moderator: User) -> None:
    before = state(held)
    assert queue_of(moderator, NOW) == [held.pk]
    ask(held, moderator)
    assert state(held) == before
    assert queue_of(moderator, NOW) == []


def test_the_answer_comes_into_the_queue_at_the_daily_hour_of_the_next_day(
    held: Signature, moderator: User, organizer: User
) -> None:
    ask(held, moderator)
    answer_question(held, link=LINK, now=NOW)
    morning = morning_after(held)
    assert queue_answers(now=morning - timedelta(seconds=1)) == 0
    assert queue_of(organizer, morning - timedelta(seconds=1)) == []
    assert not AuditEvent.objects.filter(verb="answer_question").exists()
    assert queue_answers(now=morning) == 1
    assert queue_of(organizer, morning) == [held.pk]
    assert AuditEvent.objects.get(verb="answer_question").at == morning
    assert queue_answers(now=morning) == 0


def test_the_answer_is_a_link_that_tells_the_other_site_nothing(held: Signature, moderator: User) -> None:
    ask(held, moderator)
    answer_question(held, link=LINK, now=NOW)
    queue_answers(now=morning_after(held))
    page = browser_of(moderator).get("/moderate/").content.decode()
    assert f'<a href="{LINK}" rel="noopener noreferrer nofollow" target="_blank"><bdi>{LINK}</bdi></a>' in page


def test_without_an_answer_it_comes_back_after_14_days(held: Signature, moderator: User, organizer: User) -> None:
    long_ago = timezone.now() - ANSWER_WITHIN - timedelta(minutes=1)
    ask(held, moderator, long_ago)
    assert queue_of(organizer, long_ago + ANSWER_WITHIN - timedelta(seconds=1)) == []
    page = words(browser_of(organizer).get("/moderate/"))
    assert "A moderator asked the signer for more. The signer did not answer within 14 days." in page
    with pytest.raises(Refused, match="nothing_asked"):
        answer_question(held, link=LINK, now=timezone.now())


def test_the_page_behind_the_control_link_asks_and_takes_one_answer(held: Signature, moderator: User) -> None:
    ask(held, moderator, timezone.now())
    reader, link = Reader(), held.link("manage", now=timezone.now())
    assert "A moderator needs more from you" in words(reader.get(link))
    for wrong in ("", "http://people.example.edu/", "javascript:alert(1)", "people.example.edu", "https://"):
        answer = reader.client.post(link, {"action": "answer", "link": wrong}, headers=FROM_OUR_PAGE)
        assert answer.status_code == 422
        assert "Enter the whole link. It begins with https://" in words(answer)
    assert reader.client.post(link, {"action": "answer", "link": LINK}, headers=FROM_OUR_PAGE).status_code == 303
    page = words(reader.get(link))
    assert "We have received your answer. From tomorrow, a moderator can read it and decide." in page
    assert "Send the answer" not in page
    again = reader.client.post(link, {"action": "answer", "link": f"{LINK}2"}, headers=FROM_OUR_PAGE)
    assert "You can no longer answer" in words(again)
    assert SignerQuestion.objects.get().link == LINK


def test_a_published_signature_asks_on_its_page_too(signature: Signature, moderator: User) -> None:
    ask(signature, moderator, timezone.now())
    page = words(Reader().get(signature.link("manage", now=timezone.now())))
    assert "A moderator needs more from you" in page
    assert "Appeal" not in page


def test_a_decision_ends_the_question(held: Signature, moderator: User, organizer: User) -> None:
    ask(held, moderator)
    reject_signatures(held.letter, [held.pk], reason="", code="abuse", by=organizer, now=NOW)
    held.refresh_from_db()
    assert "A moderator needs more from you" not in words(Reader().get(held.link("manage", now=NOW)))
    with pytest.raises(Refused, match="nothing_asked"):
        answer_question(held, link=LINK, now=NOW)


@pytest.mark.parametrize("which", ["signature", "held"])
def test_a_question_can_be_undone(which: str, moderator: User, request: pytest.FixtureRequest) -> None:
    asked: Signature = request.getfixturevalue(which)
    before = state(asked)
    decision = ask(asked, moderator)
    undo_decision(decision, by=moderator, now=NOW)
    publish()
    assert state(asked) == before
    assert not SignerQuestion.objects.exists()
    assert not OutgoingEmail.objects.owed().filter(kind="decided").exists()
    assert "A moderator asks you" not in words(Reader().get(asked.link("manage", now=NOW)))


def test_accepting_after_an_answer_publishes(held: Signature, moderator: User, letter: Letter) -> None:
    ask(held, moderator)
    answer_question(held, link=LINK, now=NOW)
    queue_answers(now=morning_after(held))
    assert accept_signatures(letter, [held.pk], by=moderator, now=NOW) == 1
    publish()
    assert state(held) == ("published", "", 1)


@pytest.mark.parametrize("leave", [withdraw_signature, disown_signature])
def test_the_answer_goes_with_the_signature(held: Signature, moderator: User, leave: Callable[..., None]) -> None:
    ask(held, moderator)
    answer_question(held, link=LINK, now=NOW)
    stored = Reader().get(f"{held.link('manage', now=NOW)}data.json").json()
    assert [each["link"] for each in stored["questions"]] == [LINK]
    leave(held, now=NOW)
    assert not SignerQuestion.objects.exists()


def test_an_appeal_is_decided_and_not_asked_about(signature: Signature, moderator: User, organizer: User) -> None:
    reject_signatures(signature.letter, [signature.pk], reason="", code="abuse", by=moderator, now=NOW)
    appeal_rejection(signature, words="It is my name.", now=NOW)
    queue_appeals(now=morning_after(signature))
    assert ask_signers(signature.letter, [signature.pk], by=organizer, now=NOW) == 0
    assert not SignerQuestion.objects.exists()


def test_only_moderators_ask(held: Signature, teammate: User, stranger: User) -> None:
    for person in (teammate, stranger):
        with pytest.raises(Refused, match="not_yours"):
            ask_signers(held.letter, [held.pk], by=person, now=NOW)


def test_the_database_takes_no_other_link(held: Signature, moderator: User) -> None:
    ask(held, moderator)
    with pytest.raises(IntegrityError, match="signer_question"), transaction.atomic():
        SignerQuestion.objects.update(link="http://example.org", answered_at=NOW, reaches_at=NOW)


def test_a_named_signer_at_a_provider_gets_an_email_in_the_morning(signature: Signature, moderator: User) -> None:
    ask(signature, moderator, timezone.now())
    next_morning()
    assert [message.to for message in mail.outbox] == [["ada@posteo.de"]]


def test_a_question_that_was_answered_before_the_morning_causes_no_email(signature: Signature, moderator: User) -> None:
    ask(signature, moderator, timezone.now())
    answer_question(signature, link=LINK, now=timezone.now())
    next_morning()
    assert mail.outbox == []


@pytest.mark.parametrize("who", SILENT)
def test_a_moderator_who_asks_gets_the_same_bytes_whether_an_email_leaves_or_not(
    letter: Letter, moderator: User, who: str
) -> None:
    Letter.objects.update(displays=["public", "organizers", "nobody"])
    letter.refresh_from_db()
    seen, sent = [], []
    for email, display in (TOLD, SILENT[who]):
        asked = signed(letter, email, display)
        desk, item = browser_of(moderator), make_handle(f"review:{moderator.pk}", asked.pk)
        accept = {"Accept": "application/json"}
        answer = desk.post("/moderate/decide/", {"item": item, "ask": "1"}, headers=accept)
        assert answer.status_code == 200
        seen.append([answer.content.decode(), desk.get("/moderate/").content.decode()])
        next_morning()
        seen[-1].append(desk.get("/moderate/").content.decode())
        sent.append(len(mail.outbox))
        OutgoingEmail.objects.all().delete()
        Signature.objects.filter(pk=asked.pk).delete()
    told, silent = ([without_what_differs(page) for page in pages] for pages in seen)
    assert told == silent
    assert sent == [1, 0]


def test_the_queue_offers_the_question_as_a_button_with_its_key(letter: Letter, moderator: User) -> None:
    add_confirmed(letter, 1, state="held")
    page = browser_of(moderator).get("/moderate/").content.decode()
    assert 'name="ask" value="1"' in page
    assert "<kbd>Q</kbd>" in page
    assert len(ids_of(letter)) == 1
