from collections.abc import Callable

import pytest

from letters.base.accounts import members
from letters.models import Letter, User
from letters.moderator.reports import operations
from letters.moderator.takedowns.operations import Statement, take_down_letter
from letters.signer.signing.queries import texts
from tests.people import NOW

STATEMENT = Statement(
    ground="law",
    named="Section 186 of the Criminal Code",
    facts="It says of a person what is not true.",
    found_by="report",
)


@pytest.fixture
def warden(db: None) -> User:
    """A person who moderates the site."""
    return User.objects.create_user("wanda@example.org", name="Wanda", moderates_site=True)


@pytest.fixture
def other_warden(db: None) -> User:
    return User.objects.create_user("oscar@example.org", name="Oscar", moderates_site=True)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect the emails to members, and to readers who reported something: the address and the text."""
    sent: list[str] = []
    for module in (members, operations):
        monkeypatch.setattr(module, "mail_to_account", lambda mail: sent.append(f"{mail.to[0]}\n{mail.body}"))
    return sent


@pytest.fixture
def take_down(warden: User, told: list[str]) -> Callable[[Letter], None]:
    def take(letter: Letter) -> None:
        take_down_letter(letter, statement=STATEMENT, by=warden, now=NOW)
        # Signers' pages use a copy of the letter that is up to a second old.
        texts._letter_in_second.cache_clear()

    return take
