"""Everything that an email says about a signature is true when it leaves."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from letters.models import Letter, OutgoingEmail, Switch, User
from letters.organizer.letter_editor.operations.closing import close_letter
from letters.shared.addresses import read_address
from letters.signer.signing.operations import request_mail
from letters.signer.signing.tasks import tend_unconfirmed
from tests.conftest import LetterMaker
from tests.people import (
    FROM_OUR_PAGE,
    NOW,
    Signer,
    deliver,
    publish,
    sign,
    sign_and_confirm,
    signature_of,
    turn,
)

pytestmark = pytest.mark.django_db

ADA = "ada@example.org"
PAUSED = "Publication is paused, and we will count your signature when it resumes"
COUNTED = "confirmed and counted"


def last_text() -> str:
    deliver()
    return str(mail.outbox[-1].body)


def test_thanks_do_not_say_counted_while_publication_is_paused(letter: Letter) -> None:
    turn(Switch.Name.PUBLISH, on=False)
    sign_and_confirm(letter)
    text = last_text()
    assert PAUSED in text
    assert COUNTED not in text


@pytest.mark.parametrize("hours", [0, 24])
def test_an_email_about_a_second_signing_does_not_say_counted_while_publication_is_paused(
    letter: Letter, hours: int
) -> None:
    sign_and_confirm(letter)
    turn(Switch.Name.PUBLISH, on=False)
    sign(letter, name="Ada King")
    deliver()
    tend_unconfirmed(now=NOW + timedelta(hours=hours))
    text = last_text()
    assert ("reminder" in text) == bool(hours)
    assert PAUSED in text
    assert COUNTED not in text


@pytest.mark.parametrize("hours", [0, 24])
def test_a_numbered_signature_is_called_counted_even_if_publication_has_been_paused_since(
    letter: Letter, hours: int
) -> None:
    sign_and_confirm(letter)
    publish()
    turn(Switch.Name.PUBLISH, on=False)
    sign(letter, name="Ada King")
    deliver()
    tend_unconfirmed(now=NOW + timedelta(hours=hours))
    assert "your signature is confirmed and counted once" in last_text()


@pytest.mark.parametrize("is_closed", [False, True])
def test_no_email_says_sign_there_about_a_letter_that_accepts_no_signatures(
    letter: Letter, organizer: User, is_closed: bool
) -> None:
    if is_closed:
        close_letter(letter, by=organizer, now=timezone.now())
    address = read_address("stranger@example.org")
    assert address
    request_mail(letter, address=address, language="en", now=timezone.now())
    text = last_text()
    assert "There is no such signature." in text
    assert ("open the letter and sign there" in text) != is_closed


def test_an_email_that_is_sent_again_after_an_answer_is_in_the_language_of_the_page(
    published: LetterMaker, signer: Signer
) -> None:
    letter = published("two-languages")
    check = signer.sign(letter, language="it", email=ADA, name="Ada")["Location"]
    signer.confirm(ADA)
    deliver()
    OutgoingEmail.objects.update(created_at=timezone.now() - timedelta(minutes=5))
    signer.client.post(check, {"action": "resend"}, headers=FROM_OUR_PAGE)
    deliver()
    assert mail.outbox[-1].subject == "L\N{RIGHT SINGLE QUOTATION MARK}email che hai chiesto"
    assert signature_of(letter).state == "confirmed"
