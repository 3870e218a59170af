import re
from collections.abc import Callable
from datetime import datetime

import pytest
from allauth.account.models import EmailAddress
from django.core.mail import EmailMultiAlternatives

from letters.base.collective_domains import operations
from letters.base.collective_domains.operations import send_domain_code, verify_domain
from letters.models import Collective, CollectiveDomain, Letter, Membership, User
from tests.conftest import LetterMaker
from tests.people import NOW

DOMAIN = "engines.example"
Verify = Callable[..., CollectiveDomain]


@pytest.fixture
def letter(published: LetterMaker) -> Letter:
    return published()


@pytest.fixture
def warden(db: None) -> User:
    """A person who moderates the site."""
    return User.objects.create_user("wanda@example.org", name="Wanda", moderates_site=True)


@pytest.fixture
def co_owner(collective: Collective) -> User:
    person = User.objects.create_user("otto@example.org", name="Otto")
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    Membership.objects.create(collective=collective, user=person, role="owner", created_at=NOW)
    return person


@pytest.fixture
def another(stranger: User) -> Collective:
    """Another collective, of the stranger."""
    made = Collective.objects.create(name="Engine Readers", slug="readers", created_at=NOW)
    Membership.objects.create(collective=made, user=stranger, role="owner", created_at=NOW)
    return made


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[EmailMultiAlternatives]:
    """Collect the emails instead of passing them to a worker."""
    found: list[EmailMultiAlternatives] = []
    monkeypatch.setattr(operations, "mail_to_account", found.append)
    return found


def code_in(message: EmailMultiAlternatives) -> str:
    found = re.search(r"Your code:\s+([A-Z2-9]{3}) ([A-Z2-9]{3})", str(message.body))
    assert found
    return "".join(found.groups())


def ask(collective: Collective, by: User, *, domain: str = DOMAIN, now: datetime = NOW) -> CollectiveDomain:
    send_domain_code(collective, domain=domain, mailbox="hostmaster", by=by, now=now)
    return CollectiveDomain.objects.get(collective=collective, domain=domain)


@pytest.fixture
def verified(sent: list[EmailMultiAlternatives]) -> Verify:
    """Return a function that proves a domain."""

    def verify(collective: Collective, by: User, *, domain: str = DOMAIN, now: datetime = NOW) -> CollectiveDomain:
        claimed = ask(collective, by, domain=domain, now=now)
        verify_domain(collective, claimed.pk, code=code_in(sent.pop()), by=by, now=now)
        claimed.refresh_from_db()
        return claimed

    return verify
