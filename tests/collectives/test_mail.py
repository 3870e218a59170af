"""The mail that invites: readable in any program, neutral outside, and silent about who is behind the collective."""

import re
from datetime import datetime

import pytest
from django.conf import settings
from django.core import mail
from django.core.mail import EmailMultiAlternatives

from letters.collectives.mail import team_invitation
from letters.collectives.operations import accept_invitation, change_role, forget_invitations, revoke_invitation
from letters.delivering.mail import Answer, Verdict
from letters.delivering.operations import note_bounce, note_complaint, settle_delivery
from letters.delivering.queries import last_deliveries_to
from letters.models import AuditEvent, Collective, Delivery, Invitation, Membership, User
from tests.collectives.conftest import Inviter
from tests.people import deliver

pytestmark = pytest.mark.django_db


@pytest.fixture
def delivery(invite: Inviter) -> Delivery:
    """The mail that an invitation owes."""
    return Delivery.objects.get(invitation=invite("Nina@example.org"))


def built(delivery: Delivery) -> EmailMultiAlternatives:
    message = team_invitation(delivery)
    assert isinstance(message, EmailMultiAlternatives)
    return message


def both_halves(delivery: Delivery) -> list[str]:
    message = built(delivery)
    ((html, _),) = message.alternatives
    return [str(message.body), str(html)]


def test_it_says_what_is_offered_and_for_how_long(delivery: Delivery) -> None:
    message = built(delivery)
    assert message.to == ["Nina@example.org"]
    assert message.subject == "An invitation to write open letters together"
    for half in both_halves(delivery):
        assert "Olga invites you to a collective" in half
        assert "Friends of the Night Train" in half
        assert "As an editor: write its letters and publish them." in half
        assert "It is good until" in half
        assert "If you did not expect this, do nothing" in half


def test_it_names_nobody_by_their_address(delivery: Delivery, organizer: User) -> None:
    User.objects.filter(pk=organizer.pk).update(name="")
    for half in both_halves(delivery):
        assert "olga" not in half.lower()
        assert "One of its owners invites you" in half


def test_both_halves_hold_the_same_link_and_load_nothing(delivery: Delivery) -> None:
    text, html = both_halves(delivery)
    link = rf"{settings.SITE_URL}/organize/invitations/[A-Za-z0-9_-]{{56}}/"
    assert len(re.findall(rf"^{link}$", text, re.MULTILINE)) == 1
    assert len(re.findall(f'href="{link}"', html)) == 2
    assert not re.search(r"<(img|script|link|iframe|video|form)\b|url\(|@import", html)
    assert max(map(len, built(delivery).message().as_bytes().splitlines())) <= 998


def test_a_name_cannot_add_a_header_or_a_tag(delivery: Delivery) -> None:
    Collective.objects.update(name="One\r\nBcc: eve@example.org <b>")
    User.objects.update(name="<i>Olga</i>\nBcc: eve@example.org")
    message = built(delivery).message()
    assert message["Bcc"] is None
    assert "<b>" not in both_halves(delivery)[1]
    assert "<i>" not in both_halves(delivery)[1]


def test_every_attempt_is_the_same_mail_to_a_mail_program(delivery: Delivery) -> None:
    first, second = built(delivery), built(delivery)
    assert first.extra_headers == second.extra_headers


def test_it_leaves_with_the_mail_that_cannot_wait(delivery: Delivery) -> None:
    deliver()
    assert [message.to for message in mail.outbox] == [["Nina@example.org"]]
    delivery.refresh_from_db()
    assert delivery.sent_at


# When it is no longer true


def test_what_does_not_stand_any_more_is_not_sent(
    delivery: Delivery, organizer: User, nina: User, second_owner: User, today: datetime
) -> None:
    invitation = Invitation.objects.get()
    change_role(Membership.objects.get(user=organizer), role="editor", by=second_owner, now=today)
    assert team_invitation(delivery) is None
    change_role(Membership.objects.get(user=organizer), role="owner", by=second_owner, now=today)
    assert team_invitation(delivery)
    accept_invitation(invitation, by=nina, now=today)
    assert team_invitation(delivery) is None


def test_what_was_taken_back_is_not_sent(delivery: Delivery, organizer: User, today: datetime) -> None:
    revoke_invitation(Invitation.objects.get(), by=organizer, now=today)
    assert team_invitation(delivery) is None
    deliver()
    assert mail.outbox == []


def test_an_address_gets_three_invitations_a_day_over_all_collectives(
    invite: Inviter, organizer: User, today: datetime
) -> None:
    for _ in range(5):
        revoke_invitation(invite(), by=organizer, now=today)
    invite()
    Invitation.objects.filter(revoked_at=None)
    assert team_invitation(Delivery.objects.latest("pk")) is None
    assert team_invitation(Delivery.objects.get(invitation=invite("eve@example.org")))


# What becomes of it


def test_a_mailbox_that_is_refused_is_noted_and_nothing_else(delivery: Delivery, today: datetime) -> None:
    settle_delivery(delivery, Answer(Verdict.NEVER, "550"), now=today)
    delivery.refresh_from_db()
    assert (delivery.error, delivery.failed_at) == ("550", today)
    assert Invitation.objects.open().exists()


def test_a_provider_tells_later_and_by_the_address_alone(delivery: Delivery, today: datetime) -> None:
    deliver()
    (found,) = last_deliveries_to("nina+tag@example.org")
    assert found == delivery
    for _ in range(2):
        note_bounce(found, at=today, now=today)
    delivery.refresh_from_db()
    assert (delivery.sent_at, delivery.failed_at, delivery.error) == (None, today, "bounced")


def test_who_calls_it_spam_gets_no_other_one(delivery: Delivery, invite: Inviter, today: datetime) -> None:
    deliver()
    for _ in range(2):
        note_complaint(delivery, at=today, now=today)
    assert not Invitation.objects.open().exists()
    assert AuditEvent.objects.filter(verb="note_complaint").count() == 1
    # Also when all else about it is forgotten.
    forget_invitations(now=today.replace(year=today.year + 1))
    again = Delivery.objects.get(invitation=invite())
    assert team_invitation(again) is None
