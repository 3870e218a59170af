"""The invitation email: readable in any program, neutral outside, and silent about who is behind the collective."""

import re
from datetime import datetime

import pytest
from django.conf import settings
from django.core import mail

from letters.base.outbox.built import Drop, Send
from letters.base.outbox.mail import SendResult, Verdict
from letters.base.outbox.operations import note_bounce, note_complaint, settle_email
from letters.base.outbox.queries import last_emails_to
from letters.models import AuditEvent, Collective, Letter, MemberInvitation, Membership, OutgoingEmail, User
from letters.organizer.collectives.mail import team_invitation
from letters.organizer.collectives.operations import (
    accept_invitation,
    change_role,
    forget_invitations,
    revoke_invitation,
)
from tests.collectives.conftest import Inviter
from tests.conftest import LetterMaker
from tests.people import deliver, message_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def outgoing(invite: Inviter) -> OutgoingEmail:
    """Return the email of an invitation."""
    return OutgoingEmail.objects.get(invitation=invite("Nina@example.org"))


def both_halves(outgoing: OutgoingEmail) -> list[str]:
    message = message_of(outgoing)
    ((html, _),) = message.alternatives
    return [str(message.body), str(html)]


def test_it_says_what_is_offered_and_for_how_long(outgoing: OutgoingEmail) -> None:
    message = message_of(outgoing)
    assert message.to == ["Nina@example.org"]
    assert message.subject == "An invitation to write open letters together"
    for half in both_halves(outgoing):
        assert "Olga has invited you to join a collective" in half
        assert "Friends of the Night Train" in half
        assert "Your role: editor. You can write and publish letters." in half
        assert "You can accept until" in half
        assert "If you did not expect this, you can ignore this email" in half


def test_it_is_in_the_language_of_the_newest_letter(outgoing: OutgoingEmail, draft: LetterMaker) -> None:
    assert message_of(outgoing).subject == "An invitation to write open letters together"
    draft()
    Letter.objects.update(language="pt")
    assert message_of(outgoing).subject == "An invitation to write open letters together"
    Letter.objects.update(language="it")
    assert message_of(outgoing).subject == "Un invito a scrivere insieme lettere aperte"


def test_it_names_nobody_by_their_address(outgoing: OutgoingEmail, organizer: User) -> None:
    User.objects.filter(pk=organizer.pk).update(name="")
    for half in both_halves(outgoing):
        assert "olga" not in half.lower()
        assert "An owner has invited you" in half


def test_both_halves_hold_the_same_link_and_load_nothing(outgoing: OutgoingEmail) -> None:
    text, html = both_halves(outgoing)
    link = rf"{settings.SITE_URL}/organize/invitations/[A-Za-z0-9_-]{{56}}/"
    assert len(re.findall(rf"^{link}$", text, re.MULTILINE)) == 1
    assert len(re.findall(f'href="{link}"', html)) == 2
    assert not re.search(r"<(img|script|link|iframe|video|form)\b|url\(|@import", html)
    assert max(map(len, message_of(outgoing).message().as_bytes().splitlines())) <= 998


def test_a_name_cannot_add_a_header_or_a_tag(outgoing: OutgoingEmail) -> None:
    Collective.objects.update(name="One\r\nBcc: eve@example.org <b>")
    User.objects.update(name="<i>Olga</i>\nBcc: eve@example.org")
    message = message_of(outgoing).message()
    assert message["Bcc"] is None
    assert "<b>" not in both_halves(outgoing)[1]
    assert "<i>" not in both_halves(outgoing)[1]


def test_every_attempt_is_the_same_email_to_a_mail_program(outgoing: OutgoingEmail) -> None:
    first, second = message_of(outgoing), message_of(outgoing)
    assert first.extra_headers == second.extra_headers


def test_the_invitation_leaves_with_urgent_emails(outgoing: OutgoingEmail) -> None:
    deliver()
    assert [message.to for message in mail.outbox] == [["Nina@example.org"]]
    outgoing.refresh_from_db()
    assert outgoing.sent_at


# When it is no longer true


def test_an_ended_invitation_is_not_sent(
    outgoing: OutgoingEmail, organizer: User, nina: User, second_owner: User, today: datetime
) -> None:
    invitation = MemberInvitation.objects.get()
    change_role(Membership.objects.get(user=organizer), role="editor", by=second_owner, now=today)
    assert isinstance(team_invitation(outgoing), Drop)
    change_role(Membership.objects.get(user=organizer), role="owner", by=second_owner, now=today)
    assert isinstance(team_invitation(outgoing), Send)
    accept_invitation(invitation, by=nina, now=today)
    assert isinstance(team_invitation(outgoing), Drop)


def test_a_withdrawn_invitation_is_not_sent(outgoing: OutgoingEmail, organizer: User, today: datetime) -> None:
    revoke_invitation(MemberInvitation.objects.get(), by=organizer, now=today)
    assert isinstance(team_invitation(outgoing), Drop)
    deliver()
    assert mail.outbox == []


def test_an_address_gets_three_invitations_a_day_over_all_collectives(
    invite: Inviter, organizer: User, today: datetime
) -> None:
    for _ in range(5):
        revoke_invitation(invite(), by=organizer, now=today)
    invite()
    MemberInvitation.objects.filter(revoked_at=None)
    assert isinstance(team_invitation(OutgoingEmail.objects.latest("pk")), Drop)
    assert isinstance(team_invitation(OutgoingEmail.objects.get(invitation=invite("eve@example.org"))), Send)


# The result of an email


def test_a_refused_mailbox_is_noted_and_changes_nothing_else(outgoing: OutgoingEmail, today: datetime) -> None:
    settle_email(outgoing, SendResult(Verdict.NEVER, "550"), now=today)
    outgoing.refresh_from_db()
    assert (outgoing.error, outgoing.failed_at) == ("550", today)
    assert MemberInvitation.objects.open().exists()


def test_a_provider_reports_later_and_by_the_address_alone(outgoing: OutgoingEmail, today: datetime) -> None:
    deliver()
    (found,) = last_emails_to("nina+tag@example.org")
    assert found == outgoing
    for _ in range(2):
        note_bounce(found, at=today, now=today)
    outgoing.refresh_from_db()
    assert (outgoing.sent_at, outgoing.failed_at, outgoing.error) == (None, today, "bounced")


def test_a_person_who_reports_spam_gets_no_other_invitation(
    outgoing: OutgoingEmail, invite: Inviter, today: datetime
) -> None:
    deliver()
    for _ in range(2):
        note_complaint(outgoing, at=today, now=today)
    assert not MemberInvitation.objects.open().exists()
    assert AuditEvent.objects.filter(verb="note_complaint").count() == 1
    # This holds even when everything else about it is deleted.
    forget_invitations(now=today.replace(year=today.year + 1))
    again = OutgoingEmail.objects.get(invitation=invite())
    assert isinstance(team_invitation(again), Drop)
