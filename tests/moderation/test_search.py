"""Moderators search signatures, and learn nothing about the people who show no name."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from letters.models import AuditEvent, Letter, Signature, User
from letters.moderator.moderation import queries
from letters.moderator.moderation.forms import CONCERNS
from letters.moderator.moderation.operations import MAX_ADDRESSES_A_DAY, reject_signatures, search_address
from letters.moderator.moderation.queries import searching
from letters.moderator.moderation.queries.queue import scope_of
from letters.shared.addresses import parse_address
from letters.shared.refused import Refused
from tests.conftest import LetterMaker
from tests.people import NOW, Response, add_confirmed, add_published, browser_of, ids_of, sign_and_confirm, words

pytestmark = pytest.mark.django_db

SEARCH = "/moderate/search/"
BY_ADDRESS = "/moderate/search/address/"


@pytest.fixture
def desk(moderator: User) -> Client:
    return browser_of(moderator)


@pytest.fixture
def warden(db: None) -> User:
    """A person who moderates all letters of the site, and belongs to no collective."""
    return User.objects.create_user("wanda@example.org", name="Wanda", moderates_site=True)


@pytest.fixture
def crowd(letter: Letter) -> Letter:
    """Three published signatures, two that wait, and one that was rejected."""
    add_published(letter, 3)
    add_confirmed(letter, 2, state="held")
    add_confirmed(letter, 1, state="rejected")
    names = ["Łucja Nguyễn", "Seán O’Brien", "Ada Lovelace", "Ada Byron", "Zoë Adamson", "Max Adler"]  # noqa: RUF001
    places = ["Museum für Züge", "", "Analytical Society", "", "", ""]
    for pk, name, place in zip(ids_of(letter), names, places, strict=True):
        Signature.objects.filter(pk=pk).update(name=name, affiliation=place)
    return letter


def find(person: User, letter: str = "", **criteria: Any) -> list[str]:
    """The names that a search finds, newest first."""
    found = queries.search(scope_of(person, letter), queries.Criteria(**criteria))
    return [each.name for each in found.signatures]


def asked(desk: Client, **fields: Any) -> str:
    return words(desk.get(SEARCH, fields))


# What is found


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("nguyen", ["Łucja Nguyễn"]),
        ("LUCJA nguyễn", ["Łucja Nguyễn"]),
        ("obrien", []),
        ("o'brien", ["Seán O’Brien"]),  # noqa: RUF001
        ("zuge", ["Łucja Nguyễn"]),
        ("ada", ["Zoë Adamson", "Ada Byron", "Ada Lovelace"]),
        ("ada analytical", ["Ada Lovelace"]),
        ("adler", ["Max Adler"]),
        ("'", []),
        ("\\' | '#1", []),
    ],
)
def test_search_finds_the_beginnings_of_words_whatever_the_marks_and_the_state(
    crowd: Letter, moderator: User, typed: str, names: list[str]
) -> None:
    assert find(moderator, words=typed) == find(moderator, "night-trains", words=typed) == names


@pytest.mark.parametrize(
    ("state", "names"),
    [("waiting", ["Zoë Adamson", "Ada Byron"]), ("published", ["Ada Lovelace"]), ("rejected", [])],
)
def test_search_by_state(crowd: Letter, moderator: User, state: str, names: list[str]) -> None:
    assert find(moderator, state=state, words="ada") == names
    assert [each for each in find(moderator, "night-trains", state=state) if "Ada" in each] == names


def test_a_published_signature_with_a_concern_waits_too(crowd: Letter, moderator: User) -> None:
    Signature.objects.filter(name="Ada Lovelace").update(concern="bounced")
    assert find(moderator, "night-trains", state="waiting") == ["Zoë Adamson", "Ada Byron", "Ada Lovelace"]
    assert find(moderator, "night-trains", concern="bounced") == ["Ada Lovelace"]


def test_search_by_time_includes_the_first_second_and_not_the_last(crowd: Letter, moderator: User) -> None:
    since, before = NOW + timedelta(seconds=2), NOW + timedelta(seconds=4)
    assert find(moderator, "night-trains", since=since, before=before) == ["Ada Lovelace", "Seán O’Brien"]  # noqa: RUF001


def test_search_by_risk(crowd: Letter, moderator: User) -> None:
    Signature.objects.filter(name="Ada Byron").update(risk=60)
    Signature.objects.filter(name="Max Adler").update(risk=59)
    assert find(moderator, "night-trains", risk=60) == ["Ada Byron"]
    assert find(moderator, "night-trains", risk=30) == ["Max Adler", "Ada Byron"]


def test_search_by_confirmed_domain_includes_those_below_it(crowd: Letter, moderator: User) -> None:
    for name, domain in [
        ("Ada Byron", "cs.example.edu"),
        ("Max Adler", "example.edu"),
        ("Zoë Adamson", "anexample.edu"),
    ]:
        Signature.objects.filter(name=name).update(domain=domain)
    assert find(moderator, "night-trains", domain="example.edu") == ["Max Adler", "Ada Byron"]


@pytest.mark.parametrize("criteria", [{"words": "signer"}, {}, {"state": "published"}, {"since": NOW}])
def test_pages_of_a_search_go_on_without_gaps(
    letter: Letter, moderator: User, criteria: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "PAGE_LENGTH", 7)
    # Many at the same moment, in two states.
    add_published(letter, 30)
    if "state" not in criteria:
        add_confirmed(letter, 5, state="held")
    Signature.objects.update(confirmed_at=NOW)
    seen, after = [], ""
    for _ in range(10):
        found = queries.search(scope_of(moderator, "night-trains"), queries.Criteria(**criteria), after)
        seen += [each.pk for each in found.signatures]
        if not (after := found.onward):
            break
    assert seen == ids_of(letter)[::-1]


def test_a_search_that_examined_enough_says_so_and_goes_on(
    letter: Letter, moderator: User, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "MAX_EXAMINED", 10)
    add_published(letter, 35)
    Signature.objects.filter(pk=ids_of(letter)[0]).update(risk=90)
    scope, criteria, after, pages = scope_of(moderator, "night-trains"), queries.Criteria(risk=60), "", 0
    while not (found := queries.search(scope, criteria, after)).signatures:
        assert (found.examined, found.onward) == (10, found.onward)
        after, pages = found.onward, pages + 1
    assert pages == 3
    assert [each.name for each in found.signatures] == ["Signer 1"]
    page = asked(desk, letter="night-trains", risk="60")
    assert "Nothing found among 10 signatures." in page
    assert "Search earlier signatures" in page


def test_too_common_words_get_a_sentence_and_no_more_pages(
    letter: Letter, desk: Client, moderator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "MAX_WORDED", 5)
    add_published(letter, 9)
    found = queries.search(scope_of(moderator), queries.Criteria(words="signer"))
    assert found.has_too_many
    assert not found.onward


# Who finds what


def test_only_letters_that_the_person_moderates_are_searched(
    crowd: Letter, stranger: User, teammate: User, desk: Client
) -> None:
    for person in (stranger, teammate):
        assert "Lovelace" not in asked(browser_of(person), q="ada")
        assert browser_of(person).get(SEARCH, {"letter": "night-trains"}).status_code == 422
    assert "Lovelace" in asked(desk, q="ada")


def test_people_who_moderate_the_site_search_all_letters_but_no_draft(
    crowd: Letter, draft: LetterMaker, warden: User
) -> None:
    secret = draft("secret")
    secret.current_revision = secret.revisions.get()
    add_confirmed(secret, 1, state="held")
    Signature.objects.filter(letter=secret).update(name="Ada Secret")
    assert find(warden, words="ada") == ["Zoë Adamson", "Ada Byron", "Ada Lovelace"]
    assert browser_of(warden).get(SEARCH, {"letter": "secret"}).status_code == 422


@pytest.mark.parametrize("display", ["organizers", "nobody"])
def test_no_search_tells_a_person_who_moderates_the_site_whose_name_is_withheld(
    crowd: Letter, warden: User, display: str
) -> None:
    withheld = Signature.objects.filter(name="Ada Lovelace")
    name = "" if display == "nobody" else "Ada Lovelace"
    withheld.update(display=display, name=name, affiliation="Analytical", domain="example.edu")
    for criteria in ({"words": "lovelace"}, {"words": "analytical"}, {"domain": "example.edu"}, {"since": NOW}):
        assert not {"Ada Lovelace", ""} & {*find(warden, "night-trains", **criteria)}


def test_a_member_finds_names_for_organizers_but_never_a_signer_without_a_name_by_time_domain_or_risk(
    crowd: Letter, moderator: User
) -> None:
    Signature.objects.filter(name="Ada Lovelace").update(display="organizers")
    Signature.objects.filter(name="Ada Byron").update(display="nobody", name="", domain="example.edu")
    assert find(moderator, words="lovelace") == ["Ada Lovelace"]
    Signature.objects.update(risk=60)
    for criteria in ({"since": NOW}, {"before": NOW + timedelta(days=1)}, {"domain": "example.edu"}, {"risk": 30}):
        assert "" not in find(moderator, "night-trains", **criteria)
    # As in the queue, which tells neither the day nor the country.
    assert "" in find(moderator, "night-trains", state="waiting")
    page = words(browser_of(moderator).get(SEARCH, {"letter": "night-trains", "state": "waiting"}))
    assert page.count("name withheld") == 1


def test_nothing_unconfirmed_withdrawn_or_emptied_is_found(crowd: Letter, moderator: User) -> None:
    for name, state in [("Ada Lovelace", "withdrawn"), ("Ada Byron", "pending"), ("Zoë Adamson", "disowned")]:
        when = None if state == "pending" else NOW
        Signature.objects.filter(name=name).update(state=state, number=None, counted=False, confirmed_at=when)
    assert find(moderator, words="ada") == []
    assert {*find(moderator, "night-trains")} == {"Łucja Nguyễn", "Seán O’Brien", "Max Adler"}  # noqa: RUF001


# By address


def by_address(person: User, email: str) -> Response:
    return browser_of(person).post(BY_ADDRESS, {"email": email})


def test_a_person_who_moderates_the_site_finds_an_address_however_it_is_spelled(letter: Letter, warden: User) -> None:
    sign_and_confirm(letter, "ada.byron@gmail.com", name="Ada Byron")
    page = words(by_address(warden, "AdaByron+news@googlemail.com"))
    assert "Ada Byron" in page
    assert "gmail" not in page.replace("AdaByron+news@googlemail.com", "")


@pytest.mark.parametrize("who", ["moderator", "organizer", "teammate", "stranger"])
def test_no_member_of_a_collective_may_ask_by_address(letter: Letter, who: str, request: pytest.FixtureRequest) -> None:
    person: User = request.getfixturevalue(who)
    sign_and_confirm(letter)
    assert by_address(person, "ada@example.org").status_code == 404
    assert BY_ADDRESS not in browser_of(person).get(SEARCH).content.decode()
    with pytest.raises(Refused, match="not_yours"):
        search_address(parse_address("ada@example.org"), by=person, now=NOW)


@pytest.mark.parametrize("display", ["organizers", "nobody"])
def test_an_address_whose_signer_withholds_the_name_looks_like_one_that_never_signed(
    letter: Letter, warden: User, display: str
) -> None:
    sign_and_confirm(letter, display=display, name="" if display == "nobody" else "Ada Lovelace")

    def answer(email: str) -> str:
        return words(by_address(warden, email)).replace(email, "")

    assert answer("ada@example.org") == answer("eve@example.org")
    assert "No signature with a public name has this address." in answer("ada@example.org")


def test_an_address_that_someone_typed_but_nobody_confirmed_is_not_found(letter: Letter, warden: User) -> None:
    signature = sign_and_confirm(letter)
    Signature.objects.filter(pk=signature.pk).update(state="pending", confirmed_at=None, verified="")
    assert search_address(parse_address("ada@example.org"), by=warden, now=NOW) == []


def test_each_search_by_address_is_recorded_without_the_address_and_the_answer(letter: Letter, warden: User) -> None:
    sign_and_confirm(letter)
    for email in ("ada@example.org", "eve@example.org"):
        by_address(warden, email)
    events = AuditEvent.objects.filter(verb="search_address")
    assert list(events.values_list("actor", "object_id", "reason", "details")) == [(warden.pk, warden.pk, "", {})] * 2


def test_a_person_searches_for_a_limited_number_of_addresses_a_day(letter: Letter, warden: User) -> None:
    for place in range(MAX_ADDRESSES_A_DAY):
        search_address(parse_address(f"staff{place}@example.org"), by=warden, now=NOW)
    with pytest.raises(Refused, match="many_addresses"):
        search_address(parse_address("ada@example.org"), by=warden, now=NOW + timedelta(hours=23))
    assert search_address(parse_address("ada@example.org"), by=warden, now=NOW + timedelta(days=1)) == []


def test_the_limit_of_addresses_is_a_sentence(letter: Letter, warden: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("letters.moderator.moderation.operations.searching.MAX_ADDRESSES_A_DAY", 1)
    assert by_address(warden, "ada@example.org").status_code == 200
    page = by_address(warden, "ada@example.org")
    assert page.status_code == 422
    assert "You have searched for as many addresses as you can in a day." in words(page)


def test_text_that_is_no_address_gets_a_sentence_and_is_not_counted(letter: Letter, warden: User) -> None:
    page = by_address(warden, "ada at example.org")
    assert page.status_code == 422
    assert "This email address has no @." in words(page)
    assert not AuditEvent.objects.filter(verb="search_address").exists()


# The page


def test_the_page_decides_and_leads_back_to_the_search(crowd: Letter, desk: Client, moderator: User) -> None:
    page = desk.get(SEARCH, {"q": "byron"})
    html = page.content.decode()
    handle = html.split('name="item" value="')[1].split('"')[0]
    answer = desk.post("/moderate/decide/", {"item": handle, "accept": "1", "back": "q=byron"})
    assert answer.headers["Location"] == f"{SEARCH}?q=byron"
    after = desk.get(f"{SEARCH}?q=byron")
    assert "Accepted: Ada Byron" in words(after)
    undo = after.content.decode().split('name="undo" value="')[1].split('"')[0]
    again = desk.post("/moderate/decide/", {"undo": undo, "back": "q=byron"}, follow=True)
    assert "Undone." in words(again)
    assert Signature.objects.get(name="Ada Byron").state == "held"


def test_a_rejected_signature_that_was_found_can_be_restored(crowd: Letter, desk: Client, moderator: User) -> None:
    (pk,) = Signature.objects.filter(name="Ada Lovelace").values_list("pk", flat=True)
    reject_signatures(crowd, [pk], reason="A joke", by=moderator, now=NOW)
    html = desk.get(SEARCH, {"q": "lovelace"}).content.decode()
    assert 'name="reject"' not in html
    handle = html.split('name="item" value="')[1].split('"')[0]
    assert "Restored: Ada Lovelace" in words(
        desk.post("/moderate/decide/", {"item": handle, "restore": "1", "back": ""}, follow=True)
    )
    assert Signature.objects.get(pk=pk).state == "published"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"q": "x" * 201}, "200"),
        ({"q": "a\0b"}, "Null characters are not allowed."),
        ({"since": "yesterday", "letter": "night-trains"}, "Enter a date and time"),
        ({"since": "0001-01-01T00:00", "letter": "night-trains"}, "Enter a date and time"),
        ({"before": "9999-12-31T23:59", "letter": "night-trains"}, "Enter a date and time"),
        ({"state": "burnt", "letter": "night-trains"}, "burnt"),
    ],
)
def test_wrong_criteria_get_a_sentence(crowd: Letter, desk: Client, fields: dict[str, str], sentence: str) -> None:
    page = desk.get(SEARCH, fields)
    assert page.status_code == 422
    assert sentence in words(page)
    assert "Lovelace" not in words(page)


def test_a_person_who_moderates_the_site_types_the_web_address_of_a_letter(crowd: Letter, warden: User) -> None:
    desk = browser_of(warden)
    for letter in ("night-trains", "https://letters.example/letters/night-trains/"):
        assert "Lovelace" in asked(desk, letter=letter, state="published")
    assert "Select a letter, or enter a name or affiliation." in asked(desk, state="published")


def test_times_are_those_of_the_letters_zone(crowd: Letter, desk: Client) -> None:
    Letter.objects.filter(pk=crowd.pk).update(timezone="Europe/Rome")
    assert "Lovelace" in asked(desk, letter="night-trains", since="2025-03-03T13:00", before="2025-03-03T13:01")
    assert "Lovelace" not in asked(desk, letter="night-trains", since="2025-03-03T12:00", before="2025-03-03T12:01")


def test_no_page_of_a_search_contains_an_id_an_address_or_a_time(crowd: Letter, desk: Client) -> None:
    html = desk.get(SEARCH, {"letter": "night-trains"}).content.decode()
    assert not [pk for pk in ids_of(crowd) if f'"{pk}"' in html]
    assert not re.search(r"signer\d+@", html)
    assert "12:00" not in html


# Cost

FILL = """
INSERT INTO letters_signature (letter_id, revision_id, language, name, affiliation, role, country, comment, display,
    state, verified, salt, number, counted, risk, signed_at, confirmed_at, published_at)
