"""The organizers' table of signatures: its columns, its search, and that a search is fast."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from letters.models import Letter, Signature, User
from letters.models.word_search import SHORT_SPAN
from letters.organizer.dashboard import queries
from letters.signer.signing.operations import withdraw_signature
from tests.conftest import LetterMaker
from tests.moderation.test_search import signature_scans
from tests.people import NOW, add_confirmed, add_published, browser_of, publish, sign, sign_and_confirm, words

PAGE = "/organize/letters/night-trains/signatures/"


@pytest.fixture
def desk(organizer: User) -> Client:
    return browser_of(organizer)


def names(page: queries.Page) -> list[str]:
    return [signature.name for signature in page.signatures]


def found(letter: Letter, search: str, shown: str = "published") -> set[str]:
    letter.refresh_from_db()
    return set(names(queries.signatures(letter, shown=shown, search=search)))


@pytest.mark.parametrize("part", ["organizer", "teammate", "moderator"])
def test_every_member_who_works_on_the_letter_can_read_it(
    letter: Letter, part: str, request: pytest.FixtureRequest
) -> None:
    assert browser_of(request.getfixturevalue(part)).get(PAGE).status_code == 200


def test_strangers_get_a_404(letter: Letter, stranger: User) -> None:
    assert browser_of(stranger).get(PAGE).status_code == 404


def test_it_shows_what_organizers_may_see_and_no_address(letter: Letter, desk: Client) -> None:
    sign_and_confirm(
        letter,
        "ada@example.org",
        display="organizers",
        affiliation="Analytical Engines",
        role="Engineer",
        country="GB",
        comment="Because.",
    )
    sign_and_confirm(letter, "nobody@example.org", name="", display="nobody")
    publish(NOW)
    page = words(desk.get(PAGE))
    assert "Ada Lovelace only the organizers see the name Engineer, Analytical Engines Because." in page
    assert "United Kingdom English" in page
    assert "no name is stored" in page
    assert "ada@example.org" not in page


def test_each_state_has_a_list(letter: Letter, desk: Client) -> None:
    sign(letter, "p@example.org", name="Pending")
    add_confirmed(letter, 1, state="held")
    for name in ("Published", "Withdrawn", "Rejected"):
        sign_and_confirm(letter, f"{name}@example.org", name=name)
    publish(NOW)
    withdraw_signature(Signature.objects.get(name="Withdrawn"), now=NOW)
    Signature.objects.filter(name="Rejected").update(state="rejected")
    assert names(queries.signatures(letter, shown="published")) == ["Published"]
    # Unconfirmed signatures are in no list: otherwise a person who typed an address would learn whether it was new.
    assert "Pending" not in words(desk.get(PAGE, {"shown": "pending"}))
    assert names(queries.signatures(letter, shown="held")) == ["Signer 2"]
    assert names(queries.signatures(letter, shown="withdrawn")) == [""]
    assert names(queries.signatures(letter, shown="rejected")) == ["Rejected"]
    assert "removed" in words(desk.get(PAGE, {"shown": "rejected"}))


def test_a_signature_withdrawn_before_its_confirmation_is_in_no_list(letter: Letter, desk: Client) -> None:
    """A person who typed the address would learn there that it was new."""
    withdraw_signature(sign(letter, "typed@example.org"), now=NOW)
    for shown in queries.LISTS:
        assert queries.signatures(letter, shown=shown).signatures == []


def test_pages_lead_to_the_last(letter: Letter, desk: Client) -> None:
    add_published(letter, queries.PAGE_LENGTH + 2)
    first = desk.get(PAGE).content.decode()
    assert 'href="?shown=published&amp;q=&amp;after=3"' in first
    rest = desk.get(PAGE, {"after": "3"})
    assert "Signer 2" in words(rest)
    assert b"after=" not in rest.content


def test_pages_of_waiting_signatures_lead_to_the_last(letter: Letter) -> None:
    add_confirmed(letter, queries.PAGE_LENGTH + 1, state="held")
    first = queries.signatures(letter, shown="held")
    assert first.onward
    assert names(queries.signatures(letter, shown="held", after=first.onward)) == ["Signer 1"]


# Searching


@pytest.fixture
def crowd(letter: Letter) -> Letter:
    for place, (name, affiliation) in enumerate(
        [
            ("Ada Lovelace", "Analytical Engines"),
            ("Grace Hopper", "Navy"),
            ("Élodie Ünsal", ""),
            ("Conan O'Brien", ""),
            ("Jean-Luc Adams", "Université de Lyon"),
            ("王小明", "北京大学"),
            ("Nguyễn Văn Đức", "Łódź Größe"),
            ("Søren Æbeløe", "ΑΘΗΝΑ Жук"),
            ("D\u2019Arcy O\u02bcneill", ""),
        ]
    ):
        sign_and_confirm(letter, f"s{place}@example.org", name=name, affiliation=affiliation)
    publish(NOW)
    return letter


@pytest.mark.parametrize(
    ("search", "names"),
    [
        ("lovelace", {"Ada Lovelace"}),
        ("ADA", {"Ada Lovelace", "Jean-Luc Adams"}),
        ("hop gra", {"Grace Hopper"}),
        ("ada engines", {"Ada Lovelace"}),
        ("o'brien", {"Conan O'Brien"}),
        ("jean-luc", {"Jean-Luc Adams"}),
        ("luc", {"Jean-Luc Adams"}),
        ("universit", {"Jean-Luc Adams"}),
        ("王小", {"王小明"}),
        ("北京", {"王小明"}),
        ("élodie", {"Élodie Ünsal"}),
        ("ünsal", {"Élodie Ünsal"}),
        ("nobody", set()),
        ("ada hopper", set()),
        ("nguyen", {"Nguyễn Văn Đức"}),
        ("NGUYÊN duc", {"Nguyễn Văn Đức"}),
        ("lodz grosse", {"Nguyễn Văn Đức"}),
        ("soren aebel", {"Søren Æbeløe"}),
        ("αθηνα ЖУК", {"Søren Æbeløe"}),
        ("elodie unsal", {"Élodie Ünsal"}),
        ("o\u2019brien", {"Conan O'Brien"}),
        ("O`BRIEN", {"Conan O'Brien"}),
        ("o\u02bcbrien", {"Conan O'Brien"}),
        ("d'arcy", {"D\u2019Arcy O\u02bcneill"}),
        ("o'neill", {"D\u2019Arcy O\u02bcneill"}),
        ("letter", set()),
        ("letter1", set()),
        ("#", set()),
        ("\u2013", set()),
        ("😀", set()),
    ],
)
def test_each_search_word_matches_the_start_of_a_word(crowd: Letter, search: str, names: set[str]) -> None:
    assert found(crowd, search) == names


@pytest.mark.parametrize(
    "search", ["'", "a' | 'b", "& | ! ( )", "\\", "%", "ada:*", "<->", "ada & !lovelace", "x" * 200]
)
def test_a_search_is_never_taken_for_a_formula(crowd: Letter, desk: Client, search: str) -> None:
    assert desk.get(PAGE, {"q": search}).status_code == 200
    assert "Grace Hopper" not in found(crowd, search)


def test_a_search_stays_in_its_letter(crowd: Letter, published: LetterMaker) -> None:
    other = published(slug="sleeping-cars")
    sign_and_confirm(other, "x@example.org", name="Ada Elsewhere")
    publish(NOW)
    assert found(crowd, "elsewhere") == set()
    assert found(other, "ada") == {"Ada Elsewhere"}


def test_waiting_signatures_are_searched_too(letter: Letter) -> None:
    add_confirmed(letter, 2, state="held")
    Signature.objects.filter(name="Signer 1").update(name="Ada Lovelace", affiliation="Engines (Analytical)")
    Signature.objects.filter(name="Signer 2").update(name="Grace Hopper")
    assert found(letter, "love ada", "held") == {"Ada Lovelace"}
    assert found(letter, "analyt", "held") == {"Ada Lovelace"}
    assert found(letter, "da", "held") == set()
    Signature.objects.filter(name="Grace Hopper").update(name="Nguyễn Văn Đức")
    assert found(letter, "nguyen duc", "held") == {"Nguyễn Văn Đức"}


def test_searching_for_the_id_of_a_letter_finds_nobody(crowd: Letter) -> None:
    for search in (f"{crowd.pk}", f"#{crowd.pk}", f"letter{crowd.pk}"):
        assert found(crowd, search) == set()


@pytest.mark.parametrize("after", ["x", "-1", "9" * 30, "٣", "0", ""])
def test_a_page_number_that_is_no_number_shows_the_first_page(crowd: Letter, desk: Client, after: str) -> None:
    page = desk.get(PAGE, {"after": after})
    assert page.status_code == 200
    assert "Grace Hopper" in words(page)


@pytest.mark.parametrize("asked", [{"shown": "everything"}, {"q": "x" * 201}])
def test_an_invalid_page_says_so_and_shows_the_first(crowd: Letter, desk: Client, asked: dict[str, Any]) -> None:
    page = desk.get(PAGE, asked)
    assert page.status_code == 422
    assert "There is a problem" in words(page)
    assert "Grace Hopper" in words(page)


def test_a_nul_character_causes_no_error(crowd: Letter, desk: Client) -> None:
    assert desk.get(PAGE, {"q": "a\0b"}).status_code == 422


# Cost: with a hundred thousand signatures, each list and each search reads an index.

MANY = 100_000
FILL = """
INSERT INTO letters_signature (letter_id, revision_id, language, name, affiliation, role, country, comment, display,
    state, verified, salt, number, counted, signed_at, confirmed_at, published_at)
