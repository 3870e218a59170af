"""Creating an account: an emailed code proves whose address it is, and nobody learns who already has an account."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress

from letters.base.accounts import operations
from letters.base.accounts.tasks import tidy
from letters.models import User
from tests.accounts.people import PASSWORD, Person, emailed_code, forget_tries, mailed_to, make_account, other_than
from tests.people import Response, words

pytestmark = pytest.mark.django_db

NEW = "nina@example.org"


def test_typing_the_code_makes_an_account_and_signs_in(person: Person) -> None:
    page = person.sign_up(NEW)
    assert f"We have emailed a code to {NEW}" in words(page)
    assert not person.is_signed_in()

    page = person.type_code(emailed_code(NEW))
    assert page.status_code == 200
    assert person.is_signed_in()
    user = User.objects.get(email=NEW)
    assert EmailAddress.objects.get(user=user).verified
    assert user.check_password(PASSWORD)
    assert not user.is_staff


def test_an_account_can_be_made_without_a_password(person: Person) -> None:
    person.sign_up(NEW, password="")
    person.type_code(emailed_code(NEW))
    assert person.is_signed_in()
    assert not User.objects.get(email=NEW).has_usable_password()
    assert "You have no password" in words(person.get("/accounts/"))


def test_an_address_in_capitals_is_the_same_address(person: Person) -> None:
    User.objects.create_user("Nina@Example.org", PASSWORD)
    assert "Check your email" in words(person.sign_up("NINA@example.org"))
    assert User.objects.count() == 1


def test_a_wrong_code_can_be_tried_three_times(person: Person) -> None:
    person.sign_up(NEW)
    digits = emailed_code(NEW)
    for _ in range(2):
        assert "That code is wrong" in words(person.type_code(other_than(digits)))
    page = person.type_code(other_than(digits))
    assert "tried too many times" in words(page)
    assert not EmailAddress.objects.filter(verified=True).exists()
    assert person.get("/accounts/confirm-email/").status_code == 302
    assert not person.is_signed_in()


def test_a_second_code_replaces_the_first(person: Person) -> None:
    person.sign_up(NEW)
    first = emailed_code(NEW)
    forget_tries()
    person.send("/accounts/confirm-email/", action="resend")
    second = emailed_code(NEW)
    assert len(mailed_to(NEW)) == 2
    assert first == second or "That code is wrong" in words(person.type_code(first))
    person.type_code(second)
    assert person.is_signed_in()


@pytest.mark.parametrize(
    ("password", "complaint"), [("too short", "at least 12 characters"), ("qwertyuiop123", "too common")]
)
def test_a_password_that_is_easily_guessed_is_refused(person: Person, password: str, complaint: str) -> None:
    assert complaint in words(person.sign_up(NEW, password))
    assert not User.objects.exists()


# Whether someone has an account


def test_a_known_address_looks_like_a_new_one(person: Person) -> None:
    make_account("nora@example.org")
    new, known = Person(), Person()
    pages = {email: visitor.sign_up(email) for visitor, email in ((new, NEW), (known, "nora@example.org"))}
    assert as_anyone(pages[NEW], NEW) == as_anyone(pages["nora@example.org"], "nora@example.org")
    wrong = {
        email: visitor.type_code(other_than(emailed_code(NEW)))
        for visitor, email in ((new, NEW), (known, "nora@example.org"))
    }
    assert as_anyone(wrong[NEW], NEW) == as_anyone(wrong["nora@example.org"], "nora@example.org")
    assert "which already has one" in mailed_to("nora@example.org")[-1]


def test_a_passkey_account_for_a_known_address_looks_like_a_new_one(person: Person) -> None:
    make_account("nora@example.org")
    new, known = Person(), Person()
    url = "/accounts/signup/passkey/"
    first, second = new.send(url, email=NEW), known.send(url, email="nora@example.org")
    assert as_anyone(first, NEW) == as_anyone(second, "nora@example.org")


def as_anyone(page: Response, email: str) -> tuple[int, list[tuple[str, int]], str]:
    """Return the visible answer, without the address and the token of the form."""
    text = page.content.decode().replace(email, "(address)")
    return page.status_code, page.redirect_chain, re.sub(r'value="[A-Za-z0-9]{64}"', "", text)


def test_a_known_address_also_takes_the_time_of_hashing_a_password(
    person: Person, orla: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    monkeypatch.setattr("letters.base.accounts.forms.make_password", hashed.append)
    person.sign_up(orla.email)
    assert hashed == [PASSWORD]


def test_two_people_who_make_the_same_account_at_once_get_one(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    # The other person's row exists now, but did not when the form was checked.
    make_account(NEW)
    monkeypatch.setattr(
        "allauth.account.internal.flows.manage_email.email_already_exists", lambda value: (value, False)
    )
    assert "Check your email" in words(person.sign_up(NEW))
    assert User.objects.count() == 1


# Someone else's address


def test_a_squatter_keeps_neither_the_owner_out_nor_a_password_to_the_account(person: Person) -> None:
    squatter, owner = Person(), Person()
    squatter.sign_up(NEW, "the password of the squatter")
    forget_tries()
    owner.sign_up(NEW, PASSWORD)
    owner.type_code(emailed_code(NEW))
    assert owner.is_signed_in()
    user = User.objects.get(email=NEW)
    assert user.check_password(PASSWORD)
    other = Person()
    other.sign_in(NEW, "the password of the squatter")
    assert not other.is_signed_in()


def test_the_code_of_a_replaced_sign_up_is_politely_refused(person: Person) -> None:
    first, second = Person(), Person()
    first.sign_up(NEW)
    digits = emailed_code(NEW)
    forget_tries()
    second.sign_up(NEW)
    page = first.type_code(digits)
    assert page.status_code == 200
    assert not first.is_signed_in()
    second.type_code(emailed_code(NEW))
    assert second.is_signed_in()


@pytest.mark.parametrize("url", ["/accounts/login/code/", "/accounts/password/reset/"])
def test_an_emailed_code_does_not_open_an_account_that_someone_else_has_begun(person: Person, url: str) -> None:
    Person().sign_up(NEW, "the password of the squatter")
    person.send(url, email=NEW)
    assert "no account uses it" in mailed_to(NEW)[-1]


def test_an_account_in_use_is_never_treated_as_abandoned(orla: User) -> None:
    assert not operations.forget_unverified(orla.email)
    assert User.objects.filter(pk=orla.pk).exists()


def test_unconfirmed_accounts_are_deleted_after_a_day(person: Person, orla: User) -> None:
    person.sign_up(NEW)
    begun = User.objects.get(email=NEW)
    tidy(now=begun.joined_at)
    assert User.objects.filter(email=NEW).exists()
    tidy(now=begun.joined_at + timedelta(hours=25))
    assert set(User.objects.all()) == {orla}
