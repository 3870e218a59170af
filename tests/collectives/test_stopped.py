"""Invitations to a collective stop when many bounce, as invitations to sign first do. They reveal nothing about
accounts.
"""

from collections import Counter
from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from letters.base.accounts.invitations import has_stopped_in_second, health_of
from letters.base.outbox.operations import note_bounce, note_complaint
from letters.models import Collective, MemberInvitation, OutgoingEmail, User
from letters.organizer.collectives.operations import (
    create_collective,
    forget_invitations,
    invite_member,
    let_invite_again,
    revoke_invitation,
)
from letters.organizer.first_signatories.operations import invite_people
from letters.shared.addresses import read_address
from letters.shared.refused import Refused
from tests.collectives.conftest import Inviter
from tests.conftest import LetterMaker
from tests.first_signatories.conftest import people_in
from tests.people import deliver, words

pytestmark = pytest.mark.django_db

STOPPED = "Invitations have stopped automatically"
PAGE = "/organize/collectives/night-train/"


@pytest.fixture
def staff(db: None) -> User:
    return User.objects.create_user("sara@example.org", is_staff=True)


def come_back(number: int, now: datetime) -> None:
    for outgoing in OutgoingEmail.objects.filter(failed_at=None).order_by("pk")[:number]:
        note_bounce(outgoing, at=now, now=now, error="550 5.1.1")
    has_stopped_in_second.cache_clear()


def test_invitations_stop_when_many_bounce(
    invite: Inviter, collective: Collective, desk: Client, today: datetime
) -> None:
    for place in range(8):
        invite(f"p{place}@example.org")
    come_back(4, today)
    assert not health_of(collective).is_ill
    assert STOPPED not in words(desk.get(PAGE))
    come_back(1, today)
    with pytest.raises(Refused, match="invitations_stopped"):
        invite("new@example.org")
    page = desk.post(f"{PAGE}invite/", {"email": "new@example.org", "role": "editor"})
    assert page.status_code == 422
    assert STOPPED in words(page)
    assert "Invitations that bounced: 5. Reported as spam: 0." in words(desk.get(PAGE))
    # Emails that have not left wait.
    deliver()
    assert mail.outbox == []
    assert OutgoingEmail.objects.owed().count() == 3


def test_two_spam_complaints_stop_invitations_too(invite: Inviter, collective: Collective, today: datetime) -> None:
    for place in range(4):
        invite(f"p{place}@example.org")
    deliver()
    for outgoing in OutgoingEmail.objects.order_by("pk")[:2]:
        assert not health_of(collective).is_ill
        note_complaint(outgoing, at=today, now=today)
    with pytest.raises(Refused, match="invitations_stopped"):
        invite("new@example.org")


def test_owners_ask_and_staff_allow_invitations_again(
    invite: Inviter, collective: Collective, desk: Client, staff: User, today: datetime
) -> None:
    for place in range(7):
        invite(f"p{place}@example.org")
    come_back(5, today)
    deliver()
    page = desk.post(f"{PAGE}invite/", {"action": "ask"}, follow=True)
    assert "An owner has asked the people who run this site to review this." in words(page)
    let_invite_again(collective, by=staff, now=timezone.now())
    has_stopped_in_second.cache_clear()
    deliver()
    assert len(mail.outbox) == 2
    assert STOPPED not in words(desk.get(PAGE))
    invite("new@example.org")


def test_a_stopped_inviter_can_invite_neither_for_another_collective_nor_to_sign_first(
    invite: Inviter, collective: Collective, organizer: User, draft: LetterMaker, today: datetime
) -> None:
    for place in range(6):
        invite(f"p{place}@example.org")
    come_back(5, today)
    other = create_collective(name="A New Name", slug="a-new-name", by=organizer, now=today)
    address = read_address("new@example.org")
    assert address
    with pytest.raises(Refused, match="invitations_stopped"):
        invite_member(other, address=address, role="editor", by=organizer, now=today)
    with pytest.raises(Refused, match="invitations_stopped"):
        invite_people(draft(), people=people_in("new@example.org"), by=organizer, now=today)


def test_withdrawing_a_bounced_invitation_does_not_erase_the_bounce(
    invite: Inviter, collective: Collective, organizer: User, today: datetime
) -> None:
    made = [invite(f"p{place}@example.org") for place in range(5)]
    come_back(5, today)
    for invitation in made:
        revoke_invitation(invitation, by=organizer, now=today)
    forget_invitations(now=today + timedelta(days=3))
    assert health_of(collective).is_ill
    assert not MemberInvitation.objects.exclude(address=None).exists()
    # This does not last forever: an invitation that would have ended by now is deleted.
    forget_invitations(now=today + timedelta(days=16))
    assert not MemberInvitation.objects.exists()


# Whether someone has an account


def cost(browser: Client, url: str, **fields: str) -> tuple[Counter[str], str]:
    """Return the queries of a page, and its text."""
    with CaptureQueriesContext(connection) as queries:
        page = browser.post(url, fields, follow=True) if fields else browser.get(url)
    kinds = Counter(query["sql"].split("WHERE")[0][:60] for query in queries if "SAVEPOINT" not in query["sql"])
    return kinds, words(page)


def test_inviting_and_the_link_are_the_same_whether_or_not_the_address_has_an_account(
    collective: Collective, desk: Client, nina: User, organizer: User, today: datetime
) -> None:
    assert collective.slug in PAGE
    cost(desk, PAGE)
    found = []
    for email in ("no-account@example.org", nina.email):
        invited = cost(desk, f"{PAGE}invite/", email=email, role="editor")
        invitation = MemberInvitation.objects.get(revoked_at=None)
        opened = cost(Client(), invitation.link())
        accepting = Client().post(invitation.link())
        leads = accepting.headers["Location"].partition("=")[0]
        texts = (invited[1].replace(email, ""), opened[1])
        found.append((invited[0], opened[0], texts, accepting.status_code, leads))
        revoke_invitation(invitation, by=organizer, now=today)
    assert found[0] == found[1]
