"""The reads of the API send what the public pages show, of the same moment, and nothing else."""

import json
from typing import Any, get_args

import pytest
from limits import parse
from pytest_django import Settings

from letters.api.views import Spoken
from letters.models import Letter, Signature, User
from letters.organizer.updates.operations import UpdateText, correct_update, send_update, write_update
from letters.public.public_pages import list_rows
from tests.interface_languages import ALL
from tests.people import EN, IT, NOW, Reader, add_confirmed, add_published, kept_pages, publish, sign_and_confirm

pytestmark = pytest.mark.django_db
LETTER = "/api/v1/letters/night-trains/"
SITE = "http://localhost:8000"


def read(reader: Reader, url: str) -> dict[str, Any]:
    answer = reader.get(url)
    assert answer.status_code == 200, answer.content
    assert answer.headers["Content-Type"] == "application/json"
    found: dict[str, Any] = json.loads(answer.getvalue())
    return found


def test_titles_can_be_had_in_every_language_of_the_interface() -> None:
    assert get_args(Spoken) == tuple(ALL)


def test_the_letters_are_those_of_the_home_page(letter: Letter, reader: Reader) -> None:
    found = read(reader, "/api/v1/letters/")
    assert [(each["slug"], each["title"]) for each in found["letters"]] == [("night-trains", EN.title)]
    assert found["paused"] is False
    Letter.objects.update(status="closed", closed_at=NOW, version=10)
    kept_pages().pages.clear()
    assert read(reader, "/api/v1/letters/")["letters"] == []


def test_titles_are_in_the_language_that_is_asked_for(letter: Letter, reader: Reader) -> None:
    assert read(reader, "/api/v1/letters/?language=it")["letters"][0]["title"] == IT.title
    assert read(reader, "/api/v1/letters/")["letters"][0]["title"] == EN.title


def test_a_letter_has_its_text_and_its_revisions(letter: Letter, reader: Reader) -> None:
    add_published(letter, 3)
    found = read(reader, LETTER)
    assert (found["title"], found["language"], found["refusal"]) == (EN.title, "en", None)
    assert "<em>sleeper</em>" in found["html"]
    assert found["published"] == 3
    assert [each["language"] for each in found["languages"]] == ["en", "it"]
    (revision,) = found["revisions"]
    assert (revision["number"], revision["kind"], revision["signatures"]) == (1, "first", 3)
    assert revision["sha256"] == found["sha256"]
    assert read(reader, f"{LETTER}?language=it")["title"] == IT.title


def test_a_past_text_is_what_its_page_shows(letter: Letter, reader: Reader) -> None:
    found = read(reader, f"{LETTER}revisions/1/?language=it")
    assert (found["title"], found["language"]) == (IT.title, "it")
    assert found["sha256"] in reader.get("/it/letters/night-trains/history/1/").content.decode()


def test_the_count_is_that_of_the_page(letter: Letter, reader: Reader) -> None:
    add_published(letter, 12)
    assert read(reader, f"{LETTER}count/") == reader.count(letter)
    in_file = reader.get(letter.url_of("count_history_json")).json()
    assert read(reader, f"{LETTER}count/history/") == in_file


def test_signatures_are_those_of_the_public_list(letter: Letter, reader: Reader) -> None:
    add_confirmed(letter, 2, affiliation="City Hospital", role="Nurse")
    add_confirmed(letter, 1, display="organizers", affiliation="Secret Society")
    add_confirmed(letter, 1, display="nobody")
    publish()
    found = read(reader, f"{LETTER}signatures/")
    in_file = reader.get(letter.url_of("signatures_json")).json()
    assert found == in_file
    assert "Secret" not in str(found)


def test_a_cursor_leads_through_the_whole_list(letter: Letter, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_rows, "JSON_PAGE_LENGTH", 20)
    add_published(letter, 50)
    url, numbers = f"{SITE}{LETTER}signatures/", []
    while url:
        page = read(reader, url.removeprefix(SITE))
        numbers += [row["number"] for row in page["signatures"]]
        url = page["older"]
    assert numbers == list(range(50, 0, -1))


def test_a_signature_that_left_is_not_in_the_list(letter: Letter, reader: Reader) -> None:
    add_published(letter, 3)
    assert len(read(reader, f"{LETTER}signatures/")["signatures"]) == 3
    Signature.objects.filter(number=2).update(state="withdrawn", name="", address_hash=None)
    publish()
    found = read(reader, f"{LETTER}signatures/")
    assert [row["number"] for row in found["signatures"]] == [3, 1]


