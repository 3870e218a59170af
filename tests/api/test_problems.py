"""Whatever is sent to the API, the answer is a problem document that says what to do, and never a 500."""

import re
from typing import Any

import pytest
from django.db import OperationalError

from letters.api.problems import KINDS
from letters.models import Display, Letter
from letters.public.public_pages import queries
from tests.people import Reader, Response

pytestmark = pytest.mark.django_db
LETTER = "/api/v1/letters/night-trains/"


def problem(answer: Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    document: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail"} <= set(document)
    assert document["status"] == status
    return document


@pytest.mark.parametrize(
    "before", ["", "0", "-1", "abc", "9" * 400, str(2**63), str(2**64), "%00", "1e3", "0x10", "%ff"]
)
@pytest.mark.parametrize("path", ["signatures/", "updates/"])
def test_a_bad_cursor_is_named(letter: Letter, reader: Reader, path: str, before: str) -> None:
    document = problem(reader.get(f"{LETTER}{path}?before={before}"), 422)
    assert [each["field"] for each in document["errors"]] == ["before"]


@pytest.mark.parametrize(
    "query", ["q=nguyen", "country=IT", "before=3&after=2", "utm_source=x", "%00=1", "before=3&before=4"]
)
def test_an_unknown_filter_is_refused(letter: Letter, reader: Reader, query: str) -> None:
    """An answer without the filter that was meant would mislead."""
    assert reader.get(f"{LETTER}signatures/").status_code == 200  # And it is kept in memory.
    assert problem(reader.get(f"{LETTER}signatures/?{query}"), 422)["errors"]


@pytest.mark.parametrize("language", ["xx-%00", "EN", "../", "e", "a" * 3000, "it%20"])
def test_a_language_that_cannot_be_is_refused(letter: Letter, reader: Reader, language: str) -> None:
    problem(reader.get(f"{LETTER}?language={language}"), 422)
    problem(reader.get(f"/api/v1/letters/?language={language}"), 422)


@pytest.mark.parametrize(
    "path",
    [
        *["/api/", "/api/v1/", "/api/v2/letters/", "/api/v1/nothing/", "/api/v1/letters/nothing/"],
        *[f"{LETTER}?language=fr", f"{LETTER}revisions/2/", f"{LETTER}updates/1/", f"{LETTER}revisions/x/"],
        *[f"{LETTER}%00/", "/api/v1/letters/%ff%fe/", f"{LETTER}revisions/-1/"],
    ],
)
def test_where_there_is_nothing_the_answer_is_a_404(letter: Letter, reader: Reader, path: str) -> None:
    problem(reader.get(path), 404)


@pytest.mark.parametrize("number", ["0", "9" * 10, "9" * 30, "9" * 5000])
def test_a_number_that_nothing_has_is_refused(letter: Letter, reader: Reader, number: str) -> None:
    for path in ("revisions", "updates"):
        answer = reader.get(f"{LETTER}{path}/{number}/")
        problem(answer, answer.status_code)
        assert answer.status_code in {404, 422}


@pytest.mark.parametrize("accepts", ["text/html", "image/*", "application/xml;q=0.9", "text/plain, text/*"])
def test_an_accept_that_nobody_offers(letter: Letter, reader: Reader, accepts: str) -> None:
    assert reader.get(LETTER).status_code == 200  # And it is kept in memory.
    problem(reader.get(LETTER, accept=accepts), 406)


@pytest.mark.parametrize("accepts", ["*/*", "application/json", "application/*", "text/html, */*;q=0.1", ";;;,", ""])
def test_any_accept_that_json_satisfies(letter: Letter, reader: Reader, accepts: str) -> None:
    assert reader.get(LETTER, accept=accepts).status_code in {200, 406 if accepts == ";;;," else 200}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "POST", "TRACE", "OPTIONS", "QUERY"])
def test_a_method_that_is_not_offered(letter: Letter, reader: Reader, method: str) -> None:
    answer = reader.client.generic(method, LETTER, content_type="application/json")
    problem(answer, 405)
    assert answer.headers["Allow"] == "GET"


def test_a_body_that_is_no_json(letter: Letter, reader: Reader) -> None:
    problem(reader.client.post(LETTER, {"a": "b"}), 415)


def test_ten_megabytes_are_refused_unread(letter: Letter, reader: Reader) -> None:
    answer = reader.client.generic("POST", LETTER, b"[" * 10_000_000, content_type="application/json")
    problem(answer, 413)


def test_a_database_that_is_away(letter: Letter, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(slug: str) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(queries, "public_letter", fail)
    answer = reader.get(LETTER)
    problem(answer, 503)
    assert answer.headers["Retry-After"] == "30"


def test_a_fault_of_ours_says_nothing_of_itself(
    letter: Letter, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(slug: str) -> None:
        raise ZeroDivisionError("the secret of the house")

    monkeypatch.setattr(queries, "public_letter", fail)
    answer = reader.get(LETTER)
    problem(answer, 500)
    assert b"secret" not in answer.content


def test_a_problem_never_repeats_what_was_sent(letter: Letter, reader: Reader) -> None:
    """Privacy: answers end up in the logs of other programs."""
    for url in (f"{LETTER}signatures/?before=ada@example.org", f"{LETTER}signatures/?ada@example.org=1"):
        assert b"ada" not in reader.get(url).content


def test_the_page_of_the_docs_explains_each_kind(reader: Reader) -> None:
    page = reader.get("/api/v1/docs/").content.decode()
    assert [kind.name for kind in KINDS if f'id="problem-{kind.name}"' not in page] == []


def test_the_page_of_the_docs_names_only_the_problems_that_a_request_can_have(reader: Reader) -> None:
    page = reader.get("/api/v1/docs/").content.decode()
    named = {
        name: set(
            re.findall(
                r'href="#problem-([a-z-]+)"', page.partition(f'<section id="{name}"')[2].partition("</section>")[0]
            )
        )
        for name in ("signatures", "sign", "own_signatures")
    }
    of_bodies, of_tokens = {"proof", "website", "unreadable"}, {"token", "scope"}
    assert named["signatures"].isdisjoint(of_bodies | of_tokens)
    assert {"not-found", "invalid", "too-many", "token-in-address"} <= named["signatures"]
    assert of_bodies <= named["sign"]
    assert named["sign"].isdisjoint(of_tokens)
    assert of_tokens <= named["own_signatures"]
    assert named["own_signatures"].isdisjoint(of_bodies)


def test_the_page_of_the_docs_says_which_words_a_field_takes(reader: Reader) -> None:
    page = reader.get("/api/v1/docs/").content.decode()
    of_display = page.partition('id="shape-Display"')[2].partition("</section>")[0]
    assert all(f"“{display}”" in of_display for display in Display.values)
    assert "list of texts (" in " ".join(page.partition('id="shape-FormOfLetter"')[2].split())
