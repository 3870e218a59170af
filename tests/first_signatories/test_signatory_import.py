"""Lists of people in any form: nothing in them is run or believed, and nothing raises an error."""

import io
import zipfile
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from letters.organizer.first_signatories.signatory_import import (
    FORMULA,
    MAX_BYTES,
    ParsedList,
    UnreadableList,
    decode,
    guess_columns,
    read_people,
    read_rows,
)
from letters.organizer.first_signatories.signatory_import.headings import MEANINGS
from tests.effort import effort

FORM = (
    "Timestamp,Email Address,Your full name,Organisation,I agree to the terms\r\n"
    '2025/02/28 9:14:02 AM,ada@example.org,Ada Lovelace,"Analytical Engines, Ltd",Yes\r\n'
    '2025/02/28 9:20:11 AM,bob@example.org,"Bob ""the"" Builder","Two\nlines",Yes\r\n'
)


def parsed_list(text: str) -> ParsedList:
    rows = read_rows(text)
    guess = guess_columns(rows)
    return read_people(rows, guess.columns, has_heading=guess.has_heading)


def people(text: str) -> list[tuple[str, str, str, str]]:
    return [(each.address.deliverable, each.name, each.affiliation, each.role) for each in parsed_list(text).people]


# Forms of lists


def test_a_list_can_have_one_address_on_each_line() -> None:
    found = parsed_list("ada@example.org\n\n  bob@example.org \r\nnobody\n")
    assert [each.address.deliverable for each in found.people] == ["ada@example.org", "bob@example.org"]
    assert found.without_address == [4]


@pytest.mark.parametrize(
    "text",
    [
        'Ada Lovelace <ada@example.org>\n"Builder, Bob" <bob@example.org>',
        'Ada Lovelace <ada@example.org>, "Builder, Bob" <bob@example.org>',
        "Ada Lovelace <ada@example.org>;\nBuilder, Bob <bob@example.org>;\n",
    ],
)
def test_a_list_can_have_names_before_addresses(text: str) -> None:
    assert people(text) == [
        ("ada@example.org", "Ada Lovelace", "", ""),
        ("bob@example.org", "Builder, Bob", "", ""),
    ]


@pytest.mark.parametrize("between", [", ", ";", "\t"])
def test_a_list_can_have_addresses_side_by_side(between: str) -> None:
    found = people(between.join(["ada@example.org", "bob@example.org", "eve@example.org"]))
    assert [address for address, *_ in found] == ["ada@example.org", "bob@example.org", "eve@example.org"]


@pytest.mark.parametrize("between", [",", ";", "\t"])
def test_a_list_can_have_columns_without_headings(between: str) -> None:
    text = f"Ada Lovelace{between}ada@example.org{between}Engines\nBob{between}bob@example.org{between}\n"
    assert people(text) == [("ada@example.org", "Ada Lovelace", "Engines", ""), ("bob@example.org", "Bob", "", "")]


def test_the_export_of_a_form_is_read() -> None:
    assert people(FORM) == [
        ("ada@example.org", "Ada Lovelace", "Analytical Engines, Ltd", ""),
        ("bob@example.org", 'Bob "the" Builder', "Two lines", ""),
    ]
    assert guess_columns(read_rows(FORM)).columns == ["ignored", "address", "name", "affiliation", "ignored"]


@pytest.mark.parametrize(
    ("heading", "columns"),
    [
        ("first_name,last_name,email,zip", ["given", "family", "address", "ignored"]),
        ("First name;Last name;E-mail;Job title", ["given", "family", "address", "role"]),
        ("Nome;Cognome;Indirizzo e-mail;Ente", ["given", "family", "address", "affiliation"]),
        ("Vorname\tNachname\tE-Mail-Adresse", ["given", "family", "address"]),
        ("Prénom,Nom de famille,Courriel", ["given", "family", "address"]),
        ("Username,Name,Email", ["ignored", "name", "address"]),
    ],
)
def test_the_headings_of_other_sites_are_read(heading: str, columns: list[str]) -> None:
    between = next(each for each in ",;\t" if each in heading)
    rows = read_rows(f"{heading}\n{between.join('abcd'[: len(columns)])}")
    guess = guess_columns(rows)
    assert (guess.columns, guess.has_heading) == (columns, True)


def test_a_split_name_is_put_together() -> None:
    assert people("First name,Last name,Email\nAda,Lovelace,ada@example.org\n") == [
        ("ada@example.org", "Ada Lovelace", "", "")
    ]


def test_a_line_is_identified_by_its_number_in_the_file() -> None:
    found = parsed_list('Name,Email\n"Ada\nLovelace",ada@example.org\nBob,nowhere\nAda,ADA+x@example.org\n')
    assert [each.line for each in found.people] == [2]
    assert (found.without_address, found.doubles) == ([4], [5])


def test_an_unclosed_quotation_mark_swallows_nobody() -> None:
    found = people('Ada "the first,ada@example.org\nBob,bob@example.org\n"Eve,eve@example.org\n')
    assert [address for address, *_ in found] == ["ada@example.org", "bob@example.org", "eve@example.org"]


