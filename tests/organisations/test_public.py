"""What readers see of organisations: a list apart, in the order of names, as a page, as files and on paper."""

import csv
import io
import json
from datetime import timedelta

import pytest
from pytest_django import Settings

from letters.models import AuditEvent, Export, Letter, OrganisationContact, OrganisationSignature, User
from letters.moderator.organisations.operations import vouch_for_organisation
from letters.organizer.exports.paper import letterhead
from letters.organizer.letter_moves.operations import _leave_behind
from letters.organizer.notifications.daily_email import days_of
from letters.public.public_pages import caching, organisations
from tests.carry_over.conftest import change_text
from tests.organisations.conftest import SignAndConfirm
from tests.people import NOW, Reader, add_published, kept_pages, words

pytestmark = pytest.mark.django_db


def add(letter: Letter, *names: str) -> None:
    """Create published organisations directly: the same rows as the operations write, but faster."""
    revision = letter.revisions.get(number=1)
    about = {"letter": letter, "revision": revision, "language": "en", "state": "published", "proof": "address"}
    when = {"signed_at": NOW, "confirmed_at": NOW, "published_at": NOW}
    OrganisationSignature.objects.bulk_create(
        OrganisationSignature(
            name=name, domain=f"{place}.example", website=f"https://{place}.example/", salt=bytes(8), **about, **when
        )
        for place, name in enumerate(names)
    )
    Letter.objects.filter(pk=letter.pk).update(organisation_count=len(names), version=letter.version + 1)
    letter.refresh_from_db()


def names_on(page: str) -> list[str]:
    return [part.partition("</bdi>")[0] for part in page.split("<bdi>")[1:]]


@pytest.mark.parametrize(
    ("names", "english", "italian"),
    [
        (["Rail Union"], "1 organisation.", "1 organizzazione."),
        (["Rail Union", "Sleepers' League"], "2 organisations.", "2 organizzazioni."),
    ],
)
def test_the_letter_says_how_many_people_and_how_many_organisations(
    letter: Letter, reader: Reader, names: list[str], english: str, italian: str
) -> None:
    add_published(letter, 2)
    add(letter, *names)
    assert f"2 people and {english}" in words(reader.get(letter.get_absolute_url()))
    assert f"2 persone e {italian}" in words(reader.get(letter.get_absolute_url("it")))
    page = words(reader.get(letter.url_of("signatures")))
    assert f"2 people and {english}" in page
    assert "2 signatures" in page, "the headline counts people alone"


def test_the_list_is_in_the_order_of_names_and_leads_to_the_websites(letter: Letter, reader: Reader) -> None:
    add(letter, "Zug", "apples", "Bread")
    page = reader.read(letter, "organisations")
    found = [name for name in names_on(page) if name in {"Zug", "apples", "Bread"}]
    assert found == ["apples", "Bread", "Zug"]
    assert '<a class="name" href="https://0.example/" rel="nofollow noopener">' in page


