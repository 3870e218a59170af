"""Fixtures for collectives: a second owner, invitations, and people who open them."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from django.utils import timezone

from letters.base.accounts.invitations import has_stopped_in_second
from letters.models import Collective, MemberInvitation, Membership, User
from letters.organizer.collectives.operations import invite_member
from letters.shared.addresses import read_address
from tests.people import browser_of

# Use the real clock, because pages use it to decide what has expired.
Inviter = Callable[..., MemberInvitation]


@pytest.fixture(autouse=True)
def _health_is_asked_again() -> None:
    has_stopped_in_second.cache_clear()


@pytest.fixture
def today() -> datetime:
    """The current time. The fixed time of other tests is years ago, and pages use the real clock."""
    return timezone.now()


@pytest.fixture
def second_owner(collective: Collective, now: datetime) -> User:
    """A second owner of the collective."""
    user = User.objects.create_user("oskar@example.org", name="Oskar")
    Membership.objects.create(collective=collective, user=user, role=Membership.Role.OWNER, created_at=now)
    return user


@pytest.fixture
def invite(collective: Collective, organizer: User, today: datetime) -> Inviter:
    """Invite someone: `invite("nina@example.org", role="owner")`."""

    def make(email: str = "nina@example.org", *, role: str = "editor", now: datetime = today) -> MemberInvitation:
        address = read_address(email)
        assert address, email
        return invite_member(collective, address=address, role=role, by=organizer, now=now)

    return make


@pytest.fixture
def nina(db: None) -> User:
    """A person with an account and no role yet."""
    return User.objects.create_user("nina@example.org")


@pytest.fixture
def desk(organizer: User) -> Client:
    """The organizer's browser."""
    return browser_of(organizer)
