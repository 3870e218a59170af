"""The six digits in the mail, typed on the page that the signer still has open."""

import re
from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.db import connection

from letters.models import Letter, Signature, SignerContact
from letters.shared.refusal import Refused
from letters.signing.operations import confirm_by_code
from tests.people import FROM_OUR_PAGE, NOW, Signer, deliver, in_threads, sign, signature_of

pytestmark = pytest.mark.django_db


def mailed_code() -> str:
    deliver()
    code = re.search(r"^ +(\d{3} \d{3})$", str(mail.outbox[-1].body), re.MULTILINE)
    assert code
    return code[1]


def a_wrong_code(right: str) -> str:
    return f"{(int(right.replace(' ', '')) + 1) % 10**6:06}"


def code_of(signature: Signature, code: str = "123456", now: datetime = NOW) -> str:
    signature.contact.expect_code(code, now=now)
    return code


def test_typing_the_code_confirms(letter: Letter, signer: Signer) -> None:
    check = signer.sign(letter)["Location"]
    thanks = signer.client.post(check, {"code": mailed_code()}, headers=FROM_OUR_PAGE, follow=True)
    assert "You have signed" in thanks.content.decode()
    assert signature_of(letter).verified == Signature.Verified.CODE


@pytest.mark.django_db(transaction=True)
def test_only_the_digits_do_not_wait_for_the_disk(letter: Letter) -> None:
    signature = sign(letter)
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = 'on'")
        code_of(signature)
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == ("on",)
        cursor.execute("RESET synchronous_commit")


@pytest.mark.parametrize("typed", ["", "12345", "abcdef", "0" * 500, "\0", "١٢٣٤٥٦"])
def test_a_code_of_the_wrong_shape_is_one_clear_sentence(letter: Letter, signer: Signer, typed: str) -> None:
    check = signer.sign(letter)["Location"]
    deliver()
    answer = signer.client.post(check, {"code": typed}, headers=FROM_OUR_PAGE)
    assert answer.status_code == 422
    assert b'id="id_code_error"' in answer.content
    assert signature_of(letter).state == Signature.State.PENDING


def test_after_five_tries_even_the_right_code_is_refused(letter: Letter) -> None:
    signature = sign(letter)
    code = code_of(signature)
    for _ in range(5):
        with pytest.raises(Refused, match="wrong_code"):
            confirm_by_code(signature, code=a_wrong_code(code), again=False, now=NOW)
    with pytest.raises(Refused, match="wrong_code"):
        confirm_by_code(signature, code=code, again=False, now=NOW)
    signature.refresh_from_db()
    assert signature.state == Signature.State.PENDING


def test_a_code_is_good_for_an_hour(letter: Letter) -> None:
    signature = sign(letter)
    code = code_of(signature)
    with pytest.raises(Refused, match="wrong_code"):
        confirm_by_code(signature, code=code, again=False, now=NOW + timedelta(hours=1))
    confirm_by_code(signature, code=code, again=False, now=NOW + timedelta(minutes=59))


def test_a_new_mail_makes_the_old_code_worthless(letter: Letter) -> None:
    signature = sign(letter)
    old = code_of(signature)
    new = code_of(signature, "654321")
    with pytest.raises(Refused, match="wrong_code"):
        confirm_by_code(signature, code=old, again=False, now=NOW)
    confirm_by_code(signature, code=new, again=False, now=NOW)


def test_another_attempt_to_send_the_same_mail_gives_no_more_tries(letter: Letter) -> None:
    signature = sign(letter)
    code = code_of(signature)
    for _ in range(5):
        with pytest.raises(Refused, match="wrong_code"):
            confirm_by_code(signature, code=a_wrong_code(code), again=False, now=NOW)
        code_of(signature)
    with pytest.raises(Refused, match="wrong_code"):
        confirm_by_code(signature, code=code, again=False, now=NOW)
    code = code_of(signature, "654321")
    confirm_by_code(signature, code=code, again=False, now=NOW)


def test_the_code_of_one_signature_does_not_confirm_another(letter: Letter) -> None:
    first, second = sign(letter), sign(letter, "bea@example.org")
    code = code_of(first)
    code_of(second, "654321")
    with pytest.raises(Refused, match="wrong_code"):
        confirm_by_code(second, code=code, again=False, now=NOW)


def test_the_code_is_not_stored(letter: Letter) -> None:
    signature = sign(letter)
    code = code_of(signature)
    row = SignerContact.objects.filter(pk=signature.pk).values().get()
    assert all(code not in str(value) and code.encode() not in bytes_of(value) for value in row.values())


def bytes_of(value: object) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else b""


def test_somebody_who_has_signed_before_gets_the_same_refusal(letter: Letter, signer: Signer) -> None:
    """Whether the code is wrong, or there is none because the address has confirmed long ago, must not be seen."""
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

    def attempt(_: int) -> str:
        try:
            confirm_by_code(Signature.objects.get(pk=signature.pk), code=a_wrong_code(code), again=False, now=NOW)
        except Refused as refused:
            return refused.code
        return "confirmed"

    assert set(in_threads(attempt, range(50), threads=16)) == {"wrong_code"}
    assert SignerContact.objects.get(pk=signature.pk).code_tries == 5


def test_after_signing_again_the_code_shows_the_stored_signature_before_it_counts(
    letter: Letter, signer: Signer
) -> None:
    """Somebody who has signed by name, and then as nobody, must not find the name published by typing six digits."""
    signer.sign(letter, name="Ada Lovelace")
    again = signer.sign(letter, display="nobody", name="")["Location"]
    page = signer.client.post(again, {"code": mailed_code()}, headers=FROM_OUR_PAGE, follow=True).content.decode()
    assert "Confirm your signature" in page
    assert "Ada Lovelace" in page
    assert "Change it first" in page
    assert signature_of(letter).state == Signature.State.PENDING
