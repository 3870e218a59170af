"""What a program reads: what the organizers' pages show, and nothing more."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from letters.models import Letter, Scope, Signature, User
from letters.organizer.paper_counts.operations import Counted, add_paper_count
from letters.organizer.updates.operations import UpdateText, send_update, write_update
from tests.conftest import LetterMaker
from tests.people import NOW, add_confirmed, add_published, browser_of, sign, words
from tests.personal_tokens.conftest import API, LETTER, Program, ProgramMaker

pytestmark = pytest.mark.django_db
LISTS = ["published", "held", "withdrawn", "rejected"]
PAGE = "/organize/letters/night-trains/signatures/"
MOMENT = re.compile(r"\d\d:\d\d")


@pytest.fixture
def signed(published: LetterMaker) -> Letter:
    """A letter with signatures of every kind of display, in every list."""
    letter = published(ask_comment="optional", ask_country="optional")
    for display in ("public", "organizers", "nobody"):
        add_published(letter, 1, display=display, country="IT", comment="Because.", affiliation="Choir")
        add_confirmed(letter, 1, display=display, country="IT", state="held")
    add_published(letter, 2)
    last, previous = letter.signatures.filter(number__isnull=False).order_by("-number")[:2]
    Signature.objects.filter(pk=last.pk).update(state="rejected")
    Signature.objects.filter(pk=previous.pk).update(state="withdrawn", name="")
    return letter


def entries(program: Program, shown: str = "published") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = program.read(f"{LETTER}signatures/?shown={shown}")["signatures"]
    return found


@pytest.mark.parametrize("shown", LISTS)
def test_a_list_has_the_names_of_the_page_in_its_order(
    signed: Letter, program: Program, organizer: User, shown: str
) -> None:
    page = browser_of(organizer).get(f"{PAGE}?shown={shown}").content.decode()
    rows = page.partition("<tbody")[2].partition("</tbody>")[0].split("</tr>")[:-1]
    names = [re.findall(r'<bdi class="name">([^<]*)', row) for row in rows]
    assert [[each["name"]] if each["name"] else [] for each in entries(program, shown)] == names
    assert names


@pytest.mark.parametrize("shown", LISTS)
def test_no_list_has_an_address_or_a_moment(signed: Letter, program: Program, shown: str) -> None:
    answer = program.get(f"{LETTER}signatures/?shown={shown}").content.decode()
    assert "@" not in answer
    assert not MOMENT.search(answer)


def test_whoever_shows_no_name_shows_neither_day_nor_country_nor_language(signed: Letter, program: Program) -> None:
    nameless = [each for each in entries(program) if not each["name"]]
    assert len(nameless) == 1
    given = {name: value for name, value in nameless[0].items() if value}
    assert set(given) <= {"number", "comment", "affiliation"}
    assert nameless[0]["signed_on"] is None


def test_a_name_for_organizers_says_so(signed: Letter, program: Program) -> None:
    found = {each["name"]: each["only_organizers_see_the_name"] for each in entries(program) if each["name"]}
    assert sorted(found.values()) == [False, True]


def test_a_withdrawn_signature_does_not_say_who_could_see_its_name(signed: Letter, program: Program) -> None:
    """Privacy: the page shows a withdrawn signature as one without a name, whoever could see it."""
    (gone,) = entries(program, "withdrawn")
    assert gone["name"] == ""
    assert gone["only_organizers_see_the_name"] is False


def test_unconfirmed_signatures_are_in_no_list(letter: Letter, program: Program) -> None:
    """Privacy: anyone who types an address into the form could otherwise see whether it was new."""
    sign(letter)
    assert [entries(program, shown) for shown in LISTS] == [[], [], [], []]
    assert program.get(f"{LETTER}signatures/?shown=pending").status_code == 422


@pytest.mark.parametrize("shown", ["published", "held"])
def test_a_cursor_leads_through_the_whole_list(letter: Letter, program: Program, shown: str) -> None:
    if shown == "published":
        add_published(letter, 120)
    else:
        add_confirmed(letter, 120, state="held")
    url, lengths, names = f"{LETTER}signatures/?shown={shown}", [], []
    while url:
        page = program.read(url.removeprefix("http://localhost:8000"))
        lengths.append(len(page["signatures"]))
        names += [each["name"] for each in page["signatures"]]
        url = page["older"]
    assert lengths == [50, 50, 20]
    assert len(set(names)) == 120


@pytest.mark.parametrize("after", ["x", "-1", "9" * 60, "1e5"])
@pytest.mark.parametrize("shown", LISTS)
def test_a_made_up_cursor_shows_what_is_there(letter: Letter, program: Program, shown: str, after: str) -> None:
    add_published(letter, 2)
    assert len(entries(program, f"{shown}&after={after}")) in {0, 2}


@pytest.mark.parametrize("after", ["%00", "%ff", "a%20b", "%27", "a" * 81, "%0A"])
@pytest.mark.parametrize("url", [API, f"{LETTER}signatures/"])
def test_what_can_be_no_cursor_is_refused(letter: Letter, program: Program, url: str, after: str) -> None:
    assert program.get(f"{url}?after={after}").status_code == 422


@pytest.mark.parametrize("query", ["q=x", "after=1&after=2", f"after={'9' * 81}", "shown=", "%00=1", "access_token=1"])
@pytest.mark.parametrize("path", ["signatures/", "counts/", "updates/", ""])
def test_an_unknown_parameter_is_refused(letter: Letter, program: Program, path: str, query: str) -> None:
    assert program.get(f"{LETTER}{path}?{query}").status_code == 422


def test_the_numbers_are_those_of_the_overview(signed: Letter, program: Program, organizer: User) -> None:
    signed.refresh_from_db()
    counts = program.read(f"{LETTER}counts/")
    overview = words(browser_of(organizer).get("/organize/letters/night-trains/dashboard/"))
    assert counts["published"] == signed.signature_count
    assert f"{counts['published']} signatures" in overview
    assert counts["awaiting_review"] == signed.awaiting_review == 3
    assert counts["awaiting_review_is_rounded"] is False
    assert counts["organisations"] == 0
    assert counts["countries"]["known"] == [{"value": "IT", "signatures": 2}]
    assert counts["as_of"] == signed.day_of(timezone.now()).isoformat()  # type: ignore[union-attr]
    assert counts["new_today"] == 0


def test_signatures_on_paper_are_apart_as_on_the_pages(
    letter: Letter, program: Program, organizer: User, reader: Any
) -> None:
    counted = Counted(number=1204, counted_on=NOW.date(), counted_by="the works council", kept_at="A safe")
    add_paper_count(letter, counted=counted, by=organizer, now=NOW)
    counts = program.read(f"{LETTER}counts/")
    assert counts["published"] == 0
    assert counts["on_paper"] == reader.count(letter)["on_paper"] != []
    assert "A safe" not in str(counts)


def test_nobody_learns_exactly_how_many_have_not_confirmed(letter: Letter, program: Program) -> None:
    Letter.objects.update(shown_awaiting_confirmation=27)
    assert program.read(f"{LETTER}counts/")["awaiting_confirmation"] == 20


def test_a_letter_that_names_nobody_yet_tells_a_program_what_it_tells_readers(
    sealed: Letter, program: Program, reader: Any
) -> None:
    add_confirmed(sealed, 9, state="sealed")
    url = f"{API}{sealed.slug}/"
    assert [program.read(f"{url}signatures/?shown={shown}")["signatures"] for shown in LISTS] == [[], [], [], []]
    ours, public = program.read(f"{url}counts/"), reader.count(sealed)
    same = set(ours) & set(public)
    assert {name: ours[name] for name in same} == {name: public[name] for name in same}
    assert {name for name, value in ours.items() if value is None} >= {
        "new_today",
        "languages",
        "countries",
        "websites",
    }


def test_a_draft_has_its_text_and_its_settings(draft: LetterMaker, program: Program) -> None:
    letter = draft(goal=500, ask_country="required")
    found = program.read(LETTER)
    assert found["status"] == "draft"
    assert found["is_public"] is False
    assert [each["language"] for each in found["texts"]] == ["en", "it"]
    assert found["texts"][0]["title"] == letter.newest_title()
    assert found["texts"][0]["body"]
    assert found["goal"] == 500
    assert found["form"]["country"] == "required"
    (listed,) = program.read(API)["letters"]
    assert listed == {
        "slug": "night-trains",
        "status": "draft",
        "language": "en",
        "title": letter.newest_title(),
        "published_on": None,
        "published": 0,
    }


def test_the_letters_come_a_hundred_to_a_page(draft: LetterMaker, program: Program) -> None:
    for place in range(101):
        draft(f"letter-{place:03}")
    page = program.read(API)
    rest = program.read(page["more"].removeprefix("http://localhost:8000"))
    assert [len(page["letters"]), len(rest["letters"]), rest["more"]] == [100, 1, None]


def test_updates_are_those_of_the_page(letter: Letter, program: Program, organizer: User) -> None:
    add_published(letter, 1)
    text = UpdateText(title="News", body="*News*.", language="en")
    sent = write_update(letter, text=text, by=organizer, now=NOW)
    send_update(sent, seen=sent.version, by=organizer, now=NOW)
    write_update(letter, text=UpdateText(title="Soon", body="Soon.", language="en"), by=organizer, now=NOW)
    listed = program.read(f"{LETTER}updates/")["updates"]
    assert [(each["title"], each["state"], each["began_on"]) for each in listed] == [
        ("Soon", "draft", None),
        ("News", listed[1]["state"], "2025-03-03"),
    ]
    found = program.read(f"{LETTER}updates/{sent.pk}/")
    assert found["texts"] == [{"language": "en", "title": "News", "body": "*News*.", "html": found["texts"][0]["html"]}]
    assert "<em>News</em>" in found["texts"][0]["html"]
    assert program.get(f"{LETTER}updates/{sent.pk + 99}/").status_code == 404


def test_an_update_in_the_bin_is_not_sent(letter: Letter, program: Program, organizer: User) -> None:
    text = UpdateText(title="News", body="News.", language="en")
    update = write_update(letter, text=text, by=organizer, now=NOW)
    letter.updates.update(binned_at=NOW)
    assert program.get(f"{LETTER}updates/{update.pk}/").status_code == 404
    assert program.read(f"{LETTER}updates/")["updates"] == []


def test_the_update_of_another_letter_is_not_sent(
    letter: Letter, published: LetterMaker, program: Program, organizer: User
) -> None:
    other = published("other-trains")
    update = write_update(other, text=UpdateText(title="News", body="N.", language="en"), by=organizer, now=NOW)
    assert program.get(f"{LETTER}updates/{update.pk}/").status_code == 404


def test_every_scope_has_an_address_that_uses_it(letter: Letter, program_of: ProgramMaker, organizer: User) -> None:
    document = Client().get("/api/v1/openapi.json").json()
    described = [
        operation["description"]
        for path, operations in document["paths"].items()
        for operation in operations.values()
        if path.startswith("/api/v1/organize/")
    ]
    assert len(described) == 6
    assert {scope for scope in Scope if any(f"“{scope}”" in each for each in described)} == set(Scope)