def test_older_pages_are_not_kept_and_their_limit_is_stated(letter: Letter, reader: Reader, settings: Settings) -> None:
    add_published(letter, 9)
    settings.LIMIT_SEARCHES = parse("3/hour")
    url = f"{LETTER}signatures/"
    answers = [reader.get(f"{url}?before={number}") for number in (9, 8, 7, 6)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert {answer.headers["RateLimit-Policy"] for answer in answers[:3]} == {'"searches";q=3;w=3600'}
    assert int(answers[3].headers["Retry-After"]) > 0
    assert answers[3].headers["RateLimit"].startswith('"searches";r=0;t=')
    assert not [path for path in kept_pages().pages if "before" in path]


def test_no_answer_says_how_much_of_a_limit_is_left(letter: Letter, reader: Reader) -> None:
    """Privacy: a network counts as one, so the rest would tell what others in the office do."""
    add_published(letter, 9)
    assert "RateLimit" not in reader.get(f"{LETTER}signatures/?before=9").headers


def test_updates_are_those_of_the_archive(letter: Letter, organizer: User, reader: Reader) -> None:
    by: dict[str, Any] = {"by": organizer, "now": NOW}
    sign_and_confirm(letter)
    publish()
    letter.refresh_from_db()
    draft = write_update(letter, text=UpdateText(title="Draft", body="Not yet.", language="en"), **by)
    update = write_update(letter, text=UpdateText(title="News", body="We *are* heard.", language="en"), **by)
    send_update(update, seen=update.version, **by)
    correct_update(update, text="We were heard.", language="en", **by)
    found = read(reader, f"{LETTER}updates/")
    assert [(each["id"], each["title"]) for each in found["updates"]] == [(update.pk, "News")]
    one = read(reader, f"{LETTER}updates/{update.pk}/")
    assert "<em>are</em>" in one["html"]
    assert [each["text"] for each in one["corrections"]] == ["We were heard."]
    assert reader.get(f"{LETTER}updates/{draft.pk}/").status_code == 404


PATHS = ["", "revisions/1/", "count/", "count/history/", "signatures/", "organisations/", "updates/"]


@pytest.mark.parametrize("path", PATHS)
def test_a_read_is_sent_once_to_a_program_that_keeps_it(letter: Letter, reader: Reader, path: str) -> None:
    add_published(letter, 3)
    first = reader.get(f"{LETTER}{path}")
    again = reader.get(f"{LETTER}{path}", if_none_match=first.headers["ETag"])
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    assert first.headers["Access-Control-Allow-Origin"] == again.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("path", PATHS)
def test_no_search_engine_keeps_it(letter: Letter, reader: Reader, path: str) -> None:
    answers = [reader.get(f"{LETTER}{path}") for _ in range(2)]
    assert {answer.headers["X-Robots-Tag"] for answer in answers} == {"noindex"}


@pytest.mark.parametrize("path", PATHS)
def test_nobody_learns_that_a_draft_exists(letter: Letter, reader: Reader, path: str) -> None:
    Letter.objects.update(status="draft")
    draft, nothing = reader.get(f"{LETTER}{path}"), reader.get(f"/api/v1/letters/nothing/{path}")
    assert draft.status_code == nothing.status_code == 404
    assert draft.content == nothing.content


@pytest.mark.parametrize("name", ["slug", "number", "update_id", "request"])
@pytest.mark.parametrize("path", PATHS)
def test_what_is_no_parameter_makes_no_page_of_its_own(letter: Letter, reader: Reader, path: str, name: str) -> None:
    """Denial of service: pages of addresses that anyone can make up would push the letters out of memory."""
    before = set(kept_pages().pages)
    assert [reader.get(f"{LETTER}{path}?{name}={made_up}").status_code for made_up in range(2)] == [422, 422]
    assert set(kept_pages().pages) == before


def test_a_former_slug_leads_to_the_letter(letter: Letter, organizer: User, reader: Reader) -> None:
    letter.former_slugs.create(slug="old-trains", created_at=NOW)
    answer = reader.get("/api/v1/letters/old-trains/count/")
    assert (answer.status_code, answer.headers["Location"]) == (301, f"{LETTER}count/")


def test_no_cookie_and_no_session_is_read_or_set(letter: Letter, reader: Reader, organizer: User) -> None:
    plain = reader.get(LETTER)
    reader.client.force_login(organizer)
    known = reader.get(LETTER)
    assert (known.content, known.cookies) == (plain.content, plain.cookies)
    assert not known.cookies
