"""A second collective, with an owner of its own."""

from datetime import datetime, timedelta

import pytest
from allauth.account.models import EmailAddress

from letters.models import Collective, Letter, LetterMove, Membership, User
from letters.organizer.letter_moves.operations import accept_offer, offer_letter
from tests.people import NOW


def with_account(email: str) -> User:
    """Return a person who has confirmed their address, and so gets emails about letters."""
    user = User.objects.create_user(email)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


@pytest.fixture
def receiver(db: None) -> User:
    """The owner of the other collective."""
    return with_account("rita@example.org")


@pytest.fixture
def other(receiver: User) -> Collective:
    collective = Collective.objects.create(name="Day Trains", slug="day-trains", created_at=NOW)
    Membership.objects.create(collective=collective, user=receiver, role="owner", created_at=NOW)
    return collective


@pytest.fixture
def offer(letter: Letter, other: Collective, organizer: User) -> LetterMove:
    return offer_letter(letter, slug=other.slug, by=organizer, now=NOW)


def moved(letter: Letter, to: Collective, *, now: datetime = NOW + timedelta(hours=1)) -> Letter:
    """Move a letter to another collective, with the first owner of each."""
    giver, taker = (each.memberships.filter(role="owner").order_by("pk")[0].user for each in (letter.collective, to))
    move = offer_letter(letter, slug=to.slug, by=giver, now=now)
    accept_offer(move, by=taker, now=move.opens_at)
    return Letter.objects.select_related("collective").get(pk=letter.pk)
