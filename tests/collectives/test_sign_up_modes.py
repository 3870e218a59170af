"""The people who run a site say who can create an account: everyone, people who were invited, or nobody."""

from collections.abc import Iterator

import pytest
from django.core import mail
from django.test import Client
from pytest_django import Settings

from letters.models import Collective, User
from letters.organizer.collectives.operations import revoke_invitation
from petition.celery import app
from tests.accounts.people import Person, emailed_code, forget_tries, make_account
from tests.collectives.conftest import Inviter
from tests.collectives.test_join import path_in_mail
from tests.people import NOW, words

pytestmark = pytest.mark.django_db

NEW = "nina@example.org"
DOORS = ["/accounts/signup/", "/accounts/signup/passkey/", "/organize/new/"]
TEXT = {"text": "# Trains\n\nRun them at night.", "addressee": "The ministry", "collective": "Friends", "email": NEW}


@pytest.fixture(autouse=True)
def _worker_at_once() -> Iterator[None]:
    forget_tries()
    app.conf.task_always_eager = app.conf.task_eager_propagates = True
    yield
    app.conf.task_always_eager = app.conf.task_eager_propagates = False


@pytest.mark.parametrize("mode", ["invited", "closed"])
@pytest.mark.parametrize("door", DOORS)
def test_nobody_else_gets_an_account_or_an_email(settings: Settings, client: Client, mode: str, door: str) -> None:
    settings.SIGN_UP = mode
    for answer in (client.get(door), client.post(door, {**TEXT, "password1": "", "next": "/organize/"})):
        assert "No new accounts" in words(answer)
        assert "only people whom a collective has invited" in words(answer) or mode == "closed"
        assert 'href="/accounts/login/"' in answer.content.decode()
    assert not User.objects.exists()
    assert mail.outbox == []
    assert "No account yet?" not in words(client.get("/accounts/login/"))


@pytest.mark.parametrize("mode", ["invited", "closed"])
def test_people_with_accounts_sign_in_as_before(settings: Settings, mode: str) -> None:
    settings.SIGN_UP = mode
    make_account(NEW)
    person = Person()
    person.sign_in(NEW)
    assert person.is_signed_in()


def test_an_invitation_opens_the_door(settings: Settings, invite: Inviter) -> None:
    settings.SIGN_UP = "invited"
    url, person = path_in_mail(invite()), Person()
    assert f'href="/accounts/signup/?next={url}"' in person.get(url).content.decode()
    person.send("/accounts/signup/", page=f"/accounts/signup/?next={url}", email=NEW, password1="", next=url)
    person.type_code(emailed_code(NEW))
    assert person.is_signed_in()


def test_an_invitation_that_is_over_opens_nothing(
    settings: Settings, invite: Inviter, organizer: User, collective: Collective, client: Client
) -> None:
    settings.SIGN_UP = "invited"
    invitation = invite()
    url = path_in_mail(invitation)
    revoke_invitation(invitation, by=organizer, now=NOW)
    for way_on in (url, "/organize/invitations/made-up/", "https://example.net" + url, "/organize/", ""):
        assert "No new accounts" in words(client.get("/accounts/signup/", {"next": way_on}))


def test_a_closed_site_offers_no_account_to_those_whom_it_invites(
    settings: Settings, invite: Inviter, client: Client
) -> None:
    settings.SIGN_UP = "closed"
    url = path_in_mail(invite())
    assert "/accounts/signup/" not in client.get(url).content.decode()
    assert "No new accounts" in words(client.get("/accounts/signup/", {"next": url}))
