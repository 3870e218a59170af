"""No request makes the site normalize text in quadratic time: at most thirty marks on a character."""

import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse, QueryDict
from django.test import Client, RequestFactory
from hypothesis import example, given
from hypothesis import strategies as st

from letters.models import Letter, User
from letters.organizer.first_signatories.signatory_import.headings import meaning_of
from letters.organizer.letter_editor.operations import publish_letter, start_revision, translate_letter
from letters.shared.addresses import MAX_TYPED_LENGTH, tidy_address
from letters.shared.differences import changed_words, differences, same_words
from letters.shared.folding import without_marks
from letters.shared.request_input import safe_fields
from letters.shared.text import MARKS, MAX_MARKS, clean_line, compose, digest, stream_safe
from petition.middleware import SafeText
from tests.people import EN, FROM_OUR_PAGE, NOW, Reader, browser_of
from tests.test_permissions import ROWS, World, staff, url_of, world

__all__ = ["staff", "world"]

# Marks only after NFKC or NFKD: the half-width voiced marks of Japanese.
HALF_WIDTH = "\uff9e\uff9f"
HOSTILE = "a" + f"\u0327\u0301{HALF_WIDTH}" * 250
# Every field of our forms and of allauth's.
FIELDS = (
    "action addressee addressee_domains affiliation after alt answered_on back before body code collective "
    "comment contact_address country created description display domains email expects goal ids intro kind "
    "language line list login made_from message name next note origins pasted password password1 picture proof "
    "publish_at q reason respondent role search seen slug summary text title token typed via website zone link "
    "username is_public"
)
PEOPLE = ["organizer", "moderator"]


