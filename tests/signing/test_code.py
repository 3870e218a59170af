"""The code from the email, typed on the page that the signer still has open."""

import re
from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.db import connection
from limits import parse
from pytest_django import Settings

from letters.models import ConfirmationCode, Letter, Signature, Submission, expect_code
from letters.shared.codes import read_code
from letters.shared.refused import Refused
from letters.signer.signing.operations import check_code
from tests.people import FROM_OUR_PAGE, NOW, Signer, deliver, in_threads, sign, signature_of, words

pytestmark = pytest.mark.django_db


def mailed_code() -> str:
    deliver()
    code = re.search(r"^ +(\d{3} \d{3})$", str(mail.outbox[-1].body), re.MULTILINE)
    assert code
    return code[1]


def a_wrong_code(right: str) -> str:
    return f"{(int(right.replace(' ', '')) + 1) % 10**6:06}"


def code_of(signature: Signature, code: str = "123456", now: datetime = NOW) -> str:
    assert expect_code(code, submission_id=typed_by(signature).pk, now=now)
    return code


def typed_by(signature: Signature) -> Submission:
    return signature.submissions.get()


def accepts(signature: Signature, code: str, *, now: datetime = NOW) -> bool:
    try:
        check_code(typed_by(signature).pk, code=code, now=now)
    except Refused as refused:
        return refused.code != "wrong_code"
    return True


def test_the_code_leads_to_the_words_and_the_button_there_confirms_them(letter: Letter, signer: Signer) -> None:
    check = signer.sign(letter, name="Ada Lovelace")["Location"]
    page = signer.client.post(check, {"code": mailed_code()}, headers=FROM_OUR_PAGE)
    assert page.status_code == 303
    assert "You sign as Ada Lovelace . Everyone can see this." in words(signer.get(page["Location"]))
    assert signature_of(letter).state == Signature.State.PENDING
    assert "Thank you for signing" in words(signer.press(page["Location"]))
    assert signature_of(letter).verified == Signature.Verified.CODE


@pytest.mark.django_db(transaction=True)
def test_the_code_is_stored_without_waiting_for_the_disk(letter: Letter) -> None:
    signature = sign(letter)
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = 'on'")
        code_of(signature)
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == ("on",)
        cursor.execute("RESET synchronous_commit")


@pytest.mark.parametrize(
    "typed", ["", "12345", "abcdef", "0" * 500, "\0", "1234567", "12a456", "½23456", "-", "1.23e4"]
)
def test_a_code_of_the_wrong_shape_gets_one_clear_sentence(letter: Letter, signer: Signer, typed: str) -> None:
    check = signer.sign(letter)["Location"]
    deliver()
    answer = signer.client.post(check, {"code": typed}, headers=FROM_OUR_PAGE)
    assert answer.status_code == 422
    assert b'id="id_code_error"' in answer.content
    assert "six numbers" in words(answer)
    assert signature_of(letter).state == Signature.State.PENDING


@pytest.mark.parametrize("typed", ["12345", "abcdef", "0" * 500, "1234567", "12a456"])
def test_input_that_is_no_code_costs_no_try(letter: Letter, signer: Signer, typed: str) -> None:
    check = signer.sign(letter)["Location"]
    code = mailed_code()
    for _ in range(6):
        answer = signer.client.post(check, {"code": typed}, headers=FROM_OUR_PAGE)
        assert "This attempt did not count." in words(answer)
    assert ConfirmationCode.objects.get(pk=typed_by(signature_of(letter)).pk).tries == 0
    assert signer.client.post(check, {"code": code}, headers=FROM_OUR_PAGE).status_code == 303


@pytest.mark.parametrize(
    "typed",
    [
        *["123456", "123 456", " 123456 ", "123-456", "123\u2013456", "123456.", "123.456", "1 2 3 4 5 6"],
        # From Chinese, Arabic, Persian and Hindi keyboards.
        *["\uff11\uff12\uff13\uff14\uff15\uff16", "\uff11\uff12\uff13\u3000\uff14\uff15\uff16"],
        *["١٢٣٤٥٦", "۱۲۳۴۵۶", "१२३४५६"],
        *["123\u00a0456", "123\u202f456", "\u200e123456\u200f", "123\u2011456", "123\u00ad456", "123\t456\n"],
    ],
)
def test_a_code_can_be_typed_in_any_common_way(typed: str) -> None:
    assert read_code(typed) == "123456"


def test_a_code_typed_that_way_opens_the_page(letter: Letter, signer: Signer) -> None:
    check = signer.sign(letter)["Location"]
    wide = mailed_code().translate({ord("0") + digit: 0xFF10 + digit for digit in range(10)})
    assert signer.client.post(check, {"code": f"{wide}."}, headers=FROM_OUR_PAGE).status_code == 303


