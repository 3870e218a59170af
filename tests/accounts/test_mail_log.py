"""A mail log does not show which of the addresses typed into our forms have an account.

The tests compare what such a log holds of each email: the sender, the subject and the size.
"""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail

from letters.models import User
from tests.accounts.people import Person, forget_tries, make_account
from tests.people import Response
from tests.signing.test_equal_mails import PADDED, Shape, shape_of

pytestmark = pytest.mark.django_db

LETTER: dict[str, Any] = {
    "addressee": "To the council",
    "title": "Keep the library open",
    "body": "Five evenings a week.",
    "collective": "Readers of the Old Town",
    "language": "en",
}
FORMS: dict[str, Callable[[Person, str], Response]] = {
    "sign up": lambda person, email: person.sign_up(email),
    "sign up without a password": lambda person, email: person.sign_up(email, password=""),
    "write first": lambda person, email: person.send("/organize/new/", email=email, **LETTER),
    "code": lambda person, email: person.send("/accounts/login/code/", email=email),
    "new password": lambda person, email: person.send("/accounts/password/reset/", email=email),
}
AGAIN = {
    "sign up": "/accounts/confirm-email/",
    "sign up without a password": "/accounts/confirm-email/",
    "write first": "/accounts/confirm-email/",
    "code": "/accounts/login/code/confirm/",
}
# All have the same length.
NEW, KNOWN, BEGUN = "nina1@example.org", "nina2@example.org", "nina3@example.org"


@pytest.fixture(autouse=True)
def accounts(db: None) -> None:
    make_account(KNOWN)
    begun = User.objects.create_user(BEGUN)
    EmailAddress.objects.create(user=begun, email=BEGUN, verified=False, primary=True)


def logged(email: str) -> list[tuple[str, str, Shape]]:
    found = [message for message in mail.outbox if message.to == [email]]
    return [(message.from_email, str(message.subject), shape_of(message)) for message in found]


@pytest.mark.parametrize("known", [KNOWN, BEGUN])
@pytest.mark.parametrize("form", FORMS)
def test_the_log_does_not_reveal_who_has_an_account(form: str, known: str) -> None:
    for email in (NEW, known):
        FORMS[form](Person(), email)
        forget_tries()
    assert [shape for _, _, shape in logged(NEW)] == [PADDED]
    assert logged(known) == logged(NEW)


@pytest.mark.parametrize("form", AGAIN)
def test_the_log_does_not_reveal_who_has_an_account_when_the_email_is_requested_again(form: str) -> None:
    for email in (NEW, KNOWN):
        person = Person()
        FORMS[form](person, email)
        forget_tries()
        person.send(AGAIN[form], action="resend")
        forget_tries()
    assert len(logged(NEW)) == 2
    assert logged(KNOWN) == logged(NEW)


def test_the_emails_of_all_account_forms_have_one_subject() -> None:
    """The email to an unknown address is the same for a sign-in and for a new password."""
    for form in FORMS.values():
        form(Person(), NEW)
        User.objects.filter(email=NEW).delete()
        forget_tries()
    assert {subject for _, subject, _ in logged(NEW)} == {"Sign in or create an account"}
