"""The organizers' pages about updates."""

from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from celery import current_app
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from letters.models import AddresseeAnswer, Letter, Signature, Update, User
from letters.organizer.updates import queries
from letters.organizer.updates.operations import spread_update, tally_update, write_update
from letters.organizer.updates.tasks import carry_on
from tests.conftest import LetterMaker
from tests.people import NOW, Response, add_published, browser_of, deliver, words
from tests.updates.conftest import NEWS, UpdateMaker, agree

pytestmark = pytest.mark.django_db

PAGES = "/organize/letters/night-trains/updates/"
ANSWERS = "/organize/letters/night-trains/answers/"
TYPED = {"title": NEWS.title, "body": NEWS.body, "language": "en", "is_public": "on"}
ANSWER = {
    "respondent": "Anna Weber",
    "answered_on": "2025-03-04",
    "body": "We have read it.",
    "link": "",
    "language": "en",
}


def post(client: Client, url: str, **fields: Any) -> Response:
    return client.post(url, fields, follow=True)


# Writing


def test_an_update_is_written_previewed_and_sent(letter: Letter, desk: Client) -> None:
    agree(letter, "ada@example.org")
    assert "You have not written an update yet." in words(desk.get(PAGES))
    page = post(desk, f"{PAGES}new/", **TYPED, action="preview")
    assert "Subject An update about a letter that you signed" in words(page)
    update = Update.objects.get()
    assert "<strong>Friday</strong>" in desk.get(f"{PAGES}{update.pk}/page/").content.decode()
    page = desk.get(f"{PAGES}{update.pk}/send/")
    assert "We will email it to 1 signer who agreed" in words(page)
    assert update.version in page.content.decode()
    page = post(desk, f"{PAGES}{update.pk}/send/", seen=update.version)
    assert "We are sending this update." in words(page)
    carry_on(now=timezone.now())
    deliver()
    carry_on(now=timezone.now())
    page = desk.get(f"{PAGES}{update.pk}/")
    assert "Sent." in words(page)
    assert "Sent 1" in words(page)
    assert "1 email sent" in words(desk.get(PAGES))


def test_a_second_click_on_send_leads_to_the_progress(news: UpdateMaker, desk: Client) -> None:
    update = news()
    for _ in range(2):
        page = post(desk, f"{PAGES}{update.pk}/send/", seen=update.version)
        assert "We are sending this update." in words(page)
    assert "We are sending this update." in words(desk.get(f"{PAGES}{update.pk}/send/", follow=True))


def test_a_draft_can_be_changed(news: UpdateMaker, desk: Client) -> None:
    update = news()
    page = post(desk, f"{PAGES}{update.pk}/", **{**TYPED, "body": "Else.", "seen": update.version})
    assert "Saved." in words(page)
    update.refresh_from_db()
    assert (update.body, update.is_public) == ("Else.", True)
    typed = {name: value for name, value in TYPED.items() if name != "is_public"}
    post(desk, f"{PAGES}{update.pk}/", **typed, seen=update.version)
    assert not Update.objects.get().is_public


def test_both_texts_of_two_writers_at_once_are_shown(news: UpdateMaker, desk: Client, teammate: User) -> None:
    update = news()
    seen = update.version
    text = NEWS.__class__(title="Theirs", body="What they wrote.", language="en")
    write_update(update.letter, update=update, text=text, seen=seen, by=teammate, now=NOW)
    page = post(desk, f"{PAGES}{update.pk}/", **{**TYPED, "body": "What I wrote.", "seen": seen})
    assert page.status_code == 409
    for sentence in ("Another member has saved a different text.", "What I wrote.", "What they wrote."):
        assert sentence in words(page)
    update.refresh_from_db()
    assert f'name="seen" value="{update.version}"' in page.content.decode()


def test_an_update_on_its_way_cannot_be_changed(sending: UpdateMaker, desk: Client) -> None:
    update = sending()
    page = post(desk, f"{PAGES}{update.pk}/", **{**TYPED, "body": "Else.", "seen": update.version})
    assert "so you can no longer change its text" in words(page)
    assert Update.objects.get().body == NEWS.body


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"title": " "}, "Enter a title. Signers see it at the top of the email."),
        ({"title": "\u202ereversed"}, "This contains invisible characters that reverse the direction of the text."),
        ({"title": "damaged\x00"}, "This contains characters that we cannot show."),
        ({"title": "x" * 151}, "at most 150 characters"),
        ({"body": " \n "}, "Enter a message for the signers."),
        ({"body": "[there]: https://example.org"}, "Enter a message for the signers."),
        ({"body": "damaged\x07"}, "This contains characters that we cannot show."),
        ({"body": "x" * 200_000}, "This has 200000 characters. The limit is 30000."),
        ({"language": "xx"}, "Select a valid choice."),
    ],
)
def test_bad_input_gets_a_sentence_and_nothing_is_written(
    letter: Letter, desk: Client, fields: dict[str, str], sentence: str
) -> None:
    page = post(desk, f"{PAGES}new/", **{**TYPED, **fields})
    assert page.status_code == 422
    assert sentence in words(page)
    assert not Update.objects.exists()


