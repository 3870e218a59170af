"""People who share a mailbox read, on the form and in the email, that it can sign only once, whoever signed before."""

import pytest
from django.core import mail

from letters.models import Letter
from tests.people import NOW, Reader, deliver, publish, sign, sign_and_confirm, words

pytestmark = pytest.mark.django_db

SENTENCE = "Each mailbox can sign once. If you share yours, anyone else who wants to sign needs an address of their own"


def test_the_form_says_so_to_everyone(letter: Letter, reader: Reader) -> None:
    assert "One signature per mailbox." in words(reader.get("/letters/night-trains/"))


@pytest.mark.parametrize("before", ["nothing", "waits", "signed", "signed as nobody", "another spelling"])
def test_the_email_says_so_whoever_signed_before(letter: Letter, before: str) -> None:
    if before == "waits":
        sign(letter, "us@example.org", now=NOW)
    if before in {"signed", "another spelling"}:
        sign_and_confirm(letter, "us@example.org", now=NOW)
    if before == "signed as nobody":
        sign_and_confirm(letter, "us@example.org", now=NOW, display="nobody", name="")
    publish(NOW)
    deliver()
    mail.outbox.clear()
    sign(letter, "us+x@example.org" if before == "another spelling" else "us@example.org", name="The other one")
    deliver()
    assert SENTENCE in " ".join(str(mail.outbox[-1].body).split())