def longest_run(text: str) -> int:
    longest = run = 0
    for character in text:
        run = run + 1 if unicodedata.combining(character) or character in HALF_WIDTH else 0
        longest = max(longest, run)
    return longest


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Record everything that we or a library normalized with more marks in a row than the format allows."""
    unsafe: list[str] = []
    normalize = unicodedata.normalize

    def watched(form: str, text: str) -> str:
        if longest_run(text) > MAX_MARKS:
            unsafe.append(f"{len(text)} characters")
            text = text[:100]
        return normalize(form, text)  # type: ignore[arg-type]

    monkeypatch.setattr(unicodedata, "normalize", watched)
    yield unsafe
    assert unsafe == []


# The function


@given(st.text() | st.text(st.sampled_from("a\u0301\u0327\u0f73 \u4e2d\uff9e\U0001d165"), max_size=200))
@example("\u0301" * 31)
@example("\u0344" * 100)
@example("\uff76" + "\uff9e\u0316" * 100)
def test_no_letter_keeps_more_than_thirty_marks(text: str) -> None:
    safe = stream_safe(text)
    assert longest_run(safe) <= MAX_MARKS
    assert stream_safe(safe) == safe
    assert longest_run(text) > MAX_MARKS or safe == text or any(each in text for each in "\u0344\u0f73\u0f75\u0f81")


@pytest.mark.parametrize(
    "text", ["Zoë Ngọc Đặng", "שָׁלוֹם", "بِسْمِ اللَّهِ", "ที่นี่", "বাংলা", "ﾊﾞｯﾊ ﾊﾟﾊﾟ", "a" + "\u0301" * MAX_MARKS, "", "plain"]
)
def test_ordinary_text_stays(text: str) -> None:
    assert stream_safe(text) == text


def test_every_mark_of_unicode_is_known() -> None:
    marks = [chr(code) for code in range(0x110000) if unicodedata.combining(chr(code))]
    assert [each for each in marks if each not in MARKS] == []


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
def test_few_marks_in_a_row_are_left_in_every_normal_form(form: Literal["NFC", "NFD", "NFKC", "NFKD"]) -> None:
    hostile = "".join(MARKS[1:-1]) * 2 + "".join(f"{each}" * 100 for each in "\uff9e\uff9f\u0344\u0f77")
    # Some marks become two, and some letters bring marks of their own.
    assert longest_run(unicodedata.normalize(form, stream_safe(hostile))) <= 3 * MAX_MARKS


def test_one_function_normalizes_and_no_other() -> None:
    files = [path for folder in ("letters", "petition") for path in (settings.BASE_DIR / folder).rglob("*.py")]
    ours = [path for path in files if path.parent.name != "migrations"]
    calling = [path.name for path in ours if "unicodedata.normalize(" in path.read_text(encoding="utf-8")]
    assert calling == ["text.py"]


@pytest.mark.usefixtures("handed")
def test_nothing_of_ours_normalizes_before_it_is_safe() -> None:
    without_marks(HOSTILE)
    meaning_of(HOSTILE)
    same_words(HOSTILE, HOSTILE)
    changed_words(HOSTILE, HOSTILE)
    tidy_address(HOSTILE[:MAX_TYPED_LENGTH])
    assert clean_line(HOSTILE) == clean_line(HOSTILE)
    digest(HOSTILE, HOSTILE, HOSTILE)
    differences(HOSTILE, HOSTILE + " b")
    compose(HOSTILE)


# Requests


def test_fields_that_are_safe_are_left_alone() -> None:
    fields = QueryDict("name=Zo%C3%AB&name=b&body=")
    assert safe_fields(fields) is fields


def test_every_value_of_a_field_is_made_safe() -> None:
    fields = safe_fields(QueryDict(urlencode([("name", HOSTILE), ("name", "b"), ("body", HOSTILE)])))
    assert [len(each) for each in fields.getlist("name")] == [31, 1]
    assert len(fields["body"]) == 31
    with pytest.raises(AttributeError):
        fields["name"] = "c"


def test_a_view_sees_safe_fields_only() -> None:
    sent = RequestFactory().post(f"/?{urlencode({'q': HOSTILE})}", {"name": HOSTILE, "file": _file()})
    SafeText(lambda _: HttpResponse()).process_view(sent)
    assert len(sent.POST["name"]) == len(sent.GET["q"]) == 31
    assert list(sent.FILES) == ["file"]


def _file() -> SimpleUploadedFile:
    return SimpleUploadedFile("list.csv", HOSTILE.encode())


# Every URL


@pytest.mark.usefixtures("handed")
@pytest.mark.parametrize("name", ROWS)
def test_no_page_of_ours_normalizes_what_a_stranger_or_an_organizer_sends(
    name: str, world: World, request: pytest.FixtureRequest
) -> None:
    url, fields = url_of(name, world), dict.fromkeys(FIELDS.split(), HOSTILE)
    for browser in [Client(), *(browser_of(request.getfixturevalue(person)) for person in PEOPLE)]:
        answers = [
            browser.get(f"{url}?{urlencode({'q': HOSTILE, 'language': HOSTILE, 'before': HOSTILE})}"),
            browser.post(url, fields, headers=FROM_OUR_PAGE),
            browser.post(url, urlencode(fields), "application/x-www-form-urlencoded", headers=FROM_OUR_PAGE),
            browser.post(url, {**fields, "file": _file(), "list": _file()}, headers=FROM_OUR_PAGE),
        ]
        # No worker runs here. The page that reports it answers 503, and so does a copy that is still being made.
        broken = {500} if name in {"readyz", "mirror_zip"} else set(range(500, 600))
        assert [answer.status_code for answer in answers if answer.status_code in broken] == []


@pytest.mark.django_db
@pytest.mark.usefixtures("handed")
@pytest.mark.parametrize(
    "path",
    ["/admin/login/", "/accounts/login/", "/accounts/signup/", "/accounts/login/code/", "/accounts/password/reset/"],
)
def test_no_page_of_a_library_normalizes_it_either(path: str) -> None:
    address = f"{HOSTILE}@example.org"
    fields = {**dict.fromkeys(FIELDS.split(), HOSTILE), "email": address, "login": address}
    assert Client().post(path, fields).status_code < 500


@pytest.mark.usefixtures("handed")
def test_a_comparison_with_a_text_from_before_normalizes_nothing_unsafe(
    letter: Letter, organizer: User, reader: Reader
) -> None:
    start_revision(letter, by=organizer, now=NOW)
    translate_letter(letter, text=replace(EN, body=HOSTILE), by=organizer, now=NOW)
    publish_letter(letter, kind="substance", note="Other marks.", by=organizer, now=NOW)
    assert reader.get(f"{letter.get_absolute_url()}history/1/").status_code == 200
    assert reader.get(f"{letter.get_absolute_url()}history/2/").status_code == 200


def test_the_guard_would_notice_unsafe_text(handed: list[str]) -> None:
    unicodedata.normalize("NFC", HOSTILE)
    assert handed == ["1001 characters"]
    handed.clear()
