"""The owner of its link can decline an invitation to a collective, and the start page shows it."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone

from letters.models import AuditEvent, Collective, MemberInvitation, OutgoingEmail, User
from letters.organizer.collectives.operations import decline_invitation, forget_invitations, revoke_invitation
from letters.shared.refused import Refused
from tests.collectives.conftest import Inviter
from tests.collectives.test_join import USELESS, path_in_mail
from tests.people import browser_of, words

pytestmark = pytest.mark.django_db

HOME = "/organize/"
MEMBERS = "/organize/collectives/night-train/"


def test_the_link_declines_without_an_account(invite: Inviter, client: Client, organizer: User) -> None:
    invitation = invite("nina@example.org")
    url = path_in_mail(invitation)
    assert "Decline" in words(client.get(url))
    page = client.post(url, {"action": "decline"})
    assert "You have declined" in words(page)
    invitation.refresh_from_db()
    assert (invitation.address, invitation.accepted_at) == (None, None)
    assert invitation.declined_at
    assert USELESS in words(client.get(url))


def test_opening_the_link_declines_nothing(invite: Inviter, client: Client) -> None:
    invitation = invite("nina@example.org")
    url = path_in_mail(invitation)
    client.get(url, {"action": "decline"})
    client.head(url)
    assert MemberInvitation.objects.open().get() == invitation


def test_owners_see_that_an_invitation_was_declined_and_no_address(
    invite: Inviter, organizer: User, client: Client
) -> None:
    url = path_in_mail(invite("nina@example.org"))
    client.post(url, {"action": "decline"})
    text = words(browser_of(organizer).get(MEMBERS))
    assert "Declined editor" in text
    assert "declined. We have deleted their address." in text
    assert "nina@example.org" not in text
    assert "Someone declined an invitation as editor." in words(browser_of(organizer).get(f"{MEMBERS}record/"))
    event = AuditEvent.objects.get(verb="decline_member_invitation")
    assert (event.actor, event.details) == (None, {"role": "editor"})


def test_a_declined_invitation_is_shown_until_it_would_have_ended(
    invite: Inviter, organizer: User, client: Client
) -> None:
    invitation = invite("nina@example.org")
    client.post(path_in_mail(invitation), {"action": "decline"})
    forget_invitations(now=timezone.now() + timedelta(days=3))
    assert MemberInvitation.objects.get() == invitation
    forget_invitations(now=invitation.expires_at + timedelta(days=2))
    assert not MemberInvitation.objects.exists()


def test_an_email_that_has_not_left_does_not_leave(invite: Inviter) -> None:
    invitation = invite("nina@example.org")
    decline_invitation(invitation, now=timezone.now())
    decline_invitation(invitation, now=timezone.now())
    assert OutgoingEmail.objects.get(invitation=invitation).dropped_at
    assert AuditEvent.objects.filter(verb="decline_member_invitation").count() == 1


def test_an_ended_invitation_cannot_be_declined(invite: Inviter, organizer: User) -> None:
    invitation = invite("nina@example.org")
    revoke_invitation(invitation, by=organizer, now=timezone.now())
    with pytest.raises(Refused, match="over"):
        decline_invitation(invitation, now=timezone.now())
    invitation.refresh_from_db()
    assert invitation.declined_at is None


# After signing in


def confirm_address(user: User, email: str = "", *, verified: bool = True) -> None:
    EmailAddress.objects.update_or_create(user=user, email=email or user.email, defaults={"verified": verified})


def test_an_invitation_waits_on_the_start_page(invite: Inviter, nina: User, collective: Collective) -> None:
    invite("Nina@Example.org", role="moderator")
    confirm_address(nina)
    browser = browser_of(nina)
    page = browser.get(HOME)
    assert "You are invited to join Friends of the Night Train Your role: moderator." in words(page)
    (invitation,) = page.context["invitations"]
    browser.post(invitation.link(), {"from_home": "1"})
    assert nina.memberships.get(collective=collective).role == "moderator"
    assert "You are invited" not in words(browser.get(HOME))


def test_an_invitation_can_be_declined_on_the_start_page(invite: Inviter, nina: User) -> None:
    invite("nina@example.org")
    confirm_address(nina)
    browser = browser_of(nina)
    (invitation,) = browser.get(HOME).context["invitations"]
    page = browser.post(invitation.link(), {"from_home": "1", "action": "decline"}, follow=True)
    assert page.redirect_chain == [(HOME, 302)]
    assert "You have declined the invitation." in words(page)
    assert "You are invited" not in words(page)


@pytest.mark.parametrize("case", ["another address", "not confirmed", "member", "expired"])
def test_an_invitation_is_shown_only_to_an_account_with_that_confirmed_address(
    invite: Inviter, nina: User, collective: Collective, case: str
) -> None:
    """An account that only claims an address must not learn who was invited to what."""
    invitation = invite("nina@example.org")
    confirm_address(nina, verified=case != "not confirmed")
    if case == "another address":
        EmailAddress.objects.filter(user=nina).update(email="other@example.org")
    if case == "member":
        collective.memberships.create(user=nina, role="editor", created_at=timezone.now())
    if case == "expired":
        MemberInvitation.objects.filter(pk=invitation.pk).update(expires_at=timezone.now())
    assert "You are invited" not in words(browser_of(nina).get(HOME))