def test_even_the_right_code_is_refused_after_five_tries(letter: Letter) -> None:
    signature = sign(letter)
    code = code_of(signature)
    assert not any(accepts(signature, a_wrong_code(code)) for _ in range(5))
    assert not accepts(signature, code)


def test_a_code_is_valid_for_an_hour(letter: Letter) -> None:
    signature = sign(letter)
    code = code_of(signature)
    assert not accepts(signature, code, now=NOW + timedelta(hours=1))
    assert accepts(signature, code, now=NOW + timedelta(minutes=59))


def test_a_new_email_ends_the_old_code(letter: Letter) -> None:
    signature = sign(letter)
    old = code_of(signature)
    new = code_of(signature, "654321")
    assert not accepts(signature, old)
    assert accepts(signature, new)


def test_another_attempt_to_send_the_same_email_gives_no_more_tries(letter: Letter) -> None:
    signature = sign(letter)
    code = code_of(signature)
    for _ in range(5):
        assert not accepts(signature, a_wrong_code(code))
        code_of(signature)
    assert not accepts(signature, code)
    assert accepts(signature, code_of(signature, "654321"))


def test_the_code_of_one_signature_does_not_open_another(letter: Letter) -> None:
    first, second = sign(letter), sign(letter, "bea@example.org")
    code = code_of(first)
    code_of(second, "654321")
    assert not accepts(second, code)


def test_the_code_of_one_submission_does_not_open_another_with_the_same_address(letter: Letter, signer: Signer) -> None:
    check = signer.sign(letter, name="Someone Else")["Location"]
    deliver()
    signer.sign(letter, name="Ada Lovelace")
    assert signer.client.post(check, {"code": mailed_code()}, headers=FROM_OUR_PAGE).status_code == 422


def test_the_code_is_not_stored(letter: Letter) -> None:
    signature = sign(letter)
    code = code_of(signature)
    row = Submission.objects.filter(signature=signature).values().get()
    assert all(code not in str(value) and code.encode() not in bytes_of(value) for value in row.values())


def bytes_of(value: object) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else b""


def test_someone_who_has_signed_before_gets_the_same_refusal(letter: Letter, signer: Signer) -> None:
    """The answer must not show whether the code is wrong, or does not exist because the address confirmed long ago."""
    signer.sign(letter)
    signer.confirm()
    known = signer.client.post(signer.sign(letter)["Location"], {"code": "123456"}, headers=FROM_OUR_PAGE)
    new = signer.client.post(
        signer.sign(letter, email="new@example.org")["Location"], {"code": "123456"}, headers=FROM_OUR_PAGE
    )
    assert known.status_code == new.status_code == 422
    assert without_tokens(known.content) == without_tokens(new.content)


def without_tokens(page: bytes) -> bytes:
    return re.sub(rb"/signatures/[a-z-]+/[^/]+/", b"/", page)


@pytest.mark.django_db(transaction=True)
def test_fifty_tries_at_once_are_five_tries(letter: Letter) -> None:
    signature = sign(letter)
    code = code_of(signature)
    assert set(in_threads(lambda _: accepts(signature, a_wrong_code(code)), range(50), threads=16)) == {False}
    assert ConfirmationCode.objects.get(pk=typed_by(signature).pk).tries == 6


def test_a_network_that_types_too_many_codes_is_told_when_to_come_back(
    letter: Letter, signer: Signer, settings: Settings
) -> None:
    settings.LIMIT_CODES = parse("2/hour")
    checks = [signer.sign(letter, email=email)["Location"] for email in ("ada@example.org", "eve@example.org")]
    wrong = [signer.client.post(check, {"code": "123456"}, headers=FROM_OUR_PAGE) for check in checks]
    assert [answer.status_code for answer in wrong] == [422, 422]
    tries = list(ConfirmationCode.objects.order_by("pk").values_list("tries", flat=True))
    for check in checks:
        answer = signer.client.post(check, {"code": "123456"}, headers=FROM_OUR_PAGE)
        assert (answer.status_code, 3500 < int(answer["Retry-After"]) <= 3600) == (429, True)
        assert "Try again in about 60 minutes." in words(answer)
    assert list(ConfirmationCode.objects.order_by("pk").values_list("tries", flat=True)) == tries
    # Input that is not a code is not looked up, and the page can still be read.
    assert signer.client.post(checks[0], {"code": "12"}, headers=FROM_OUR_PAGE).status_code == 422
    assert signer.get(checks[0]).status_code == 200