def test_a_link_that_would_run_a_script_is_removed(letter: Letter, desk: Client) -> None:
    page = post(desk, f"{PAGES}new/", **{**TYPED, "body": "[x](javascript:alert(1)) <img src=x>"}, action="preview")
    assert 'href="javascript' not in page.content.decode()
    assert "<img" not in page.content.decode()


def test_a_subject_with_line_breaks_is_one_line(letter: Letter, desk: Client) -> None:
    post(desk, f"{PAGES}new/", **{**TYPED, "title": "One\r\nBcc: eve@example.org"})
    assert Update.objects.get().title == "One Bcc: eve@example.org"


# Before sending


def test_recipients_are_counted_only_up_to_a_limit(
    letter: Letter, news: UpdateMaker, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_published(letter, 5)
    agree(letter, "ada@example.org")
    monkeypatch.setattr(queries, "MAX_ASKED", 3)
    page = words(desk.get(f"{PAGES}{news().pk}/send/"))
    assert "signers, 1 will get it. We count all signers when you send it." in page


def test_the_page_says_so_if_nobody_agreed(letter: Letter, news: UpdateMaker, desk: Client) -> None:
    add_published(letter, 2)
    assert "we will not send any emails" in words(desk.get(f"{PAGES}{news().pk}/send/"))


@pytest.mark.parametrize(
    ("status", "sentence"),
    [("withdrawn", "so we send no more emails about it."), ("draft", "Publish it first.")],
)
def test_nothing_is_sent_about_a_letter_that_is_not_public(
    news: UpdateMaker, desk: Client, status: str, sentence: str
) -> None:
    update = news()
    Letter.objects.update(status=status)
    assert sentence in words(desk.get(f"{PAGES}{update.pk}/send/"))
    page = post(desk, f"{PAGES}{update.pk}/send/", seen=update.version)
    assert page.status_code == 409
    assert sentence in words(page)
    assert Update.objects.get().state == "draft"


def test_the_second_update_of_a_day_waits(sending: UpdateMaker, news: UpdateMaker, desk: Client) -> None:
    sending()
    second = news(title="Another")
    assert "We are still sending another update." in words(post(desk, f"{PAGES}{second.pk}/send/", seen=second.version))
    carry_on(now=timezone.now() - timedelta(hours=23))
    assert "Signers get at most one a day" in words(post(desk, f"{PAGES}{second.pk}/send/", seen=second.version))


def test_a_text_that_changed_since_it_was_read_is_shown_again(news: UpdateMaker, desk: Client) -> None:
    update = news()
    page = post(desk, f"{PAGES}{update.pk}/send/", seen="another")
    assert page.status_code == 409
    assert "Read it again before you send it." in words(page)


def test_the_page_says_where_a_test_email_goes(
    news: UpdateMaker, desk: Client, organizer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    update = news()
    monkeypatch.setattr(current_app, "send_task", Mock())
    page = post(desk, f"{PAGES}{update.pk}/test/")
    assert f"We are sending a test to {organizer.email}." in words(page)
    for _ in range(20):
        page = post(desk, f"{PAGES}{update.pk}/test/")
    assert page.status_code == 429
    assert "You have sent too many tests within an hour." in words(page)


def test_the_page_says_so_without_a_broker(news: UpdateMaker, desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **options: Any) -> None:
        raise OSError

    monkeypatch.setattr(current_app, "send_task", fail)
    page = post(desk, f"{PAGES}{news().pk}/test/")
    assert page.status_code == 503
    assert "Try again in a minute." in words(page)


# While sending


def test_an_update_can_be_paused_continued_and_stopped(sending: UpdateMaker, desk: Client) -> None:
    update = sending()
    for action, sentence in [
        ("pause", "Paused. We are not sending any emails."),
        ("resume", "We are sending this update."),
        ("stop", "We are stopping this update."),
    ]:
        assert sentence in words(post(desk, f"{PAGES}{update.pk}/state/", action=action))
    carry_on(now=NOW)
    page = desk.get(f"{PAGES}{update.pk}/")
    assert "Stopped." in words(page)
    assert b'value="resume"' not in page.content
    assert desk.post(f"{PAGES}{update.pk}/state/", {"action": "explode"}).status_code == 404


def test_an_update_can_be_hidden_and_shown_again(sending: UpdateMaker, desk: Client) -> None:
    update = sending()
    assert "This update is not on any public page." in words(post(desk, f"{PAGES}{update.pk}/state/", action="hide"))
    assert "page and in its feed." in words(post(desk, f"{PAGES}{update.pk}/state/", action="show"))


def test_the_open_page_can_ask_for_the_progress(letter: Letter, sending: UpdateMaker, desk: Client) -> None:
    for name in ("ada", "berta"):
        agree(letter, f"{name}@example.org")
    update = sending()
    spread_update(update.pk, now=NOW)
    tally_update(update.pk, now=NOW)
    assert desk.get(f"{PAGES}{update.pk}/progress/").json() == {
        "state": "sending",
        "total": 2,
        "is_spread": True,
        "owed": 2,
        "sent": 0,
        "failed": 0,
        "lapsed": 0,
        "unsubscribed": 0,
        "as_of": "2025-03-03T12:00:00Z",
    }


def test_no_page_counts_rows_of_emails_or_signatures(
    letter: Letter, sending: UpdateMaker, news: UpdateMaker, desk: Client
) -> None:
    add_published(letter, 1)
    update, draft = sending(), news(title="Another")
    pages = ["", f"{update.pk}/", f"{update.pk}/progress/", f"{draft.pk}/send/"]

    def statements() -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            for page in pages:
                assert desk.get(f"{PAGES}{page}").status_code == 200
        return [query["sql"] for query in captured]

    few = statements()
    add_published(letter, 30)
    spread_update(update.pk, now=NOW)
    many = statements()
    assert len(few) == len(many)
    assert not [statement for statement in many if "letters_outgoingemail" in statement]
    # With the role, the menu counts signatures that wait, by an index that holds only these.
    of_role = '"letters_membership"."role" AS'
    counted = [statement for statement in many if "COUNT(" in statement.upper() and of_role not in statement]
    (counting,) = counted
    assert f"LIMIT {queries.MAX_ASKED}" in counting


# The answer


def test_an_answer_is_entered_published_corrected_and_removed(letter: Letter, desk: Client) -> None:
    page = post(desk, f"{ANSWERS}new/", **ANSWER)
    assert "This is a draft. Only your collective can see it." in words(page)
    answer = AddresseeAnswer.objects.get()
    page = post(desk, f"{ANSWERS}{answer.pk}/state/", action="publish")
    assert "This answer is published." in words(page)
    changed = {**ANSWER, "body": "We have read it twice.", "seen": answer.version}
    page = post(desk, f"{ANSWERS}{answer.pk}/", **changed)
    assert page.status_code == 422
    assert "Enter what you have changed, for people who read the answer before." in words(page)
    post(desk, f"{ANSWERS}{answer.pk}/", **changed, note="A word")
    answer.refresh_from_db()
    assert (answer.body, answer.changed_because) == ("We have read it twice.", "A word")
    assert "Anna Weber" in words(desk.get(ANSWERS))
    post(desk, f"{ANSWERS}{answer.pk}/state/", action="hide")
    assert AddresseeAnswer.objects.get().published_at is None


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"respondent": ""}, "Enter who answered."),
        ({"answered_on": "yesterday"}, "Enter a date like 2025-03-31."),
        ({"answered_on": ""}, "Enter the date of the answer."),
        ({"body": ""}, "Enter the answer"),
        ({"body": "x" * 200_000}, "The limit is 30000"),
        ({"link": "javascript:alert(1)"}, "Enter a web address, like"),
        ({"link": "ftp://example.org/a"}, "Enter a web address, like"),
    ],
)
def test_an_answer_that_cannot_be_shown_gets_a_sentence(
    letter: Letter, desk: Client, fields: dict[str, str], sentence: str
) -> None:
    page = post(desk, f"{ANSWERS}new/", **{**ANSWER, **fields})
    assert page.status_code == 422
    assert sentence in words(page)
    assert not AddresseeAnswer.objects.exists()


