"""A letter gets another web address, and everyone who uses the old one still arrives."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from letters.models import AuditEvent, FormerSlug, Letter, Signature, User
from letters.organizer.letter_editor.operations import free_slug, readdress_letter
from letters.shared.refused import Refused
from tests.conftest import LetterMaker
from tests.people import EN, NOW, Reader, Response, Signer, browser_of, words

pytestmark = pytest.mark.django_db

PAGE = "/organize/letters/night-trains/address/"


@pytest.fixture
def desk(organizer: User) -> Client:
    """The organizer's browser."""
    return browser_of(organizer)


@pytest.fixture
def moved(letter: Letter, organizer: User) -> Letter:
    """A letter that was at /letters/night-trains/."""
    readdress_letter(letter, slug="sleepers", by=organizer, now=NOW)
    return letter


def post(client: Client, url: str, **fields: Any) -> Response:
    return client.post(url, fields, follow=True)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/letters/night-trains/", "/letters/sleepers/"),
        ("/it/letters/night-trains/", "/it/letters/sleepers/"),
        ("/letters/night-trains/signatures/?before=3", "/letters/sleepers/signatures/?before=3"),
        ("/it/letters/night-trains/signatures/", "/it/letters/sleepers/signatures/"),
        ("/letters/night-trains/count/", "/letters/sleepers/count/"),
        ("/letters/night-trains/link/", "/letters/sleepers/link/"),
    ],
)
def test_the_old_address_leads_to_the_new_one(moved: Letter, reader: Reader, old: str, new: str) -> None:
    answer = reader.get(old)
    assert (answer.status_code, answer["Location"]) == (301, new)
    # Caches keep the redirect only for a short time, because the letter may return to its old address.
    assert answer["Cache-Control"] == "public, max-age=60"


def test_no_cache_reveals_the_new_address_of_a_draft(draft: LetterMaker, organizer: User, desk: Client) -> None:
    readdress_letter(draft(), slug="sleepers", by=organizer, now=NOW)
    answer = desk.get("/organize/letters/night-trains/")
    assert (answer.status_code, answer["Location"]) == (301, "/organize/letters/sleepers/")
    assert answer["Cache-Control"] == "private, no-store"


def test_a_person_with_the_page_open_signs_through_the_old_address(
    letter: Letter, signer: Signer, organizer: User
) -> None:
    for language in ("", "it"):
        old = letter.url_of("sign", language)
        readdress_letter(letter, slug=f"sleepers-{language or 'en'}", by=organizer, now=NOW)
        answer = signer.client.post(old, {"name": "Ada", "email": "ada@example.org", "display": "public"})
        assert answer.status_code == 308
        assert answer["Location"] == letter.url_of("sign", language)
        signer.sign(letter, language=language, email=f"ada{language}@example.org")
    assert Signature.objects.count() == 2


def test_an_address_that_moved_twice_redirects_in_one_step(moved: Letter, organizer: User, reader: Reader) -> None:
    readdress_letter(moved, slug="keep-them", by=organizer, now=NOW)
    for old in ("night-trains", "sleepers"):
        assert reader.get(f"/letters/{old}/")["Location"] == "/letters/keep-them/"


def test_a_letter_can_return_to_its_old_address(moved: Letter, organizer: User, reader: Reader) -> None:
    readdress_letter(moved, slug="night-trains", by=organizer, now=NOW)
    assert EN.title in reader.get("/letters/night-trains/").content.decode()
    assert reader.get("/letters/sleepers/")["Location"] == "/letters/night-trains/"


def test_no_page_in_memory_is_shown_at_the_old_address(letter: Letter, organizer: User, reader: Reader) -> None:
    reader.read(letter)
    readdress_letter(letter, slug="sleepers", by=organizer, now=NOW)
    assert reader.get("/letters/night-trains/").status_code == 301


def test_no_other_letter_ever_gets_an_old_address(moved: Letter, draft: LetterMaker, organizer: User) -> None:
    assert free_slug(Letter, "night trains") == "night-trains-2"
    other = draft("another")
    for slug in ("night-trains", "sleepers"):
        with pytest.raises(Refused, match="address_taken"):
            readdress_letter(other, slug=slug, by=organizer, now=NOW)
    other.refresh_from_db()
    assert other.slug == "another"


def test_the_old_address_of_a_draft_tells_strangers_nothing(
    draft: LetterMaker, organizer: User, stranger: User, teammate: User, reader: Reader
) -> None:
    letter = draft()
    readdress_letter(letter, slug="sleepers", by=organizer, now=NOW)
    assert reader.get("/letters/night-trains/").status_code == 404
    old = "/organize/letters/night-trains/"
    assert browser_of(stranger).get(old).status_code == 404
    assert browser_of(teammate).get(old)["Location"] == "/organize/letters/sleepers/"
    assert browser_of(teammate).post(f"{old}text/en/", {"title": "x"}).status_code == 308


def test_a_collective_or_page_of_that_name_is_not_redirected(moved: Letter, reader: Reader) -> None:
    for path in ("/letters/nothing/", "/night-trains/", "/letters/sleepers/nothing/"):
        assert reader.get(path).status_code == 404


def test_current_addresses_cost_no_query_for_old_ones(moved: Letter, reader: Reader) -> None:
    with CaptureQueriesContext(connection) as queries:
        reader.get("/letters/sleepers/count/")
    asked = [query["sql"] for query in queries]
    assert asked
    assert not [sql for sql in asked if FormerSlug._meta.db_table in sql]


# The page


def test_the_address_can_be_changed_and_old_ones_are_listed(letter: Letter, desk: Client) -> None:
    page = post(desk, PAGE, slug="sleepers")
    assert "Saved." in words(page)
    assert "/letters/night-trains/" in words(page)
    event = AuditEvent.objects.get(verb="readdress_letter")
    assert event.details == {"from": "night-trains", "to": "sleepers"}


@pytest.mark.parametrize("slug", ["", " ", "Night Trains", "a/b", "-a", "a--b", "ä", "x" * 81, "\x00", "a\n", "UPPER"])
def test_an_invalid_address_gets_a_sentence(letter: Letter, desk: Client, slug: str) -> None:
    page = post(desk, PAGE, slug=slug)
    letter.refresh_from_db()
    if slug == "a\n":  # The old address is a complete line.
        assert letter.slug == "a"
        return
    assert page.status_code == 422
    assert letter.slug == "night-trains"


def test_a_taken_address_gets_a_sentence(letter: Letter, draft: LetterMaker, desk: Client) -> None:
    draft("another")
    page = post(desk, PAGE, slug="another")
    assert page.status_code == 422
    assert "Another letter uses this web address, or used it before." in words(page)
    assert Letter.objects.filter(slug="night-trains").exists()


def test_saving_the_same_address_changes_nothing(letter: Letter, organizer: User) -> None:
    readdress_letter(letter, slug="night-trains", by=organizer, now=NOW)
    assert not AuditEvent.objects.filter(verb="readdress_letter").exists()


def test_nobody_else_changes_the_address(letter: Letter, stranger: User, moderator: User) -> None:
    for person in (stranger, moderator):
        assert browser_of(person).get(PAGE).status_code == 404
        assert browser_of(person).post(PAGE, {"slug": "mine"}).status_code == 404
        with pytest.raises(Refused, match="not_yours"):
            readdress_letter(letter, slug="mine", by=person, now=NOW)
