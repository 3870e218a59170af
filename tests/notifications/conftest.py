"""Fixtures: the end of a collective's day, and the emails that its members and staff get then."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Permission
from django.core import mail
from django.core.mail import EmailMultiAlternatives

from letters.models import STAFF_PERMISSION, User
from letters.organizer.notifications.tasks import end_days, notify
from tests.people import NOW, deliver

# 8 in the morning of the day after NOW, and of the day after that.
MORNING = NOW.replace(hour=8) + timedelta(days=1)
NEXT_MORNING = MORNING + timedelta(days=1)

# Return the emails sent to one address: `mails_to("olga@example.org")`.
Mails = Callable[[str], list[EmailMultiAlternatives]]


@pytest.fixture
def staff(db: None) -> User:
    user = User.objects.create_user("sara@example.org", is_staff=True)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    user.user_permissions.add(Permission.objects.get(codename=STAFF_PERMISSION))
    return user


@pytest.fixture
def mails_to() -> Mails:
    def find(address: str) -> list[EmailMultiAlternatives]:
        deliver()
        return [each for each in mail.outbox if each.to == [address] and isinstance(each, EmailMultiAlternatives)]

    return find


@pytest.fixture
def morning() -> None:
    """Return a collective whose members have not been told about anything before NOW."""
    end_days(now=NOW.replace(hour=8))


def tell(now: object = MORNING) -> None:
    """Run the tasks that the clock starts at this time."""
    end_days(now=now)  # type: ignore[arg-type]
    notify(now=now)  # type: ignore[arg-type]