# Authority


def all_pages(update: Update, answer: AddresseeAnswer) -> list[str]:
    of_update = ["", "new/", *(f"{update.pk}/{page}" for page in ("", "preview/", "send/", "progress/"))]
    return [*(f"{PAGES}{page}" for page in of_update), f"{ANSWERS}new/", f"{ANSWERS}{answer.pk}/"]


def all_acts(update: Update, answer: AddresseeAnswer) -> dict[str, dict[str, Any]]:
    return {
        f"{PAGES}new/": TYPED,
        f"{PAGES}{update.pk}/": TYPED,
        f"{PAGES}{update.pk}/test/": {},
        f"{PAGES}{update.pk}/send/": {"seen": update.version},
        f"{PAGES}{update.pk}/state/": {"action": "stop"},
        f"{ANSWERS}new/": ANSWER,
        f"{ANSWERS}{answer.pk}/": ANSWER,
        f"{ANSWERS}{answer.pk}/state/": {"action": "publish"},
    }


@pytest.fixture
def answer(letter: Letter, desk: Client) -> AddresseeAnswer:
    post(desk, f"{ANSWERS}new/", **ANSWER)
    return AddresseeAnswer.objects.get()


@pytest.mark.parametrize("who", ["stranger", "moderator"])
def test_others_get_a_404(request: pytest.FixtureRequest, news: UpdateMaker, answer: AddresseeAnswer, who: str) -> None:
    update, client = news(), browser_of(request.getfixturevalue(who))
    for url in all_pages(update, answer):
        assert client.get(url).status_code == 404, url
    for url, fields in all_acts(update, answer).items():
        assert client.post(url, fields).status_code == 404, url
    update.refresh_from_db()
    assert update.state == "draft"
    assert (Update.objects.count(), AddresseeAnswer.objects.get().published_at) == (1, None)


