"""A collective writes to its signers, within the limits of what it may send and when."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from celery import current_app

from letters.base.accounts.mail import unpack
from letters.models import AddresseeAnswer, AuditEvent, Letter, Update, User
from letters.organizer.updates.operations import (
    TEST_MAILS,
    AnswerText,
    hide_answer,
    pause_update,
    publish_answer,
    resume_update,
    send_test_mail,
    send_update,
    show_update,
    stop_update,
    write_answer,
    write_update,
)
from letters.organizer.updates.tasks import carry_on
from letters.shared.refused import Refused
from letters.shared.text import UnusableText
from tests.conftest import LetterMaker
from tests.people import NOW, in_threads
from tests.updates.conftest import NEWS, UpdateMaker, html_of

pytestmark = pytest.mark.django_db

ANSWER = AnswerText(respondent="Anna Weber", answered_on=NOW.date(), language="en", body="We have read it.")


def verbs() -> list[str]:
    kinds = ["update", "addresseeanswer"]
    return list(AuditEvent.objects.filter(object_kind__in=kinds).order_by("pk").values_list("verb", flat=True))


# Writing


def test_an_update_is_saved_and_made_safe_to_show(letter: Letter, organizer: User) -> None:
    body = "Hello **all** <script>alert(1)</script> [here](javascript:alert(1)) [there](https://example.org)"
    update = write_update(letter, text=replace(NEWS, body=body), by=organizer, now=NOW)
    assert (update.state, update.body, update.author) == ("draft", body, organizer)
    assert "<strong>all</strong>" in update.html
    assert 'href="https://example.org"' in update.html
    assert "<script" not in update.html
    assert 'href="javascript' not in update.html
    assert verbs() == ["write_update"]


def test_a_title_is_one_line(letter: Letter, organizer: User) -> None:
    update = write_update(letter, text=replace(NEWS, title="One\r\nBcc: eve@example.org\n"), by=organizer, now=NOW)
    assert update.title == "One Bcc: eve@example.org"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"title": " \u200b "}, "no_title"),
        ({"title": "x" * 151}, "too_long"),
        ({"body": " \n "}, "no_body"),
        ({"body": "nul\x00"}, "no_body"),
        # A definition of a link, which is not shown.
        ({"body": "[there]: https://example.org"}, "no_body"),
        ({"body": "x" * 200_000}, "too_long"),
    ],
)
def test_a_text_that_cannot_be_sent_is_not_saved(
    letter: Letter, organizer: User, values: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refused, match=code):
        write_update(letter, text=replace(NEWS, **values), by=organizer, now=NOW)
    assert not Update.objects.exists()


def test_a_title_that_overrides_text_direction_is_not_saved(letter: Letter, organizer: User) -> None:
    with pytest.raises(UnusableText):
        write_update(letter, text=replace(NEWS, title="Turned \u202e"), by=organizer, now=NOW)


def test_clicking_twice_makes_one_draft(letter: Letter, organizer: User) -> None:
    first, second = (write_update(letter, text=NEWS, by=organizer, now=NOW) for _ in range(2))
    assert first == second
    assert verbs() == ["write_update"]


def test_a_draft_can_be_written_again_and_saved_twice(news: UpdateMaker, organizer: User) -> None:
    update = news()
    seen = update.version
    for _ in range(2):
        update = write_update(
            update.letter, update=update, text=replace(NEWS, body="Else."), seen=seen, by=organizer, now=NOW
        )
    assert (update.body, update.html) == ("Else.", "<p>Else.</p>\n")
    assert verbs() == ["write_update", "write_update"]


def test_neither_of_two_writers_at_once_loses_a_word(news: UpdateMaker, organizer: User, teammate: User) -> None:
    update = news()
    seen = update.version
    write_update(update.letter, update=update, text=replace(NEWS, body="Theirs."), seen=seen, by=teammate, now=NOW)
    with pytest.raises(Refused, match="changed_meanwhile"):
        write_update(update.letter, update=update, text=replace(NEWS, body="Mine."), seen=seen, by=organizer, now=NOW)
    update.refresh_from_db()
    assert update.body == "Theirs."


def test_an_update_on_its_way_does_not_change(sending: UpdateMaker, organizer: User) -> None:
    update = sending()
    with pytest.raises(Refused, match="begun"):
        write_update(
            update.letter,
            update=update,
            text=replace(NEWS, body="Else."),
            seen=update.version,
            by=organizer,
            now=NOW,
        )
    update.refresh_from_db()
    assert update.body == NEWS.body


# Sending


def test_sending_twice_begins_once(news: UpdateMaker, organizer: User) -> None:
    update = news()
    version = update.letter.version
    for hours in range(2):
        send_update(update, seen=update.version, by=organizer, now=NOW + timedelta(hours=hours))
    update.refresh_from_db()
    assert (update.state, update.began_at) == ("sending", NOW)
    assert verbs() == ["write_update", "send_update"]
    assert Letter.objects.get().version == version + 1


@pytest.mark.django_db(transaction=True)
def test_only_one_of_two_updates_sent_at_once_leaves(news: UpdateMaker, organizer: User) -> None:
    updates = [news(title="One"), news(title="Two")]

    def send(update: Update) -> str:
        try:
            send_update(update, seen=update.version, by=organizer, now=NOW)
        except Refused as refused:
            return refused.code
        return "sent"

    assert sorted(in_threads(send, updates, threads=2)) == ["another_under_way", "sent"]
    assert Update.objects.filter(state="sending").count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_update_sent_by_two_members_at_once_starts_once(news: UpdateMaker, organizer: User, teammate: User) -> None:
    update = news()
    in_threads(
        lambda by: send_update(Update.objects.get(), seen=update.version, by=by, now=NOW),
        [organizer, teammate],
        threads=2,
    )
    assert verbs().count("send_update") == 1


@pytest.mark.parametrize("status", ["draft", "withdrawn"])
def test_nobody_gets_an_update_about_a_letter_that_is_not_public(
    news: UpdateMaker, organizer: User, status: str
) -> None:
    update = news()
    Letter.objects.update(status=status)
    with pytest.raises(Refused, match=f"letter_{status}"):
        send_update(update, seen=update.version, by=organizer, now=NOW)
    update.refresh_from_db()
    assert update.state == "draft"


def test_only_the_text_that_was_seen_is_sent(news: UpdateMaker, organizer: User, teammate: User) -> None:
    update = news()
    seen = update.version
    write_update(update.letter, update=update, text=replace(NEWS, body="Theirs."), seen=seen, by=teammate, now=NOW)
    with pytest.raises(Refused, match="changed_meanwhile"):
        send_update(update, seen=seen, by=organizer, now=NOW)


def test_signers_get_one_update_a_day(sending: UpdateMaker, news: UpdateMaker, organizer: User) -> None:
    sending()
    second = news(title="Another")
    with pytest.raises(Refused, match="another_under_way"):
        send_update(second, seen=second.version, by=organizer, now=NOW)
    carry_on(now=NOW + timedelta(hours=1))
    with pytest.raises(Refused, match="too_soon"):
        send_update(second, seen=second.version, by=organizer, now=NOW + timedelta(hours=24, minutes=59))
    send_update(second, seen=second.version, by=organizer, now=NOW + timedelta(hours=25))
    assert second.state == "sending"


def test_an_update_is_paused_resumed_and_stopped_once_each(sending: UpdateMaker, organizer: User) -> None:
    update = sending()
    states = []
    for act in (pause_update, pause_update, resume_update, resume_update, stop_update, stop_update, resume_update):
        act(update, by=organizer, now=NOW)
        states.append(str(update.state))
    assert states == ["paused", "paused", "sending", "sending", "stopped", "stopped", "stopped"]
    assert verbs()[2:] == ["pause_update", "resume_update", "stop_update"]


def test_no_update_about_a_withdrawn_letter_is_resumed(sending: UpdateMaker, organizer: User) -> None:
    update = sending()
    pause_update(update, by=organizer, now=NOW)
    Letter.objects.update(status="withdrawn")
    with pytest.raises(Refused, match="letter_withdrawn"):
        resume_update(update, by=organizer, now=NOW)


def test_showing_and_hiding_an_update_changes_the_version(sending: UpdateMaker, organizer: User) -> None:
    update = sending()
    version = Letter.objects.get().version
    for is_public in (False, False, True):
        show_update(update, is_public=is_public, by=organizer, now=NOW)
    assert verbs()[2:] == ["hide_update", "show_update"]
    assert Letter.objects.get().version == version + 2


# Test emails


@pytest.fixture
def handed_over(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    packed: list[str] = []

    def take(name: str, *, args: list[str], queue: str) -> None:
        assert (name, queue) == ("letters.account_mail", "accounts")
        packed.extend(args)

    monkeypatch.setattr(current_app, "send_task", take)
    return packed


def test_a_test_email_goes_only_to_ones_own_account(news: UpdateMaker, teammate: User, handed_over: list[str]) -> None:
    send_test_mail(news(), by=teammate, now=NOW)
    (packed,) = handed_over
    assert "tariq" not in packed
    message = unpack(packed)
    assert (message.to, message.subject) == ([teammate.email], "Test: an update about a letter that you signed")
    assert NEWS.title in str(message.body)
    assert "sent only to you" in str(message.body)
    assert "<strong>Friday</strong>" in html_of(message)  # type: ignore[arg-type]
    assert "/signatures/" not in str(message.body) + html_of(message)  # type: ignore[arg-type]
    assert verbs() == ["write_update", "send_test_mail"]


def test_nobody_can_fill_a_mailbox_with_test_emails(news: UpdateMaker, organizer: User, handed_over: list[str]) -> None:
    update = news()
    for _ in range(TEST_MAILS.amount):
        send_test_mail(update, by=organizer, now=NOW)
    with pytest.raises(Refused, match="too_many"):
        send_test_mail(update, by=organizer, now=NOW)
    assert len(handed_over) == TEST_MAILS.amount


def test_a_test_email_that_is_refused_is_not_recorded_as_sent(
    news: UpdateMaker, organizer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **options: Any) -> None:
        raise OSError

    monkeypatch.setattr(current_app, "send_task", fail)
    with pytest.raises(Refused, match="no_worker"):
        send_test_mail(news(), by=organizer, now=NOW)
    assert verbs() == ["write_update"]


# The addressee's answer


def test_an_answer_is_entered_published_corrected_and_removed(letter: Letter, organizer: User) -> None:
    answer = write_answer(letter, text=ANSWER, by=organizer, now=NOW)
    assert write_answer(letter, text=ANSWER, by=organizer, now=NOW) == answer
    version = Letter.objects.get().version
    publish_answer(answer, by=organizer, now=NOW)
    publish_answer(answer, by=organizer, now=NOW + timedelta(days=1))
    assert (answer.published_at, Letter.objects.get().version) == (NOW, version + 1)
    other = replace(ANSWER, body="We have read it twice.")
    with pytest.raises(Refused, match="no_note"):
        write_answer(letter, answer=answer, text=other, seen=answer.version, by=organizer, now=NOW)
    answer = write_answer(
        letter, answer=answer, text=other, seen=answer.version, note=" A\nword ", by=organizer, now=NOW
    )
    assert (answer.body, answer.changed_because, answer.changed_at) == (other.body, "A word", NOW)
    assert AuditEvent.objects.latest("pk").details["before"]["body"] == ANSWER.body
    hide_answer(answer, by=organizer, now=NOW)
    hide_answer(answer, by=organizer, now=NOW)
    assert verbs() == ["write_answer", "publish_answer", "write_answer", "hide_answer"]
    assert Letter.objects.get().version == version + 3


def test_neither_of_two_writers_of_an_answer_loses_a_word(letter: Letter, organizer: User) -> None:
    answer = write_answer(letter, text=ANSWER, by=organizer, now=NOW)
    seen = answer.version
    write_answer(letter, answer=answer, text=replace(ANSWER, body="Theirs."), seen=seen, by=organizer, now=NOW)
    with pytest.raises(Refused, match="changed_meanwhile"):
        write_answer(letter, answer=answer, text=replace(ANSWER, body="Mine."), seen=seen, by=organizer, now=NOW)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"respondent": " "}, "no_respondent"),
        ({"body": ""}, "no_body"),
        ({"body": "x" * 200_000}, "too_long"),
        ({"link": "javascript:alert(1)"}, "no_link"),
    ],
)
def test_an_answer_that_cannot_be_shown_is_not_saved(
    letter: Letter, organizer: User, values: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refused, match=code):
        write_answer(letter, text=replace(ANSWER, **values), by=organizer, now=NOW)
    assert not AddresseeAnswer.objects.exists()


def test_no_answer_is_published_under_a_draft(draft: LetterMaker, organizer: User) -> None:
    answer = write_answer(draft(), text=ANSWER, by=organizer, now=NOW)
    with pytest.raises(Refused, match="letter_draft"):
        publish_answer(answer, by=organizer, now=NOW)


# Authority


def all_acts(update: Update, answer: AddresseeAnswer, by: User) -> dict[str, Callable[[], Any]]:
    letter = update.letter
    return {
        "write": lambda: write_update(letter, text=NEWS, by=by, now=NOW),
        "rewrite": lambda: write_update(letter, update=update, text=NEWS, seen=update.version, by=by, now=NOW),
        "send": lambda: send_update(update, seen=update.version, by=by, now=NOW),
        "try": lambda: send_test_mail(update, by=by, now=NOW),
        "pause": lambda: pause_update(update, by=by, now=NOW),
        "resume": lambda: resume_update(update, by=by, now=NOW),
        "stop": lambda: stop_update(update, by=by, now=NOW),
        "show": lambda: show_update(update, is_public=False, by=by, now=NOW),
        "answer": lambda: write_answer(letter, text=ANSWER, by=by, now=NOW),
        "publish": lambda: publish_answer(answer, by=by, now=NOW),
        "hide": lambda: hide_answer(answer, by=by, now=NOW),
    }


@pytest.mark.parametrize("who", ["stranger", "moderator"])
def test_nobody_else_writes_in_the_collectives_name(
    request: pytest.FixtureRequest, news: UpdateMaker, organizer: User, handed_over: list[str], who: str
) -> None:
    update = news()
    answer = write_answer(update.letter, text=ANSWER, by=organizer, now=NOW)
    before = verbs()
    for name, act in all_acts(update, answer, request.getfixturevalue(who)).items():
        with pytest.raises(Refused, match="not_yours"):
            act()
        assert verbs() == before, name
    assert handed_over == []
