"""A suspended account: every browser is signed out, no way in is left, and what it had comes back."""

import pytest
from allauth.account.models import EmailAddress
from django.contrib.sessions.models import Session

from letters.models import User
from letters.organizer.collectives.operations import end_suspension, suspend_account
from tests.accounts.people import DIGITS, PASSWORD, Person, mailed_to
from tests.people import NOW, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_superuser("rosa@example.org")


def test_every_session_ends_and_the_password_opens_nothing(signed_in: Person, orla: User, operator: User) -> None:
    elsewhere = Person()
    elsewhere.sign_in(orla.email)
    suspension = suspend_account(orla, reason="It was stolen.", by=operator, now=NOW)
    assert not Session.objects.exists()
    assert [signed_in.is_signed_in(), elsewhere.is_signed_in()] == [False, False]
    again = Person()
    answer = again.send("/accounts/login/", login=orla.email, password=PASSWORD)
    assert not again.is_signed_in()
    assert "You cannot sign in with this account" in words(answer)
    end_suspension(suspension, reason="It is safe.", by=operator, now=NOW)
    assert [signed_in.is_signed_in(), elsewhere.is_signed_in()] == [False, False]
    again.sign_in(orla.email)
    assert again.is_signed_in()


@pytest.mark.parametrize("page", ["/accounts/login/code/", "/accounts/password/reset/"])
def test_no_code_is_emailed_that_opens_it(page: str, person: Person, orla: User, operator: User) -> None:
    suspend_account(orla, reason="It was stolen.", by=operator, now=NOW)
    person.send(page, email=orla.email)
    assert not person.is_signed_in()
    assert [each for each in mailed_to(orla.email) if DIGITS.search(each)] == []
    assert EmailAddress.objects.filter(user=orla, verified=True).exists()