def test_an_unusable_name_is_left_for_its_owner_to_type() -> None:
    bidi, long = "Ada \u202eecalevoL", "A" * 201
    assert people(f"{bidi},ada@example.org\n{long},bob@example.org\n") == [
        ("ada@example.org", "", "", ""),
        ("bob@example.org", "", "", ""),
    ]


# Encodings


@pytest.mark.parametrize(
    ("encoding", "said"),
    [("utf-8", ""), ("utf-8-sig", ""), ("cp1252", "windows-1252"), ("utf-16", "utf-16"), ("utf-16-le", "utf-16")],
)
def test_common_encodings_are_recognised(encoding: str, said: str) -> None:
    text, known_as = decode("Zoë Müller €,zoe@example.org\n".encode(encoding))
    assert known_as == said
    assert people(text) == [("zoe@example.org", "Zoë Müller €", "", "")]


def test_bytes_outside_windows_1252_are_read_as_latin_1() -> None:
    assert decode(b"Zo\xeb \x81,zoe@example.org")[1] == "latin-1"


# Files that are not lists


def short(value: object) -> str | None:
    """Give a test with long data a name."""
    return f"{len(value)}" if isinstance(value, str | bytes) and len(value) > 40 else None


def a_workbook() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo("xl/workbook.xml"), "<workbook/>")
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \r\n\t", "empty"),
        (a_workbook(), "workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "workbook"),
        (b"%PDF-1.7 ada@example.org", "no_text"),
        (b"ada@example.org\0", "no_text"),
        (b"\xff\xfea", "no_text"),
        (b"a" * (MAX_BYTES + 1), "too_large"),
    ],
    ids=short,
)
def test_a_file_that_is_no_text_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(UnreadableList) as refused:
        decode(content)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        (",,,\n,,\n", "empty"),
        ("a@b.org\n" * 5002, "too_many_rows"),
        ("A <a@b.org>\n" * 5002, "too_many_rows"),
        ("," * 256 + "a", "too_many_columns"),
        ("a" * 200_000, "no_text"),
    ],
    ids=short,
)
def test_a_text_that_is_no_list_is_refused(text: str, code: str) -> None:
    with pytest.raises(UnreadableList) as refused:
        read_rows(text)
    assert refused.value.code == code


def test_five_thousand_people_and_a_heading_fit() -> None:
    assert len(people("Name,Email\n" + "".join(f"A,a{n}@example.org\n" for n in range(5000)))) == 5000


@pytest.mark.parametrize(
    "text",
    [
        "," * MAX_BYTES,
        '"' * MAX_BYTES,
        ("<" * 999 + "\n") * 2000,
        (" " * 998 + "<\n") * 2000,
        "> " * (MAX_BYTES // 2),
        ">" + " " * MAX_BYTES,
        "\r" * (MAX_BYTES - 1) + "a",
        "a@b.org\r\n" * (MAX_BYTES // 9),
    ],
    ids=short,
)
def test_two_megabytes_never_take_long(text: str) -> None:
    def read() -> None:
        with suppress(UnreadableList):
            parsed_list(text[:MAX_BYTES])

    assert effort(read) < 100


# Random data

CELLS = st.text(alphabet=st.sampled_from("ab@.<>\"',;\t\r\n=+-|\u202e\ufeffé "), max_size=30) | st.sampled_from(
    ["ada@example.org", "=cmd|'/C calc'!A0", "Email", "Name", "@SUM(A1)", "-2+3", "＝1", "Ada <ada@example.org>"]  # noqa: RUF001
)
TABLES = st.lists(st.lists(CELLS, max_size=5).map(",".join), max_size=12).map("\n".join)


@given(st.binary(max_size=400) | TABLES.map(str.encode) | TABLES.map(lambda text: text.encode("utf-16")))
@example(b"\xef\xbb\xbf=cmd|' /C calc'!A0,ada@example.org")
@example(b'"')
def test_no_file_raises_anything_but_a_refusal(content: bytes) -> None:
    try:
        text, _ = decode(content)
        rows = read_rows(text)
    except UnreadableList:
        return
    guess = guess_columns(rows)
    assert set(guess.columns) <= set(MEANINGS)
    read_people(rows, guess.columns, has_heading=guess.has_heading)


@given(TABLES, st.lists(st.sampled_from(MEANINGS), max_size=6), st.booleans())
def test_no_cell_becomes_a_formula_whatever_its_column(text: str, columns: list[str], has_heading: bool) -> None:
    try:
        rows = read_rows(text)
    except UnreadableList:
        return
    found = read_people(rows, columns, has_heading=has_heading)
    for person in found.people:
        for shown in (person.address.deliverable, person.name, person.affiliation, person.role):
            assert not shown.startswith(FORMULA)
            assert "\n" not in shown
    assert len(found.people) == len({person.address.canonical for person in found.people})
