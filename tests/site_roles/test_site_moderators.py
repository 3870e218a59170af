"""Superusers decide who moderates the whole site, and the person is told."""

import pytest
from allauth.account.models import EmailAddress
from django.core.mail import EmailMultiAlternatives

from letters.models import AuditEvent, User
from letters.moderator.moderation.operations import set_site_moderator, site_moderators
from letters.shared.refused import Refusal, Refused
from tests.people import NOW, browser_of, words

pytestmark = pytest.mark.django_db
PAGE = "/site/moderators/"


def no_worker(message: EmailMultiAlternatives) -> None:
    raise Refused(Refusal.NO_WORKER)


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser("root@example.org", name="Rut")


@pytest.fixture
def person(db: None) -> User:
    account = User.objects.create_user("mara@example.org", name="Mara")
    EmailAddress.objects.create(user=account, email=account.email, verified=True, primary=True)
    return account


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[EmailMultiAlternatives]:
    found: list[EmailMultiAlternatives] = []
    monkeypatch.setattr(site_moderators, "mail_to_account", found.append)
    return found


def test_a_superuser_gives_the_role_and_ends_it(root: User, person: User, sent: list[EmailMultiAlternatives]) -> None:
    desk = browser_of(root)
    answer = desk.post(PAGE, {"email": "Mara@example.org"}, follow=True)
    assert "mara@example.org now moderates this site." in words(answer)
    assert person.moderates_site_now()
    assert browser_of(person).get("/site/letters/").status_code == 200
    answer = desk.post(PAGE, {"end": person.pk}, follow=True)
    assert "mara@example.org no longer moderates this site." in words(answer)
    assert not person.moderates_site_now()
    assert [(message.to, message.subject) for message in sent] == [
        (["mara@example.org"], "You now moderate this site"),
        (["mara@example.org"], "You no longer moderate this site"),
    ]
    events = AuditEvent.objects.filter(actor=root, object_id=person.pk).order_by("pk")
    assert [event.verb for event in events] == ["make_site_moderator", "end_site_moderator"]


def test_giving_it_twice_tells_once(root: User, person: User, sent: list[EmailMultiAlternatives]) -> None:
    for _ in range(2):
        browser_of(root).post(PAGE, {"email": person.email})
    assert len(sent) == 1


@pytest.mark.parametrize("email", ["nobody@example.org", "unsure@example.org", "gone@example.org", "", "mara"])
def test_only_an_account_that_works_gets_it(email: str, root: User) -> None:
    User.objects.create_user("unsure@example.org")
    gone = User.objects.create_user("gone@example.org", is_active=False)
    EmailAddress.objects.create(user=gone, email=gone.email, verified=True, primary=True)
    answer = browser_of(root).post(PAGE, {"email": email})
    assert answer.status_code == 422
    assert answer.content.decode().count('id="problems"') == 1
    assert not User.objects.filter(moderates_site=True).exists()


def test_nobody_else_sees_the_page_or_gives_the_role(root: User, person: User) -> None:
    set_site_moderator(person, on=True, by=root, now=NOW)
    assert browser_of(person).get(PAGE).status_code == 404
    assert browser_of(person).post(PAGE, {"email": root.email}).status_code == 404
    with pytest.raises(Refused, match="not_yours"):
        set_site_moderator(root, on=True, by=person, now=NOW)


def test_a_superuser_without_the_role_moderates_nothing_and_can_take_it(root: User) -> None:
    desk = browser_of(root)
    pages = ("/site/letters/", "/site/names/", "/site/domains/", "/site/activity/", "/site/letters-to-review/")
    assert {desk.get(page).status_code for page in pages} == {404}
    assert "Site moderators" in words(desk.get("/organize/"))
    desk.post(PAGE, {"email": root.email})
    assert {desk.get(page).status_code for page in pages} == {200}


def test_ending_the_role_of_nobody_is_not_found(root: User, person: User) -> None:
    for chosen in (str(person.pk), "x", "", "9" * 20, "9" * 5000):
        assert browser_of(root).post(PAGE, {"end": chosen}).status_code == 404


def test_the_role_ends_at_once_even_if_no_email_can_leave(
    root: User, person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_site_moderator(person, on=True, by=root, now=NOW)
    monkeypatch.setattr(site_moderators, "mail_to_account", no_worker)
    answer = browser_of(root).post(PAGE, {"end": person.pk}, follow=True)
    assert "mara@example.org no longer moderates this site." in words(answer)
    assert not person.moderates_site_now()


def test_nobody_gets_the_role_unless_their_email_can_leave(
    root: User, person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_moderators, "mail_to_account", no_worker)
    assert browser_of(root).post(PAGE, {"email": person.email}).status_code == 422
    assert not person.moderates_site_now()
