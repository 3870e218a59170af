"""Closing an account: nobody can sign in to it, no address is left, and the record still says who did what."""

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.auth import WebAuthn

from letters.models import AuditEvent, Letter, Membership, User
from letters.organizer.collectives.operations import create_collective
from tests.accounts.people import PASSWORD, Person, mailed_to
from tests.people import NOW, words

pytestmark = pytest.mark.django_db


def close(person: Person) -> str:
    person.send("/accounts/reauthenticate/?next=/accounts/close/", password=PASSWORD)
    return words(person.send("/accounts/close/", page="/accounts/logout/"))


def test_a_closed_account_leaves_nothing_but_the_record(signed_in: Person, orla: User) -> None:
    create_collective(name="No letters yet", slug="no-letters-yet", by=orla, now=NOW)
    WebAuthn.add(orla, "Passkey", {})
    elsewhere = Person()
    elsewhere.sign_in(orla.email)
    assert "We have closed your account" in close(signed_in)

    orla.refresh_from_db()
    assert not orla.is_active
    assert "orla" not in f"{orla.email}{orla.name}"
    assert not EmailAddress.objects.filter(user=orla).exists()
    assert not Authenticator.objects.filter(user=orla).exists()
    assert not orla.memberships.exists()
    assert [signed_in.is_signed_in(), elsewhere.is_signed_in()] == [False, False]
    assert AuditEvent.objects.filter(verb="close_account", actor=orla, object_id=orla.pk).exists()


def test_a_closed_account_keeps_no_role_of_the_site(signed_in: Person, orla: User) -> None:
    User.objects.filter(pk=orla.pk).update(moderates_site=True)
    close(signed_in)
    orla.refresh_from_db()
    assert (orla.moderates_site, orla.is_staff, orla.is_superuser) == (False, False, False)


def test_the_address_can_be_used_again(signed_in: Person, orla: User) -> None:
    close(signed_in)
    Person().send("/accounts/login/code/", email="orla@example.org")
    assert "no account uses it" in mailed_to("orla@example.org")[-1]
    page = Person().sign_up("orla@example.org")
    assert "Check your email" in words(page)
    assert User.objects.count() == 2


def test_closing_an_account_asks_for_the_password_again(signed_in: Person, orla: User) -> None:
    page = signed_in.send("/accounts/close/")
    assert "Confirm that it is you" in words(page)
    orla.refresh_from_db()
    assert orla.is_active
    # Then continue with the requested page.
    page = signed_in.send("/accounts/reauthenticate/?next=/accounts/close/", page=page, password=PASSWORD)
    assert "We have closed your account" in words(page)


def test_nobody_can_leave_letters_without_an_owner(letter: Letter, organizer: User, person: Person) -> None:
    organizer.set_password(PASSWORD)
    organizer.save()
    person.sign_in(organizer.email)
    assert "Friends of the Night Train" in words(person.get("/accounts/close/"))
    assert "You cannot close your account yet" in close(person)
    organizer.refresh_from_db()
    assert organizer.is_active

    other = User.objects.create_user("tariq@example.org")
    Membership.objects.create(collective=letter.collective, user=other, role=Membership.Role.OWNER, created_at=NOW)
    assert "We have closed your account" in close(person)
    letter.refresh_from_db()
    assert letter.status == Letter.Status.PUBLISHED
