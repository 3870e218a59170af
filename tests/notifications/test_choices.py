"""The page "Emails you get", the link that stops one kind of email, and who may get any."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import mail
from django.test import Client
from django.utils import timezone

from letters.base.outbox.operations import note_complaint
from letters.models import EmailChoices, EmailKind, Letter, Membership, OutgoingEmail, Topic, User
from letters.organizer.notifications import queries
from letters.organizer.notifications.queries import purpose_of
from letters.shared.tokens import make_dated_handle
from tests.notifications.conftest import MORNING, NEXT_MORNING, Mails, tell
from tests.people import NOW, Reader, add_published, browser_of, deliver, words

pytestmark = pytest.mark.django_db

PAGE = "/organize/emails/"
OLGA = "olga@example.org"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
EVERYTHING = {topic.value: "on" for topic in Topic if topic not in {Topic.COLLECTIVES_WAIT, Topic.REPORTS_WAIT}}


@pytest.fixture
def desk(organizer: User) -> Client:
    return browser_of(organizer)


def ticked(page: str) -> set[str]:
    boxes: list[str] = re.findall(r"<input type=\"checkbox\"[^>]*>", page)
    names = [re.findall(r'name="([^"]+)"', box)[0] for box in boxes if " checked" in box]
    return set(names)


def link_in(message: mail.EmailMessage) -> str:
    (url,) = re.findall(r"<(.+)>", message.extra_headers["List-Unsubscribe"])
    assert url.startswith(settings.SITE_URL)
    return str(url.removeprefix(settings.SITE_URL))


# The page


def test_everything_is_on_until_someone_chooses(letter: Letter, desk: Client) -> None:
    assert ticked(desk.get(PAGE).content.decode()) == set(EVERYTHING)


def test_one_save_stores_what_is_ticked(letter: Letter, desk: Client) -> None:
    answer = desk.post(PAGE, {"review": "on", "goal": "on", "language": "it"}, follow=True)
    assert ticked(answer.content.decode()) == {"review", "goal"}
    assert "Salvato" in words(answer) or "Saved." in words(answer)
    assert EmailChoices.objects.get().language == "it"


def test_it_shows_what_a_role_gets(letter: Letter, moderator: User, stranger: User, staff: User) -> None:
    assert ticked(browser_of(moderator).get(PAGE).content.decode()) == {"new_signatures", "review", "shield"}
    assert ticked(browser_of(staff).get(PAGE).content.decode()) == {"collectives_wait"}
    Membership.objects.filter(user=stranger).delete()
    assert "You are not in a collective yet" in words(browser_of(stranger).get(PAGE))


def test_an_unknown_language_is_refused(letter: Letter, desk: Client) -> None:
    assert desk.post(PAGE, {"language": "xx"}).status_code == 422


def test_choices_that_are_not_on_the_page_stay_as_they_were(letter: Letter, moderator: User) -> None:
    EmailChoices.objects.create(account=moderator, topics={"update_copy": False})
    browser_of(moderator).post(PAGE, {"review": "on"})
    others = {"update_copy": False, "review": True, "new_signatures": False, "shield": False}
    assert EmailChoices.objects.get().topics == others


@pytest.mark.parametrize("off", ["new_signatures", "goal"])
def test_topics_that_are_switched_off_are_not_in_the_email(
    letter: Letter, desk: Client, mails_to: Mails, off: str
) -> None:
    Letter.objects.update(goal=2)
    desk.post(PAGE, {name: "on" for name in EVERYTHING if name != off})
    add_published(letter, 2)
    tell()
    (message,) = mails_to(OLGA)
    said = {"new_signatures": "2 new signatures", "goal": "reached its goal"}
    assert [name for name, sentence in said.items() if sentence in str(message.body)] == [*({*said} - {off})]


def test_an_email_that_is_switched_off_while_it_waits_does_not_leave(
    letter: Letter, desk: Client, mails_to: Mails
) -> None:
    add_published(letter, 2)
    tell()
    desk.post(PAGE, {})
    assert not mails_to(OLGA)
    assert OutgoingEmail.objects.get(kind="notification").dropped_at


def test_an_email_is_in_the_language_that_the_person_chose(letter: Letter, desk: Client, mails_to: Mails) -> None:
    desk.post(PAGE, {**EVERYTHING, "language": "it"})
    add_published(letter, 2)
    tell()
    (message,) = mails_to(OLGA)
    assert "2 nuove firme" in str(message.body)


def test_without_a_choice_it_is_in_the_language_of_the_letter(letter: Letter, mails_to: Mails) -> None:
    Letter.objects.update(language="it")
    add_published(letter, 2)
    tell()
    assert "2 nuove firme" in str(mails_to(OLGA)[0].body)


# The link in each email


def test_each_email_has_the_headers_to_stop_it_with_one_click(letter: Letter, reader: Reader, mails_to: Mails) -> None:
    add_published(letter, 2)
    tell()
    (message,) = mails_to(OLGA)
    assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link_in(message) in str(message.body)
    headers = {"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"}
    answer = reader.client.post(link_in(message), ONE_CLICK, headers=headers)
    assert "These emails have stopped" in words(answer)
    mail.outbox.clear()
    add_published(letter, 2, now=MORNING)
    tell(NEXT_MORNING)
    assert not mails_to(OLGA)


def test_opening_the_link_changes_nothing(letter: Letter, reader: Reader, mails_to: Mails) -> None:
    add_published(letter, 2)
    tell()
    page = reader.get(link_in(mails_to(OLGA)[0]))
    assert "Stop these emails?" in words(page)
    assert (page["Cache-Control"], page["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert not EmailChoices.objects.exists()


def test_a_link_stops_only_its_kind_and_only_for_its_person(
    letter: Letter, teammate: User, reader: Reader, mails_to: Mails
) -> None:
    add_published(letter, 2)
    tell()
    link = link_in(mails_to(OLGA)[0])
    assert reader.client.post(link.replace("/daily/", "/cleared/"), ONE_CLICK).status_code == 404
    assert reader.client.post(link[:-3] + "xx/", ONE_CLICK).status_code == 404
    reader.client.post(link, ONE_CLICK)
    (choices,) = EmailChoices.objects.all()
    assert choices.account.email == OLGA
    assert choices.topics == dict.fromkeys(["new_signatures", "first_signatories", "goal", "review"], False)


def test_the_link_ends_after_ninety_days(letter: Letter, reader: Reader, organizer: User) -> None:
    """A person who finds an old email cannot use its link forever."""

    def link(days: int) -> str:
        made_at = timezone.now() - timedelta(days=days)
        return f"/organize/emails/off/daily/{make_dated_handle(purpose_of('daily'), organizer.pk, now=made_at)}/"

    assert "Stop these emails?" in words(reader.get(link(89)))
    old = reader.client.post(link(91), ONE_CLICK)
    assert old.status_code == 404
    assert "A link to stop emails works for 90 days, so this one may be too old." in words(old)
    assert not EmailChoices.objects.exists()
    reader.client.post(link(89), ONE_CLICK)
    assert EmailChoices.objects.exists()


def test_the_page_behind_the_link_names_nobody(letter: Letter, reader: Reader, mails_to: Mails) -> None:
    add_published(letter, 2)
    tell()
    said = words(reader.get(link_in(mails_to(OLGA)[0])))
    assert "olga" not in said.lower()
    assert "Night" not in said


def test_a_spam_report_stops_them_too(letter: Letter, mails_to: Mails) -> None:
    add_published(letter, 2)
    tell()
    mails_to(OLGA)
    note_complaint(OutgoingEmail.objects.get(kind=EmailKind.NOTIFICATION), at=NOW, now=NOW)
    assert queries.choices_of(User.objects.get(email=OLGA)).wanted(Topic) == [
        Topic.SCHEDULED,
        Topic.CLEARED,
        Topic.UPDATE_COPY,
        Topic.MOVES,
        Topic.SHIELD,
        Topic.WEBHOOK_OFF,
        Topic.DELETION,
        Topic.COLLECTIVES_WAIT,
        Topic.REPORTS_WAIT,
    ]


# Recipients


@pytest.mark.parametrize("change", ["left", "closed", "unverified", "demoted"])
def test_a_person_who_lost_the_right_gets_no_waiting_email(
    letter: Letter, organizer: User, mails_to: Mails, change: str
) -> None:
    EmailChoices.objects.create(account=organizer, topics={"new_signatures": False, "review": False, "first": False})
    Letter.objects.update(goal=2)
    add_published(letter, 2)
    tell()
    assert OutgoingEmail.objects.owed().filter(kind="notification").count() == 1
    if change == "left":
        Membership.objects.all().delete()
    elif change == "closed":
        User.objects.filter(pk=organizer.pk).update(is_active=False)
    elif change == "unverified":
        EmailAddress.objects.filter(user=organizer).update(verified=False)
    else:
        Membership.objects.update(role="moderator")
    assert not mails_to(OLGA)


@pytest.mark.parametrize("is_known", [True, False])
def test_an_address_that_nobody_confirmed_gets_none(letter: Letter, organizer: User, *, is_known: bool) -> None:
    """Nor does an address that staff typed in the admin, for which the site has no row yet."""
    if is_known:
        EmailAddress.objects.filter(user=organizer).update(verified=False)
    else:
        EmailAddress.objects.filter(user=organizer).delete()
    add_published(letter, 2)
    tell()
    deliver()
    assert not OutgoingEmail.objects.filter(kind="notification").exists()