def test_a_signed_out_person_is_asked_to_sign_in(news: UpdateMaker, answer: AddresseeAnswer) -> None:
    update = news()
    for url in [*all_pages(update, answer), *all_acts(update, answer)]:
        assert Client().get(url).status_code in {302, 405}, url
    for url in all_acts(update, answer):
        assert Client().post(url).status_code == 302, url


def test_updates_of_another_letter_are_a_404(
    published: LetterMaker, news: UpdateMaker, answer: AddresseeAnswer, desk: Client
) -> None:
    update = news()
    published(slug="another")
    for url in [*all_pages(update, answer), *all_acts(update, answer)]:
        if url.endswith(("updates/", "new/")):
            continue
        elsewhere = url.replace("night-trains", "another")
        assert {desk.get(elsewhere).status_code, desk.post(elsewhere).status_code} <= {404, 405}, url
    assert desk.get(f"{PAGES}99999999999999999999/").status_code == 404


def test_editors_can_write_updates(letter: Letter, teammate: User) -> None:
    post(browser_of(teammate), f"{PAGES}new/", **TYPED)
    assert Update.objects.get().author == teammate


def test_writers_see_no_name_of_a_recipient(letter: Letter, sending: UpdateMaker, desk: Client) -> None:
    agree(letter, "ada@example.org")
    carry_on(now=NOW)
    assert Signature.objects.count() == 1
    page = desk.get(f"{PAGES}{sending().pk}/").content.decode()
    assert "ada@example.org" not in page


def test_the_preview_frames_the_page_that_readers_will_get(news: UpdateMaker, desk: Client) -> None:
    update = news(is_public=True)
    preview = desk.get(f"/organize/letters/night-trains/updates/{update.pk}/preview/").content.decode()
    assert f'<iframe class="email-frame" src="/organize/letters/night-trains/updates/{update.pk}/page/' in preview
    page = desk.get(f"/organize/letters/night-trains/updates/{update.pk}/page/?language=it")
    html = page.content.decode()
    assert "<h1>The minister has asked us in</h1>" in html
    assert 'class="wordmark"' in html
    assert "Leggi la lettera" in html
    # The preview does nothing: it has no script, no form, and links only to what the text itself names.
    assert "script-src 'none'" in page.headers["Content-Security-Policy"]
    assert 'href="https://example.org/agenda"' in html
    assert 'href="/letters/' not in html.partition("<main")[2]


def test_an_update_that_is_only_an_email_has_no_page_to_show(news: UpdateMaker, desk: Client) -> None:
    update = news(is_public=False)
    preview = desk.get(f"/organize/letters/night-trains/updates/{update.pk}/preview/").content.decode()
    assert "not on any public page" in preview
    assert "/page/" not in preview