def test_a_long_list_has_pages_of_names(letter: Letter, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(organisations, "PAGE_LENGTH", 2)
    add(letter, "b", "a", "B", "c", "d")
    url, seen = letter.url_of("organisations"), []
    while url:
        page = reader.get(url).content.decode()
        seen += [name for name in names_on(page) if len(name) == 1]
        onward = page.partition('rel="next" href="')[2].partition('"')[0]
        url = onward
    assert [each.lower() for each in seen] == ["a", "b", "b", "c", "d"]
    assert len(set(seen)) == 5


def test_whoever_reads_a_later_page_hides_no_organisation_from_others(
    letter: Letter, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trust: each page is kept at its own address, so nobody is sent the end of the list for its beginning."""
    monkeypatch.setattr(organisations, "PAGE_LENGTH", 2)
    monkeypatch.setattr(caching, "FRESH_SECONDS", 60)
    add(letter, "a", "b", "c")
    url = letter.url_of("organisations")
    first = reader.get(url).content.decode()
    later = first.partition('rel="next" href="')[2].partition('"')[0]
    kept_pages().pages.clear()
    pages = [reader.get(each).content.decode() for each in (later, url, later, f"{url}?after=")]
    assert [[name for name in names_on(page) if len(name) == 1] for page in pages] == [["c"], ["a", "b"]] * 2
    assert len([key for key in kept_pages().pages if key.startswith(url)]) == 2


@pytest.mark.parametrize("after", ["x", "1", "%00", "a" * 5000])
def test_a_cursor_that_is_not_ours_leads_nowhere(letter: Letter, reader: Reader, after: str) -> None:
    add(letter, "Zug")
    assert reader.get(f"{letter.url_of('organisations')}?after={after}").status_code == 404


def test_the_files_have_what_the_list_shows(letter: Letter, reader: Reader) -> None:
    add(letter, "=Zug", "Bread")
    rows = list(csv.DictReader(io.StringIO(reader.get(letter.url_of("organisations_csv")).content.decode("utf-8-sig"))))
    assert [row["name"] for row in rows] == ["'=Zug", "Bread"]
    assert rows[1] == {
        "name": "Bread",
        "website": "https://1.example/",
        "domain": "1.example",
        "proof": "address",
        "signed_on": "2025-03-03",
        "text": "1",
        "signed_text": "",
    }
    data = reader.get(letter.url_of("organisations_json")).json()
    assert (data["organisations"], [row["name"] for row in data["list"]]) == (2, ["=Zug", "Bread"])
    assert "organisations" not in reader.get(letter.url_of("signatures_json")).json()


def test_programs_read_what_the_list_shows(
    letter: Letter, reader: Reader, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(organisations, "PAGE_LENGTH", 2)
    add(letter, "Zug", "apples", "Bread", "Dora")
    url, seen, answers = "/api/v1/letters/night-trains/organisations/", [], []
    while url:
        answers.append(reader.get(url))
        data = json.loads(answers[-1].getvalue())
        assert (data["organisations"], data["version"]) == (4, letter.version)
        seen += data["list"]
        url = (data["more"] or "").removeprefix(settings.SITE_URL)
    assert len(answers) == 2
    assert {answer.headers["RateLimit-Policy"] for answer in answers} == {'"searches";q=1000;w=3600'}
    assert seen == reader.get(letter.url_of("organisations_json")).json()["list"]
    letter_as_data = reader.get("/api/v1/letters/night-trains/").json()
    count = reader.get("/api/v1/letters/night-trains/count/").json()
    assert letter_as_data["organisations"] == count["organisations"] == reader.count(letter)["organisations"] == 4
    assert letter_as_data["published"] == count["published"] == 0


@pytest.mark.parametrize("after", ["x", "1", "%00", "a" * 64])
def test_programs_with_a_cursor_that_is_not_ours_find_nothing(letter: Letter, reader: Reader, after: str) -> None:
    add(letter, "Zug")
    assert reader.get(f"/api/v1/letters/night-trains/organisations/?after={after}").status_code == 404


def test_an_organisation_stays_with_the_text_that_it_signed(letter: Letter, reader: Reader) -> None:
    add(letter, "Rail Union")
    change_text(letter, now=NOW + timedelta(days=1))
    assert "signed an earlier text" in words(reader.get(letter.url_of("organisations")))
    data = reader.get(letter.url_of("organisations_json")).json()
    assert [(row["text"], row["signed_text"]) for row in data["list"]] == [(1, "earlier")]


def test_organisations_are_printed_apart_from_people(letter: Letter, organizer: User) -> None:
    add_published(letter, 2)
    add(letter, "Rail Union")
    about = {"asked_by": organizer, "created_at": NOW, "next_attempt_at": NOW, "last_number": letter.last_number}
    export = Export.objects.create(letter=letter, kind="letter", format="pdf", language="en", **about)
    head = letterhead(export, now=NOW)
    assert head.signed_by == "Signed by 2 people"
    assert head.organisations == ("1 organisation", (("Rail Union", "0.example"),))


def test_a_new_collective_reads_no_person(letter: Letter, sign_and_confirm: SignAndConfirm) -> None:
    row = sign_and_confirm()
    _leave_behind(letter, NOW)
    contact = OrganisationContact.objects.get()
    assert (contact.name, contact.role, contact.organisation) == ("", "", row)


def test_a_new_collective_does_not_read_how_the_earlier_one_knew(
    letter: Letter, sign_and_confirm: SignAndConfirm, organizer: User
) -> None:
    row = sign_and_confirm("dora@gmail.com")
    vouch_for_organisation(row, because="Dora Desk is their chair.", by=organizer, now=NOW)
    _leave_behind(letter, NOW)
    row.refresh_from_db()
    assert (row.state, row.proof, row.because) == ("published", "vouched", "")
    assert AuditEvent.objects.get(verb="vouch_for_organisation").reason == "Dora Desk is their chair."


def test_the_daily_email_says_that_an_organisation_waits(letter: Letter, sign_and_confirm: SignAndConfirm) -> None:
    row = sign_and_confirm("dora@gmail.com")
    assert row.confirmed_at
    span = (row.confirmed_at - timedelta(days=1), row.confirmed_at + timedelta(days=1))
    (day,) = days_of(letter.collective, *span, ["review"])
    assert day.organisations == 1
    assert days_of(letter.collective, *span, ["goal"]) == []
