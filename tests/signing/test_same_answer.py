"""Typing someone's address reveals nothing: body, headers, status and timing of the answer are the same."""

import re
from collections.abc import Callable
from contextlib import suppress
from statistics import median
from time import perf_counter
from typing import Any

import pytest
from django.db import connection

from letters.models import ConfirmationCode, Letter, OutgoingEmail, accepts_code, expect_code
from letters.shared.addresses import read_address
from letters.shared.refused import Refused
from letters.shared.tokens import read_check_token
from letters.signer.signing.operations import check_code, request_mail, sign_letter
from tests.people import NOW, Response, Signer, sign, sign_and_confirm, submitted_form

ROUNDS = 150
TOKEN = re.compile(rb"/signatures/check/[^/]+/")


def timed(signer: Signer, letter: Letter, email: str) -> tuple[float, Response]:
    begun = perf_counter()
    answer = signer.sign(letter, email=email)
    return perf_counter() - begun, answer


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_limits")
@pytest.mark.parametrize("confirmed", [False, True])
def test_a_known_address_takes_as_long_as_a_new_one(letter: Letter, signer: Signer, confirmed: bool) -> None:
    """Compare in how many of all pairs the known address took longer. By chance, it is half of them."""
    for number in range(ROUNDS):
        (sign_and_confirm if confirmed else sign)(letter, f"known{number}@example.org")
    times: dict[str, list[float]] = {"new": [], "known": []}
    answers: dict[str, Response] = {}
    for number in range(ROUNDS):
        for kind, of_kind in times.items():  # In turns, so that other load on the machine slows both.
            taken, answers[kind] = timed(signer, letter, f"{kind}{number}@example.org")
            of_kind.append(taken)
    slower = sum(known > new for known in times["known"] for new in times["new"]) / ROUNDS**2
    assert 0.15 < slower < 0.85, (slower, {kind: median(of_kind) for kind, of_kind in times.items()})
    new, known = answers["new"], answers["known"]
    assert (new.status_code, len(new["Location"]), new.content) == (known.status_code, len(known["Location"]), b"")
    assert new.headers.keys() == known.headers.keys()
    pages = [signer.get(answer["Location"]) for answer in (new, known)]
    assert len({TOKEN.sub(b"/", page.content) for page in pages}) == 1


# What an operation does, and how long it takes, for known and for unknown people


def ask(letter: Letter, email: str) -> None:
    address = read_address(email)
    assert address
    request_mail(letter, address=address, language="en", now=NOW)


# On the page "Check your email" that a person has open.
TYPED: dict[str, int] = {}


def attempt(letter: Letter, email: str) -> None:
    with suppress(Refused):
        check_code(TYPED[email], code="123456", now=NOW)


def people_who_have_signed(letter: Letter, number: int) -> None:
    """known0, known1, … expect a code; new0, new1, … have confirmed, so that their submission is deleted.

    Only the known ones have had an email with a code, and that must not show either.
    """
    for place in range(number):
        for email in (f"known{place}@example.org", f"new{place}@example.org"):
            token = read_check_token(
                sign_letter(letter, submitted=submitted_form(email), language=letter.language, now=NOW)
            )
            assert token
            TYPED[email] = token.submission_id
        expect_code("654321", submission_id=TYPED[f"known{place}@example.org"], now=NOW)
        sign_and_confirm(letter, f"new{place}@example.org")


def people_of_whom_half_have_signed(letter: Letter, number: int) -> None:
    for place in range(number):
        sign_and_confirm(letter, f"known{place}@example.org")


CASES = [(people_of_whom_half_have_signed, ask), (people_who_have_signed, attempt)]
IDS = ["asking for a link", "trying a code"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("gather", "act"), CASES, ids=IDS)
def test_both_are_one_statement_that_waits_for_the_disk(
    letter: Letter, django_assert_num_queries: Any, gather: Callable[..., None], act: Callable[..., None]
) -> None:
    gather(letter, 1)
    for email in ("known0@example.org", "new0@example.org"):
        with django_assert_num_queries(1) as queries:
            act(letter, email)
        (statement,) = [query["sql"] for query in queries]
        # The transaction has a number, so its commit is flushed to disk.
        assert f"INSERT INTO letters_{'mailrequest' if act is ask else 'confirmationcode'}" in statement
    assert OutgoingEmail.objects.filter(kind="requested").count() == (2 if act is ask else 0)
    assert list(ConfirmationCode.objects.values_list("tries", flat=True)) == ([] if act is ask else [1, 1])


@pytest.mark.django_db(transaction=True)
def test_a_try_of_a_code_that_never_existed_waits_for_the_disk() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = 'on'")
        cursor.execute("SELECT pg_current_wal_flush_lsn()")
        (before,) = cursor.fetchone()
        for number in range(20):
            assert not accepts_code("123456", submission_id=number // 7, now=NOW)
        cursor.execute("SELECT pg_current_wal_flush_lsn() - %s::pg_lsn", [before])
        (flushed,) = cursor.fetchone()
        cursor.execute("RESET synchronous_commit")
    assert flushed > 20 * 32


# Another process can take the machine during the tries of one kind.
@pytest.mark.flaky(reruns=2)
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("gather", "act"), CASES, ids=IDS)
def test_a_try_of_a_missing_code_takes_as_long_as_any_other(
    letter: Letter, gather: Callable[..., None], act: Callable[..., None]
) -> None:
    gather(letter, ROUNDS)
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = 'on'")
    times: dict[str, list[float]] = {"new": [], "known": []}
    for number in range(ROUNDS):
        for kind, of_kind in times.items():
            begun = perf_counter()
            act(letter, f"{kind}{number}@example.org")
            of_kind.append(perf_counter() - begun)
    with connection.cursor() as cursor:
        cursor.execute("RESET synchronous_commit")
    slower = sum(known > new for known in times["known"] for new in times["new"]) / ROUNDS**2
    assert 0.15 < slower < 0.85, (slower, {kind: median(of_kind) for kind, of_kind in times.items()})