SELECT %(letter)s, %(revision)s, 'en', 'Given' || n || ' Family' || n %% 1000, 'Works', '', '', '', 'public',
    CASE WHEN n %% 10 = 0 THEN 'held' WHEN n %% 1000 = 1 THEN 'rejected' ELSE 'published' END, 'link', '',
    CASE WHEN n %% 10 = 0 THEN NULL ELSE n END, n %% 10 <> 0 AND n %% 1000 <> 1, %(now)s,
    %(now)s::timestamptz,
    CASE WHEN n %% 10 = 0 THEN NULL ELSE %(now)s::timestamptz END
FROM generate_series(1, %(many)s) AS n
"""


def test_each_list_and_search_of_a_hundred_thousand_reads_an_index(
    letter: Letter, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connection.cursor() as cursor:
        values = {"letter": letter.pk, "revision": letter.current_revision_id, "now": NOW, "many": MANY}
        cursor.execute(FILL, values)
        cursor.execute("ANALYZE letters_signature")
    Letter.objects.filter(pk=letter.pk).update(last_number=MANY, signature_count=MANY)
    letter.refresh_from_db()
    plans: dict[str, str] = {}
    page = queries._page

    def explained(rows: Any, cursor_of: Any) -> queries.Page:
        plans[name] = rows[: queries.PAGE_LENGTH + 1].explain()
        return page(rows, cursor_of)

    monkeypatch.setattr(queries, "_page", explained)
    asked: dict[str, dict[str, Any]] = {
        "list": {"shown": "published", "after": "50000"},
        "held": {"shown": "held"},
        "gone": {"shown": "rejected"},
    }
    for name, how in asked.items():
        assert queries.signatures(letter, **how).signatures, name
    assert "signature_number_once_a_letter" in plans["list"]
    assert "signature_underway" in plans["held"]
    assert "signature_gone" in plans["gone"]
    for name, plan in plans.items():
        assert "Seq Scan" not in plan, name
    assert "Sort" not in plans["list"]


@pytest.mark.parametrize("oldest_first", [False, True])
def test_a_search_reads_the_words_of_the_next_numbers_first(letter: Letter, oldest_first: bool) -> None:
    """A common name is found without reading all who have it, and a rare one everywhere, in both orders."""
    with connection.cursor() as cursor:
        values = {"letter": letter.pk, "revision": letter.current_revision_id, "now": NOW, "many": MANY}
        cursor.execute(FILL, values)
        cursor.execute("ANALYZE letters_signature")
    Letter.objects.filter(pk=letter.pk).update(last_number=MANY, signature_count=MANY)
    letter.refresh_from_db()

    def numbers(search: str, after: str = "") -> list[int | None]:
        page = queries.signatures(letter, shown="published", search=search, after=after, oldest_first=oldest_first)
        return [signature.number for signature in page.signatures]

    assert numbers("given77777") == [77777]
    assert numbers("family777 given9977") == [99777]
    with CaptureQueriesContext(connection) as captured:
        common = numbers("works", "50002")
    expected = [*range(50003, 50063), *range(50001, 49940, -1)]
    assert (
        common
        == [number for number in expected if (number > 50002) is oldest_first and number % 10 and number % 1000 != 1][
            : queries.PAGE_LENGTH
        ]
    )
    (statement,) = [each["sql"] for each in captured if "matching" in each["sql"]]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}")
        (plan,) = cursor.fetchone()[0]
    scans = [scan for scan in signature_scans(plan["Plan"]) if scan["Node Type"] == "Bitmap Heap Scan"]
    assert "signature_numbered_words" in str(plan)
    assert [scan["Actual Rows"] <= 3 * SHORT_SPAN for scan in scans] == [True]