SELECT %(letter)s, %(revision)s, 'en', 'Given' || n || ' Family' || n %% 1000, 'Works', '', '', '', 'public',
    CASE WHEN n %% 10 = 0 THEN 'held' WHEN n %% 10 = 1 THEN 'rejected' ELSE 'published' END, 'link', '',
    CASE WHEN n %% 10 < 2 THEN NULL ELSE n END, n %% 10 > 1, n %% 100, %(now)s,
    %(now)s::timestamptz + n * interval '1 second', CASE WHEN n %% 10 < 2 THEN NULL ELSE %(now)s::timestamptz END
FROM generate_series(1, 50000) AS n
"""
SOON = NOW + timedelta(seconds=40_000)
CRITERIA: dict[str, dict[str, Any]] = {
    "a name": {"words": "given33333"},
    "two words": {"words": "family333 given23333"},
    "one that waits": {"words": "given20000", "state": "waiting"},
    "one that was rejected": {"words": "given20001", "state": "rejected"},
    "all": {},
    "waiting": {"state": "waiting"},
    "published": {"state": "published"},
    "rejected": {"state": "rejected"},
    "a minute": {"since": SOON, "before": SOON + timedelta(minutes=1)},
    "a minute of those that wait": {"since": SOON, "before": SOON + timedelta(minutes=1), "state": "waiting"},
    "risk": {"risk": 60},
}


@pytest.fixture
def many(letter: Letter) -> Letter:
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"letter": letter.pk, "revision": letter.current_revision_id, "now": NOW})
        cursor.execute("ANALYZE letters_signature")
    return letter


@pytest.mark.parametrize("whose", ["moderator", "warden"])
def test_each_search_reads_an_index_and_few_rows(many: Letter, whose: str, request: pytest.FixtureRequest) -> None:
    person: User = request.getfixturevalue(whose)
    for name, criteria in CRITERIA.items():
        letter = "" if "words" in criteria and whose == "warden" else "night-trains"
        with CaptureQueriesContext(connection) as captured:
            assert queries.search(scope_of(person, letter), queries.Criteria(**criteria)).signatures, name
        for statement in [each["sql"] for each in captured if "confirmed_at DESC" in each["sql"]]:
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}")
                (plan,) = cursor.fetchone()[0]
            for scan in signature_scans(plan["Plan"]):
                assert scan["Node Type"] != "Seq Scan", (name, statement)
                read = (scan["Actual Rows"] + scan.get("Rows Removed by Filter", 0)) * scan["Actual Loops"]
                assert read <= 600, (name, scan)


def test_a_search_costs_the_same_however_many_are_found(
    many: Letter, desk: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for fields in ({"q": "given"}, {"letter": "night-trains"}, {"letter": "night-trains", "state": "waiting"}):
        with django_assert_max_num_queries(16):
            assert desk.get(reverse("review_search"), fields).status_code == 200


def signature_scans(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield each part of a plan that reads the table of signatures."""
    if plan.get("Relation Name") == "letters_signature":
        yield plan
    for part in plan.get("Plans", []):
        yield from signature_scans(part)


def test_every_reason_to_review_can_be_searched_for() -> None:
    assert {*CONCERNS} == {*Signature.Concern.values} - {""}
