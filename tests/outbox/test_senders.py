"""Every email has the right sender, and replies go to the right person."""

from datetime import timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage as Message
from email.policy import default as modern
from email.utils import parseaddr

import pytest
from allauth.account.models import EmailAddress
from django.core.mail import EmailMessage
from django.test import Client
from pytest_django.fixtures import Settings

from letters.base.outbox import senders
from letters.base.outbox.composing import compose_email_to
from letters.base.outbox.senders import looks_like_site, of_collective, shown_name, site
from letters.models import AuditEvent, Collective, Letter, Membership, OutgoingEmail, User
from letters.organizer.collectives.operations import choose_replies
from letters.organizer.updates.operations import UpdateText, send_update, spread_update, write_update
from letters.shared.refused import Refused
from tests.people import NOW, message_of, publish, sign, sign_and_confirm

pytestmark = pytest.mark.django_db

LOOK_ALIKES = [
    "Undersigned Support",
    "UNDERSIGNED",
    "Under signed",
    "Under-signed team",
    "Und\u0435rsign\u0435d",
    "\uff35\uff4e\uff44\uff45\uff52\uff53\uff49\uff47\uff4e\uff45\uff44",
    "Unders1gned",
    "Ünderśigned",
]
HONEST = ["Friends of the Night Train", "Workers Support Network", "Signed in Rome", "Amis des trains", "夜行列車の会"]


@pytest.fixture(autouse=True)
def confirmed(organizer: User) -> EmailAddress:
    """The organizer's own address, which they have confirmed."""
    senders._reader_in_second.cache_clear()
    address, _ = EmailAddress.objects.update_or_create(
        user=organizer, defaults={"email": organizer.email, "verified": True, "primary": True}
    )
    return address


def raw_of(message: EmailMessage) -> Message:
    return message_from_bytes(message.message().as_bytes(), _class=Message, policy=modern)


def sent_as(name: str) -> Message:
    """Return an email that a collective of that name writes."""
    sender = of_collective(Collective(name=name), is_named=True, language="en")
    parts = {"subject.txt": "An update", "txt": "Hello", "html": "<p>Hello</p>", "from": sender.address}
    return raw_of(compose_email_to({**parts, "reply_to": sender.reply_to}, to="ada@example.org"))


@pytest.mark.parametrize("name", HONEST)
def test_a_collective_writes_under_its_name(name: str) -> None:
    assert parseaddr(str(sent_as(name)["From"])) == (f"{name} via Undersigned", "letters@localhost")


@pytest.mark.parametrize("name", LOOK_ALIKES)
def test_no_collective_passes_for_the_site(name: str) -> None:
    assert looks_like_site(name)
    assert parseaddr(str(sent_as(name)["From"]))[0] == "A collective via Undersigned"


@pytest.mark.parametrize(
    "name", ["help@bank.example", "bank.example", "https://bank.example", "www.bank", " ", "\u200b"]
)
def test_no_sender_name_is_an_address_or_empty(name: str) -> None:
    assert shown_name(name) == "A collective"


@pytest.mark.parametrize(
    "name",
    ['Bank" <help>, "x', "Bank\r\nBcc: eve", "A <b> (c), d; e: f", "\u202eknaB", "a\u2066b\u2069c", "x\\", "a\x00b"],
)
def test_a_name_adds_no_header_and_no_second_address(name: str) -> None:
    raw = sent_as(name)
    assert raw["Bcc"] is None
    (sender,) = raw["From"].addresses
    assert sender.addr_spec == "letters@localhost"
    assert sender.display_name.endswith(" via Undersigned")
    assert not set("\u202e\u2066\u2069\r\n\x00") & set(sender.display_name)


def test_a_long_name_is_cut() -> None:
    wire = sent_as("🕊" * 200).as_bytes()
    sender = str(make_header(decode_header(str(message_from_bytes(wire)["From"]))))
    assert sender == f"{'🕊' * 59}… via Undersigned <letters@localhost>"


def test_the_sender_names_the_site_as_its_own_emails_do(settings: Settings) -> None:
    settings.DEFAULT_FROM_EMAIL, settings.BULK_FROM_EMAIL = "Open Letters <a@example.org>", "News <b@news.example.org>"
    assert parseaddr(str(sent_as("Friends")["From"])) == ("Friends via Open Letters", "b@news.example.org")
    assert site().address == "Open Letters <a@example.org>"
    assert looks_like_site("The Open Letters team")
    assert not looks_like_site("Undersigned")


# Recipients who see the name


def update_to(letter: Letter, organizer: User, **signer: str) -> OutgoingEmail:
    """Return an update to a person who signed in this way."""
    sign_and_confirm(letter, "ada@example.org", now=NOW - timedelta(days=1), consent="Write to me", **signer)
    publish(NOW)
    letter.refresh_from_db()
    text = UpdateText(title="The minister has asked us in", body="On **Friday**.", language="en")
    update = write_update(letter, text=text, by=organizer, now=NOW)
    send_update(update, seen=update.version, by=organizer, now=NOW)
    spread_update(update.pk, now=NOW)
    return OutgoingEmail.objects.get(kind="update")


