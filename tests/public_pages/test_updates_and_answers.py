"""Public pages about updates, the addressee's answer, and the feed."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import settings
from django.db.models import F
from pytest_django import DjangoAssertNumQueries

from letters.models import Letter, Update, User
from letters.organizer.letter_editor.operations import Text, publish_letter, start_revision, translate_letter
from letters.organizer.updates.operations import (
    AnswerText,
    UpdateText,
    hide_answer,
    publish_answer,
    send_update,
    show_update,
    write_answer,
    write_update,
)
from letters.organizer.updates.tasks import carry_on
from letters.public.public_pages import queries
from tests.conftest import LetterMaker
from tests.people import NOW, Reader, Response, kept_pages, words

pytestmark = pytest.mark.django_db

ATOM = "{http://www.w3.org/2005/Atom}"
FEED = "/letters/night-trains/feed/"
ANSWER = AnswerText(
    respondent="Anna Weber",
    answered_on=NOW.date(),
    language="en",
    body="The lines *stay*.",
    link="https://example.org/a",
)

Write = Callable[..., Update]


@pytest.fixture
def write(letter: Letter, organizer: User) -> Write:
    """Send an update to its end: `write("A title", days=2)`."""

    def one(title: str, *, days: int = 0, is_public: bool = True, body: str = "On **Friday**.") -> Update:
        now = NOW + timedelta(days=days)
        text = UpdateText(title=title, body=body, language="en", is_public=is_public)
        update = write_update(letter, text=text, by=organizer, now=now)
        send_update(update, seen=update.version, by=organizer, now=now)
        carry_on(now=now)
        return update

    return one


def feed_of(response: Response) -> list[ET.Element]:
    assert response.status_code == 200
    return ET.fromstring(response.content).findall(f"{ATOM}entry")  # noqa: S314 -- our own


# Updates


def test_the_letter_shows_the_newest_three_and_leads_to_all(write: Write, reader: Reader) -> None:
    for place in range(4):
        write(f"News {place}", days=2 * place)
    page = words(reader.get("/letters/night-trains/"))
    assert "News 3" in page
    assert "News 1" in page
    assert "News 0" not in page
    assert "News 0" in words(reader.get("/letters/night-trains/updates/"))


def test_a_letter_without_updates_does_not_mention_them(letter: Letter, reader: Reader) -> None:
    page = reader.read(letter)
    assert 'aria-labelledby="updates"' not in page
    assert 'id="answer"' not in page
    assert "There are no updates yet." in words(reader.get("/letters/night-trains/updates/"))


@pytest.mark.parametrize("prefix", ["", "/it"])
def test_each_update_has_a_page_with_its_text(write: Write, reader: Reader, prefix: str) -> None:
    update = write("The minister has asked us in")
    page = reader.get(f"{prefix}/letters/night-trains/updates/{update.pk}/")
    assert "<strong>Friday</strong>" in page.content.decode()
    assert f"{prefix}/letters/night-trains/" in page.content.decode()
    assert "olga" not in page.content.decode().lower()


def test_a_page_with_a_needless_language_prefix_redirects_to_the_one_without(write: Write, reader: Reader) -> None:
    update = write("News")
    for page in ("updates/", f"updates/{update.pk}/", "feed/"):
        answer = reader.get(f"/en/letters/night-trains/{page}")
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/letters/night-trains/{page}")


def test_an_update_that_is_not_public_does_not_exist(
    letter: Letter, write: Write, organizer: User, published: LetterMaker, reader: Reader
) -> None:
    by_mail = write("By mail only", is_public=False)
    draft = write_update(
        letter, text=UpdateText(title="A draft", body="Not yet.", language="en"), by=organizer, now=NOW
    )
    published(slug="another")
    for update in (by_mail, draft):
        assert reader.get(update.url()).status_code == 404
    shown = write("Shown", days=2)
    assert reader.get(shown.url()).status_code == 200
    assert reader.get(f"/letters/another/updates/{shown.pk}/").status_code == 404
    for number in ("0", "99999999999999999999999"):
        assert reader.get(f"/letters/night-trains/updates/{number}/").status_code == 404
    for page in ("/letters/night-trains/", "/letters/night-trains/updates/", FEED):
        text = reader.get(page).content.decode()
        assert "By mail only" not in text
        assert "A draft" not in text


@pytest.mark.parametrize("page", ["updates/", "updates/1/", "feed/"])
def test_a_draft_of_a_letter_has_none_of_these_pages(draft: LetterMaker, reader: Reader, page: str) -> None:
    draft()
    assert reader.get(f"/letters/night-trains/{page}").status_code == 404


def test_a_hidden_update_is_gone_from_every_page(write: Write, reader: Reader, organizer: User) -> None:
    update = write("News of the day")
    pages = ["/letters/night-trains/", "/letters/night-trains/updates/", FEED]
    for page in pages:
        assert "News of the day" in reader.get(page).content.decode()
    show_update(update, is_public=False, by=organizer, now=NOW)
    for page in pages:
        assert "News of the day" not in reader.get(page).content.decode()
    assert reader.get(update.url()).status_code == 404


def test_the_list_continues_page_by_page(write: Write, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "UPDATES_ON_PAGE", 2)
    updates = [write(f"News {place}", days=2 * place) for place in range(3)]
    first = reader.get("/letters/night-trains/updates/")
    older = f"/letters/night-trains/updates/?before={updates[1].pk}"
    assert older in first.content.decode()
    second = words(reader.get(older))
    assert "News 0" in second
    assert "News 1" not in second
    assert "Older updates" not in second
    assert reader.get("/letters/night-trains/updates/?before=x").status_code == 404


@pytest.mark.parametrize("page", ["updates/", "updates/{}/", "feed/"])
def test_everyone_gets_the_same_page_and_any_cache_may_keep_it(write: Write, reader: Reader, page: str) -> None:
    path = f"/letters/night-trains/{page}".format(write("News").pk)
    answer = reader.get(path)
    assert answer.headers["Cache-Control"].startswith("public, max-age=1")
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert "Set-Cookie" not in answer.headers
    kept_pages().pages.clear()
    assert reader.get(path, if_none_match=answer.headers["ETag"]).status_code == 304
    assert reader.client.post(path).status_code == 405


def test_a_letter_with_many_updates_costs_the_same_as_one_with_few(
    write: Write, reader: Reader, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for place in range(6):
        write(f"News {place}", days=2 * place)
    reader.get("/letters/night-trains/")  # From then on, the state of the switches is known.
    kept_pages().pages.clear()
    for page, round_trips in [("", 10), ("updates/", 5), ("feed/", 7)]:
        with django_assert_num_queries(round_trips):
            reader.get(f"/letters/night-trains/{page}")


# The answer


def test_a_published_answer_is_on_the_letters_page(letter: Letter, organizer: User, reader: Reader) -> None:
    answer = write_answer(letter, text=ANSWER, by=organizer, now=NOW)
    assert "Anna Weber" not in reader.read(letter)
    publish_answer(answer, by=organizer, now=NOW)
    page = reader.read(letter)
    assert "<em>stay</em>" in page
    assert 'href="https://example.org/a"' in page
    assert "March 3, 2025" in page
    hide_answer(answer, by=organizer, now=NOW)
    assert "Anna Weber" not in reader.read(letter)


def test_an_answer_that_was_changed_says_so(letter: Letter, organizer: User, reader: Reader) -> None:
    answer = write_answer(letter, text=ANSWER, by=organizer, now=NOW)
    publish_answer(answer, by=organizer, now=NOW)
    other = replace(ANSWER, body="The lines stay, <b>mostly</b>.")
    note = "The last <word> was missing."
    write_answer(letter, answer=answer, text=other, seen=answer.version, note=note, by=organizer, now=NOW)
    page = reader.read(letter)
    assert "The lines stay, mostly." in page
    assert "Edited by the organizers on March 3, 2025: The last &lt;word&gt; was missing." in page


# The feed


def test_the_feed_lists_what_happened_newest_first(
    letter: Letter, write: Write, organizer: User, reader: Reader
) -> None:
    write("The minister has asked us in", days=1)
    answer = write_answer(letter, text=ANSWER, by=organizer, now=NOW)
    publish_answer(answer, by=organizer, now=NOW + timedelta(days=2))
    start_revision(letter, by=organizer, now=NOW)
    translate_letter(letter, text=Text("en", "Keep them all", "To all", "All."), by=organizer, now=NOW)
    then = NOW + timedelta(days=3)
    publish_letter(letter, by=organizer, now=then, kind="substance", note="A word <was> missing")
    entries = feed_of(reader.get(FEED))
    assert [entry.findtext(f"{ATOM}title") for entry in entries] == [
        "The text has changed",
        "Anna Weber has answered",
        "The minister has asked us in",
        "Published: Keep them all",
    ]
    assert entries[0].findtext(f"{ATOM}summary") == "A word &lt;was&gt; missing"
    assert entries[1].findtext(f"{ATOM}summary") == "<p>The lines <em>stay</em>.</p>\n"
    assert entries[2].findtext(f"{ATOM}published") == "2025-03-04T12:00:00+00:00"


def test_addresses_in_the_feed_are_complete(letter: Letter, write: Write, reader: Reader) -> None:
    picture = f"/media/{'a' * 32}-600x400.webp"
    update = write("The minister has asked us in")
    html = f'<p><a href="/letters/night-trains/">The letter</a> <img src="{picture}" alt="A train"></p>'
    Update.objects.filter(pk=update.pk).update(html=html)
    Letter.objects.update(version=F("version") + 1)
    told = [entry.findtext(f"{ATOM}summary") or "" for entry in feed_of(reader.get(FEED))]
    (shown,) = [text for text in told if "A train" in text]
    assert f'href="{settings.SITE_URL}/letters/night-trains/"' in shown
    assert f'src="{settings.SITE_URL}{picture}"' in shown
    assert not re.search('(href|src|srcset)="/', shown)


def test_its_entries_keep_their_names_when_the_letter_moves(letter: Letter, write: Write, reader: Reader) -> None:
    write("News")
    before = [entry.findtext(f"{ATOM}id") for entry in feed_of(reader.get(FEED))]
    Letter.objects.update(slug="sleepers")
    assert [entry.findtext(f"{ATOM}id") for entry in feed_of(reader.get("/letters/sleepers/feed/"))] == before
    assert len(set(before)) == len(before) == 2
    assert all(name and name.startswith("tag:") for name in before)


def test_feed_readers_find_it_and_know_it(letter: Letter, reader: Reader) -> None:
    answer = reader.get(FEED)
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert f'type="application/atom+xml" href="{FEED}"' in reader.read(letter)
    assert 'xml:lang="it"' in reader.get("/it/letters/night-trains/feed/").content.decode()


def test_hostile_text_cannot_break_the_feed(write: Write, reader: Reader) -> None:
    write("A & <b> ]]>", days=1, body="]]> <script>alert(1)</script> & **b**")
    entries = feed_of(reader.get(FEED))
    assert entries[0].findtext(f"{ATOM}title") == "A & <b> ]]>"
    assert "<script" not in (entries[0].findtext(f"{ATOM}summary") or "")


def test_a_character_that_xml_cannot_hold_does_not_break_the_feed(
    draft: LetterMaker, organizer: User, reader: Reader, write: Write
) -> None:
    """Word puts one into pasted text: a vertical tab at each line break."""
    before = draft("sleepers")
    text = Text("en", "Night\x0btrains", "To all", "One\x0btwo\x0c\x01", "In\x0bshort")
    translate_letter(before, text=text, by=organizer, now=NOW)
    publish_letter(before, by=organizer, now=NOW)
    feed_of(reader.get("/letters/sleepers/feed/"))
    write("News", days=1, body="One\x0btwo\x0c")
    assert "One two" in (feed_of(reader.get(FEED))[0].findtext(f"{ATOM}summary") or "")


def test_the_feed_is_bounded(write: Write, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "ENTRIES_IN_FEED", 2)
    for place in range(4):
        write(f"News {place}", days=2 * place)
    assert [entry.findtext(f"{ATOM}title") for entry in feed_of(reader.get(FEED))] == ["News 3", "News 2"]
