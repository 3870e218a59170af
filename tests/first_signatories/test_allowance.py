"""Invitations are unrequested emails: few at first, none before staff have cleared a collective, and limited."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from letters.base.accounts.invitations import has_stopped_in_second, health_of
from letters.base.accounts.queries import invitations_a_day, invited_today
from letters.base.outbox.composing import render_email
from letters.base.outbox.operations import note_bounce, note_complaint
from letters.models import AuditEvent, Collective, Letter, OutgoingEmail, Signature, User
from letters.organizer.collectives.operations import (
    ask_to_invite_again,
    change_own_name,
    create_collective,
    describe_collective,
    invite_member,
    let_invite_again,
)
from letters.organizer.first_signatories.operations import invite_people, keep_list, remind_invited
from letters.organizer.letter_editor.operations import clear_collective, draft_letter
from letters.shared.addresses import read_address
from letters.shared.refused import Refused
from letters.shared.text import looks_like_link, without_links
from tests.conftest import LetterMaker
from tests.first_signatories.conftest import Inviter, people_in
from tests.people import EN, NOW, add_published, deliver, publish, words

DAY = timedelta(days=1)
PAGE = "/organize/letters/night-trains/first-signers/"


@pytest.fixture
def staff(db: None) -> User:
    return User.objects.create_user("sara@example.org", is_staff=True)


def people(number: int, begin: int = 0) -> str:
    return "\n".join(f"p{place}@example.org" for place in range(begin, begin + number))


# The limit


def test_a_new_account_invites_twenty_people_a_day(before: Letter, organizer: User) -> None:
    invite_people(before, people=people_in(people(20)), by=organizer, now=NOW)
    with pytest.raises(Refused, match="too_many_today"):
        invite_people(before, people=people_in(people(1, begin=20)), by=organizer, now=NOW)
    assert invited_today(organizer, NOW) == 20
    invite_people(before, people=people_in(people(20, begin=20)), by=organizer, now=NOW + DAY)


def test_every_published_signature_makes_room_for_one_more(
    letter: Letter, draft: LetterMaker, organizer: User, stranger: User
) -> None:
    assert invitations_a_day(organizer) == 20
    add_published(letter, 15)
    assert (invitations_a_day(organizer), invitations_a_day(stranger)) == (35, 20)
    Letter.objects.update(signature_count=10**6, last_number=10**6)
    assert invitations_a_day(organizer) == 1000
    # Neither unpublished nor invented signatures raise the limit.
    Letter.objects.update(is_sample=True)
    assert invitations_a_day(organizer) == 20


def test_invitations_to_the_collective_are_counted_too(before: Letter, organizer: User) -> None:
    for place in range(20):
        address = read_address(f"t{place}@example.org")
        assert address
        invite_member(before.collective, address=address, role="editor", by=organizer, now=NOW)
    with pytest.raises(Refused, match="too_many_today"):
        invite_people(before, people=people_in("ada@example.org"), by=organizer, now=NOW)


# No invitations before staff have cleared the collective


def test_a_collective_that_staff_have_not_cleared_invites_nobody(
    before: Letter, organizer: User, staff: User, browser: Client, settings: Settings
) -> None:
    settings.CLEAR_COLLECTIVES_FIRST = True
    address = read_address("tom@example.org")
    assert address
    for act in (
        lambda: keep_list(before, text="a@example.org", encoding="", by=organizer, now=NOW),
        lambda: invite_people(before, people=people_in("a@example.org"), by=organizer, now=NOW),
        lambda: remind_invited(before, by=organizer, now=NOW),
        lambda: invite_member(before.collective, address=address, role="editor", by=organizer, now=NOW),
    ):
        with pytest.raises(Refused, match="not_cleared"):
            act()
    assert "review each new collective before it can invite anyone" in words(browser.get(PAGE))
    page = browser.post("/organize/collectives/night-train/invite/", {"email": "tom@example.org", "role": "editor"})
    assert "review each new collective before it can invite anyone" in words(page)
    assert not OutgoingEmail.objects.exists()
    clear_collective(before.collective, by=staff, now=NOW)
    invite_people(before, people=people_in("a@example.org"), by=organizer, now=NOW)
    invite_member(before.collective, address=address, role="editor", by=organizer, now=NOW)
    assert OutgoingEmail.objects.count() == 2


# Stopped invitations


def come_back(number: int) -> None:
    for outgoing in OutgoingEmail.objects.filter(kind="invited", failed_at=None, error="").order_by("pk")[:number]:
        note_bounce(outgoing, at=timezone.now(), now=timezone.now(), error="550 5.1.1")
    has_stopped_in_second.cache_clear()


def test_invitations_stop_when_many_bounce(before: Letter, invite: Inviter, organizer: User, browser: Client) -> None:
    invite(before, people(30))
    come_back(4)
    assert not health_of(before.collective).is_ill
    come_back(1)
    assert health_of(before.collective).is_ill
    deliver()
    assert mail.outbox == []
    assert OutgoingEmail.objects.owed().count() == 25
    for act in (lambda: invite(before, "new@example.org"), lambda: remind_invited(before, by=organizer, now=NOW)):
        with pytest.raises(Refused, match="invitations_stopped"):
            act()
    text = words(browser.get(PAGE))
    assert "Invitations to this letter have stopped automatically" in text
    assert "Invitations that bounced: 5. Reported as spam: 0." in text


def test_stopped_invitations_do_not_reveal_whether_one_more_left(
    before: Letter, invite: Inviter, browser: Client
) -> None:
    """Nothing is sent to a nameless signer, so the number of sent emails would reveal them."""
    invite(before, people(6))
    come_back(5)
    page = words(browser.get(PAGE))
    OutgoingEmail.objects.filter(failed_at=None).update(sent_at=timezone.now())
    has_stopped_in_second.cache_clear()
    assert words(browser.get(PAGE)) == page


def test_a_few_wrong_addresses_in_a_long_list_stop_nothing(before: Letter, invite: Inviter) -> None:
    invite(before, people(100))
    OutgoingEmail.objects.update(sent_at=timezone.now())
    come_back(9)
    assert not health_of(before.collective).is_ill
    come_back(1)
    assert health_of(before.collective).is_ill


def test_two_spam_complaints_stop_invitations_too(before: Letter, invite: Inviter) -> None:
    invite(before, people(30))
    OutgoingEmail.objects.update(sent_at=timezone.now())
    for outgoing in OutgoingEmail.objects.order_by("pk")[:2]:
        assert not health_of(before.collective).is_ill
        note_complaint(outgoing, at=timezone.now(), now=timezone.now())
    assert health_of(before.collective).is_ill


def test_invitations_stop_for_every_letter_of_the_collective(
    before: Letter, draft: LetterMaker, invite: Inviter
) -> None:
    invite(before, people(6))
    come_back(6)
    with pytest.raises(Refused, match="invitations_stopped"):
        invite(draft("other"), "new@example.org")


def test_a_stopped_inviter_cannot_continue_for_another_collective(
    before: Letter, invite: Inviter, organizer: User, staff: User
) -> None:
    invite(before, people(6))
    come_back(6)
    other = create_collective(name="A New Name", slug="a-new-name", by=organizer, now=NOW)
    draft = draft_letter(other, slug="once-more", text=EN, by=organizer, now=NOW)
    with pytest.raises(Refused, match="invitations_stopped"):
        invite(draft, "new@example.org")
    let_invite_again(before.collective, by=staff, now=timezone.now())
    invite(draft, "new@example.org")


def test_owners_ask_and_staff_allow_invitations_again(
    before: Letter, invite: Inviter, teammate: User, staff: User, browser: Client
) -> None:
    invite(before, people(30))
    come_back(5)
    deliver()
    organizer = User.objects.get(email="olga@example.org")
    with pytest.raises(Refused, match="not_yours"):
        ask_to_invite_again(before.collective, by=teammate, now=NOW)
    page = browser.post(f"{PAGE}round/", {"action": "ask"}, follow=True)
    assert "An owner has asked the people who run this site to review this." in words(page)
    assert Collective.objects.get(slug="night-train").asked_to_invite_at
    with pytest.raises(Refused, match="not_yours"):
        let_invite_again(before.collective, by=organizer, now=timezone.now())
    let_invite_again(before.collective, by=staff, now=timezone.now())
    has_stopped_in_second.cache_clear()
    assert not health_of(before.collective).is_ill
    deliver()
    assert len(mail.outbox) == 25
    assert Collective.objects.get(slug="night-train").asked_to_invite_at is None
    verbs = AuditEvent.objects.filter(object_kind="collective").values_list("verb", flat=True)
    assert {"ask_to_invite_again", "let_invite_again"} <= set(verbs)


# Names that would become links

NAMES = [
    "evil.com free money",
    "Visit www.evil",
    "https://evil",
    "ask me@evil.org",
    "evil。com",
    "EVIL.XN--P1AI",
    "evil.рф",
]
HONEST = [
    "Friends of the Night Train",
    "St. Mary e. V.",
    "Verein e.V.",
    "Nr. 5",
    "A: B",
    "Gruppo 3.0",
    "L. v. B.",
    "U.S.A.",
]


@pytest.mark.parametrize("name", NAMES)
def test_no_name_that_emails_repeat_looks_like_a_link(collective: Collective, organizer: User, name: str) -> None:
    for act in (
        lambda: create_collective(name=name, by=organizer, now=NOW),
        lambda: describe_collective(collective, values={"name": name}, by=organizer, now=NOW),
        lambda: change_own_name(organizer, name=name, now=NOW),
    ):
        with pytest.raises(Refused, match="names_a_link"):
            act()


def test_forms_refuse_such_a_name_with_a_sentence(browser: Client) -> None:
    for url in ("/organize/collectives/", "/organize/collectives/new/", "/organize/new/"):
        page = browser.post(url, {"name": NAMES[0], "collective": NAMES[0]})
        assert page.status_code == 422
        assert "This looks like a web address or an email address" in words(page), url


@pytest.mark.parametrize("name", HONEST)
def test_honest_names_are_accepted(name: str) -> None:
    assert not looks_like_link(name)
    assert without_links(name) == name


@pytest.mark.parametrize("name", NAMES)
def test_no_email_turns_typed_words_into_a_link(
    collective: Collective, invite: Inviter, draft: LetterMaker, name: str
) -> None:
    Collective.objects.update(name=name)
    letter = draft()
    invite(letter)
    publish()
    deliver()
    message = mail.outbox[0]
    assert isinstance(message, EmailMultiAlternatives)
    html = str(message.alternatives[0][0])
    assert name not in str(message.body)
    assert name not in html
    assert name.split(" ", maxsplit=1)[0][:4] in str(message.body)
    assert Signature.objects.get().link("invitation", now=timezone.now())[:12] in str(message.body)


def test_our_own_addresses_stay_links(settings: Settings) -> None:
    letter = {"collective": {"name": "evil.com"}}
    url = f"{settings.SITE_URL}/x.y/"
    context = {"title": "money.example", "letter": letter, "zone": ZoneInfo("UTC"), "edit_url": url, "until": NOW}
    parts = render_email("letter_withdrawn", context, language="en")
    assert url in parts["txt"].split()
    assert f'href="{url}"' in parts["html"]
    assert f">{url}</a>" in parts["html"]
    assert "money.example" not in parts["txt"]