def test_people_whose_name_is_public_see_the_name_of_the_collective(
    letter: Letter, organizer: User, settings: Settings
) -> None:
    settings.BULK_FROM_EMAIL = "News <news@example.org>"
    choose_replies(letter.collective, to_me=True, by=organizer, now=NOW)
    raw = raw_of(message_of(update_to(letter, organizer)))
    assert parseaddr(str(raw["From"])) == ("Friends of the Night Train via Undersigned", "news@example.org")
    assert raw["Reply-To"] == organizer.email
    assert raw["X-Auto-Response-Suppress"] == "All"


def test_no_header_names_the_collective_to_a_person_whose_name_is_not_public(
    letter: Letter, organizer: User, settings: Settings
) -> None:
    settings.BULK_FROM_EMAIL = "News <news@example.org>"
    choose_replies(letter.collective, to_me=True, by=organizer, now=NOW)
    raw = raw_of(message_of(update_to(letter, organizer, display="organizers")))
    assert raw["From"] == "News <news@example.org>"
    assert raw["Reply-To"] is None
    assert not any("Friends" in str(value) or organizer.email in str(value) for value in raw.values())


def test_an_email_says_who_reads_a_reply(letter: Letter, organizer: User) -> None:
    choose_replies(letter.collective, to_me=True, by=organizer, now=NOW)
    message = message_of(update_to(letter, organizer))
    said = (
        "If you reply, Friends of the Night Train can read your reply and see your address. Replying confirms nothing."
    )
    assert said in " ".join(str(message.body).split())
    assert said in " ".join(str(message.alternatives[0][0]).split())
    assert "Nobody reads replies" not in str(message.body)


@pytest.mark.parametrize("kind", ["confirm", "thanks"])
def test_emails_about_a_signature_name_the_site_alone(letter: Letter, organizer: User, kind: str) -> None:
    choose_replies(letter.collective, to_me=True, by=organizer, now=NOW)
    if kind == "thanks":
        sign_and_confirm(letter)
    else:
        sign(letter)
    raw = raw_of(message_of(OutgoingEmail.objects.get(kind=kind)))
    assert (raw["From"], raw["Reply-To"]) == ("Undersigned <letters@localhost>", None)


# Replies


def reader_of(collective: Collective) -> str:
    senders._reader_in_second.cache_clear()
    collective.refresh_from_db()
    return of_collective(collective, is_named=True, language="en").reply_to


def test_an_owner_chooses_their_own_address_for_replies_and_removes_it(collective: Collective, organizer: User) -> None:
    assert reader_of(collective) == ""
    choose_replies(collective, to_me=True, by=organizer, now=NOW)
    assert reader_of(collective) == organizer.email
    choose_replies(collective, to_me=False, by=organizer, now=NOW)
    assert reader_of(collective) == ""
    events = AuditEvent.objects.filter(verb="choose_replies").order_by("pk")
    assert [event.details["are_read"] for event in events] == [True, False]


def test_only_owners_choose(collective: Collective, teammate: User) -> None:
    with pytest.raises(Refused, match="not_yours"):
        choose_replies(collective, to_me=True, by=teammate, now=NOW)


def test_replies_end_with_the_membership(collective: Collective, organizer: User) -> None:
    choose_replies(collective, to_me=True, by=organizer, now=NOW)
    Membership.objects.get(collective=collective, user=organizer).delete()
    assert reader_of(collective) == ""


@pytest.mark.parametrize("change", ["inactive", "unverified"])
def test_replies_go_only_to_a_confirmed_address_of_an_account_in_use(
    collective: Collective, organizer: User, confirmed: EmailAddress, change: str
) -> None:
    choose_replies(collective, to_me=True, by=organizer, now=NOW)
    if change == "inactive":
        User.objects.filter(pk=organizer.pk).update(is_active=False)
    else:
        EmailAddress.objects.filter(pk=confirmed.pk).update(verified=False)
    assert reader_of(collective) == ""


def test_the_page_accepts_no_other_address(collective: Collective, organizer: User, client: Client) -> None:
    client.force_login(organizer)
    url = f"/organize/collectives/{collective.slug}/settings/"
    assert client.post(url, {"replies": "eve@example.org"}).status_code == 422
    assert reader_of(collective) == ""
    assert client.post(url, {"replies": "me"}).status_code == 302
    assert reader_of(collective) == organizer.email
    assert f"Replies go to {organizer.email}" in client.get(url).content.decode()
    assert client.post(url, {"replies": "nobody"}).status_code == 302
    assert reader_of(collective) == ""


def test_a_member_who_is_no_longer_an_owner_gets_no_replies(letter: Letter, organizer: User) -> None:
    choose_replies(letter.collective, to_me=True, by=organizer, now=NOW)
    assert of_collective(letter.collective, is_named=True, language="en").reply_to == organizer.email
    Membership.objects.filter(user=organizer).update(role="moderator")
    senders._reader_in_second.cache_clear()
    sender = of_collective(letter.collective, is_named=True, language="en")
    assert (sender.reply_to, sender.replies_to) == ("", "")


def test_another_confirmed_address_of_the_owner_does_not_confirm_this_one(letter: Letter, organizer: User) -> None:
    choose_replies(letter.collective, to_me=True, by=organizer, now=NOW)
    EmailAddress.objects.filter(user=organizer).update(verified=False)
    EmailAddress.objects.create(user=organizer, email="other@example.org", verified=True)
    senders._reader_in_second.cache_clear()
    assert of_collective(letter.collective, is_named=True, language="en").reply_to == ""
