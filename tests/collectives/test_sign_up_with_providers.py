"""SIGN_UP holds for people who come from an account elsewhere, too."""

import pytest
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.utils import timezone
from pytest_django import Settings

from letters.models import User
from letters.organizer.collectives.operations import revoke_invitation
from tests.accounts.people import Person
from tests.accounts.provider import PERSON
from tests.accounts.test_every_email import _a_provider, come_from_elsewhere, provider, untold
from tests.collectives.conftest import Inviter
from tests.collectives.test_join import path_in_mail
from tests.collectives.test_sign_up_modes import _worker_at_once
from tests.people import words

__all__ = ["_a_provider", "_worker_at_once", "provider", "untold"]

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("mode", ["invited", "closed"])
@pytest.mark.parametrize("query", ["", "?next=/organize/", "?next=/organize/invitations/made-up/"])
def test_an_account_elsewhere_opens_no_account_here(settings: Settings, mode: str, query: str) -> None:
    settings.SIGN_UP = mode
    person = Person()
    assert "No new accounts" in words(come_from_elsewhere(person, query))
    assert not person.is_signed_in()
    assert not User.objects.exists()
    assert mail.outbox == []


@pytest.mark.parametrize("mode", ["invited", "closed"])
@pytest.mark.usefixtures("untold")
def test_whoever_types_the_missing_address_gets_no_account_either(settings: Settings, mode: str) -> None:
    settings.SIGN_UP = "open"
    person = Person()
    page = come_from_elsewhere(person)
    settings.SIGN_UP = mode
    answer = person.send("/accounts/3rdparty/signup/", page=page, email="nina@example.org")
    assert "No new accounts" in words(answer)
    assert not User.objects.exists()


def test_an_invitation_opens_the_door_to_people_from_elsewhere(settings: Settings, invite: Inviter) -> None:
    settings.SIGN_UP = "invited"
    person = Person()
    come_from_elsewhere(person, f"?next={path_in_mail(invite())}")
    assert person.is_signed_in()
    assert User.objects.get(email=PERSON["email"])


def test_an_invitation_that_ended_on_the_way_opens_nothing(
    settings: Settings, invite: Inviter, organizer: User
) -> None:
    settings.SIGN_UP = "invited"
    invitation = invite()
    url = path_in_mail(invitation)
    revoke_invitation(invitation, by=organizer, now=timezone.now())
    assert "No new accounts" in words(come_from_elsewhere(Person(), f"?next={url}"))
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize("mode", ["invited", "closed"])
def test_people_with_an_account_come_in_from_elsewhere_as_before(settings: Settings, mode: str) -> None:
    assert settings.SIGN_UP == "open"
    come_from_elsewhere(Person())
    settings.SIGN_UP, later = mode, Person()
    come_from_elsewhere(later)
    assert later.is_signed_in()
    assert User.objects.count() == 1
