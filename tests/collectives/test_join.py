"""Opening the link of an invitation changes nothing, even if a scanner does it. A button joins, with any account."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings as site_settings
from django.core import mail
from django.test import Client
from pytest_django import Settings

from letters.models import Collective, MemberInvitation, Membership, User
from letters.organizer.collectives.operations import accept_invitation, change_role, revoke_invitation
from letters.shared.sessions import SessionStore
from letters.shared.tokens import make_invitation_token
from petition.celery import app
from tests.accounts.people import PASSWORD, Person, emailed_code, forget_tries
from tests.collectives.conftest import Inviter
from tests.people import browser_of, deliver, words

pytestmark = pytest.mark.django_db

USELESS = "This invitation does not work"


def path_in_mail(invitation: MemberInvitation) -> str:
    """Return the link in the invitation's email."""
    deliver()
    (line,) = [line for line in str(mail.outbox[-1].body).splitlines() if "/organize/invitations/" in line]
    return line.removeprefix(site_settings.SITE_URL)


def test_opening_the_link_changes_nothing(invite: Inviter, client: Client, nina: User) -> None:
    invitation = invite(role="moderator")
    url = path_in_mail(invitation)
    for reader in (client, browser_of(nina)):
        for _ in range(2):
            assert reader.head(url).status_code == 200
            page = words(reader.get(url))
            assert "Friends of the Night Train Your role: moderator. You can review signatures" in page
    assert MemberInvitation.objects.open().get() == invitation
    assert not nina.memberships.exists()


def test_the_link_leads_through_sign_up_and_back(invite: Inviter, client: Client) -> None:
    url = path_in_mail(invite())
    page = client.get(url).content.decode()
    assert f'href="/accounts/login/?next={url}"' in page
    assert f'href="/accounts/signup/?next={url}"' in page
    assert client.post(url).headers["Location"] == f"/accounts/login/?next={url}"


def test_a_button_joins_with_the_current_account_and_says_which(
    invite: Inviter, stranger: User, collective: Collective
) -> None:
    url = path_in_mail(invite("nina@example.org"))
    browser = browser_of(stranger)
    page = browser.get(url)
    assert "You will join with the account sven@example.org" in words(page)
    for _ in range(2):
        page = browser.post(url, follow=True)
        assert page.redirect_chain[-1][0] == "/organize/collectives/night-train/"
    assert stranger.memberships.get(collective=collective).role == "editor"
    # Opening it again leads to the collective's page.
    assert browser.get(url).headers["Location"] == "/organize/collectives/night-train/"


def test_a_form_on_another_site_joins_nobody(invite: Inviter, nina: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(nina)
    assert browser.post(path_in_mail(invite())).status_code == 403
    assert not nina.memberships.exists()


def test_the_page_tells_members_that_they_belong_already(invite: Inviter, teammate: User) -> None:
    url = path_in_mail(invite(role="owner"))
    browser = browser_of(teammate)
    for page in (browser.get(url), browser.post(url)):
        assert "You are already a member. Your role: editor." in words(page)
    assert teammate.memberships.get().role == "editor"
    assert MemberInvitation.objects.open().exists()


def useless_links(invite: Inviter, organizer: User, stranger: User, now: datetime) -> dict[str, str]:
    cut, taken_back, used = (invite(f"{name}@example.org") for name in "abc")
    late = invite("d@example.org", now=now - timedelta(days=14))
    revoke_invitation(taken_back, by=organizer, now=now)
    accept_invitation(used, by=stranger, now=now)
    other = make_invitation_token(invitation_id=cut.pk, salt=bytes(8))
    return {
        "cut": f"{cut.link()[:-3]}/",
        "invented": "/organize/invitations/x/",
        "of another": f"/organize/invitations/{other}/",
        "taken back": taken_back.link(),
        "used": used.link(),
        "late": late.link(),
    }


def test_every_invalid_link_leads_to_the_same_page(
    invite: Inviter, organizer: User, stranger: User, nina: User, today: datetime
) -> None:
    browser = browser_of(nina)
    answers = set()
    for url in useless_links(invite, organizer, stranger, today).values():
        for answer in (browser.get(url), browser.post(url)):
            assert answer.status_code == 404
            answers.add(words(answer))
    (page,) = answers
    assert USELESS in page
    assert "Night Train" not in page
    assert not nina.memberships.exists()


def test_an_invitation_ends_when_its_sender_is_no_longer_an_owner(
    invite: Inviter, organizer: User, second_owner: User, nina: User, today: datetime
) -> None:
    url = path_in_mail(invite())
    change_role(Membership.objects.get(user=organizer), role="editor", by=second_owner, now=today)
    assert USELESS in words(browser_of(nina).get(url))


def test_a_required_second_factor_comes_before_joining(invite: Inviter, nina: User, settings: Settings) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    url, browser = path_in_mail(invite()), browser_of(nina)
    assert browser.get(url).status_code == 200
    assert browser.post(url).headers["Location"] == "/accounts/2fa/"
    assert SessionStore.of_cookie(browser.cookies[site_settings.SESSION_COOKIE_NAME].value)["way_on"] == url
    assert not nina.memberships.exists()


def test_no_cache_keeps_the_page(invite: Inviter, client: Client) -> None:
    for url in (path_in_mail(invite()), "/organize/invitations/x/"):
        answer = client.get(url)
        assert "no-store" in answer.headers["Cache-Control"]
        assert answer.headers["Referrer-Policy"] == "same-origin"


# With the real account system


@pytest.fixture
def person(db: None, settings: Settings) -> Person:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    forget_tries()
    return Person()


@pytest.fixture
def _worker_at_once() -> Iterator[None]:
    app.conf.task_always_eager = app.conf.task_eager_propagates = True
    yield
    app.conf.task_always_eager = app.conf.task_eager_propagates = False


@pytest.mark.usefixtures("_worker_at_once")
def test_a_person_without_an_account_makes_one_on_the_way(invite: Inviter, person: Person) -> None:
    url = path_in_mail(invite("nina@example.org"))
    signup = f"/accounts/signup/?next={url}"
    assert "Check your email" in words(person.send(signup, email="private@example.org", password1=PASSWORD))
    page = person.type_code(emailed_code("private@example.org"))
    assert page.redirect_chain[-1][0] == url
    assert "You will join with the account private@example.org" in words(page)
    assert "You are now a member." in words(person.send(url))


def test_a_person_with_an_account_signs_in_on_the_way(invite: Inviter, person: Person, nina: User) -> None:
    nina.set_password(PASSWORD)
    nina.save()
    EmailAddress.objects.create(user=nina, email=nina.email, verified=True, primary=True)
    url = path_in_mail(invite())
    page = person.sign_in(nina.email, way_on=url)
    assert "You will join with the account nina@example.org" in words(page)
    assert "You are now a member." in words(person.send(url))
