"""Organizers see no number of bounced emails that a single closed mailbox could change."""

import pytest
from django.test import Client
from django.utils import timezone

from letters.base.outbox.queries import undelivered
from letters.models import Letter, OutgoingEmail, User
from tests.people import browser_of, sign, words

pytestmark = pytest.mark.django_db


def add_bounced(letter: Letter, number: int) -> None:
    """Add this many signatures that wait because their mailbox is closed."""
    before = letter.signatures.count()
    for place in range(before, before + number):
        sign(letter, f"closed{place}@example.org", now=timezone.now())
    OutgoingEmail.objects.update(failed_at=timezone.now(), error="550 5.1.1")
    letter.signatures.update(concern="bounced")


@pytest.fixture
def desk(organizer: User) -> Client:
    return browser_of(organizer)


@pytest.mark.parametrize(
    ("number", "told"), [(0, {}), (1, {}), (9, {}), (10, {"550 5.1.1": 10}), (19, {"550 5.1.1": 10})]
)
def test_only_tens_are_shown(letter: Letter, number: int, told: dict[str, int]) -> None:
    add_bounced(letter, number)
    assert undelivered(letter) == told


@pytest.mark.parametrize("before", [0, 3, 12])
def test_one_more_closed_mailbox_changes_no_page(letter: Letter, desk: Client, before: int) -> None:
    home = f"/organize/letters/{letter.slug}/"
    pages = [home, f"{home}dashboard/"]
    shown = []
    for more in (before, 1):
        add_bounced(letter, more)
        answers = [desk.get(page) for page in pages]
        shown.append([words(answer) for answer in answers if answer.status_code == 200])
    assert shown[0]
    assert shown[0] == shown[1]
    assert ("550 5.1.1 (10+)" in " ".join(shown[0])) == (before >= 10)
