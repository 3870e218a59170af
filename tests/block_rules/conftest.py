import pytest

from letters.models import User


@pytest.fixture
def warden(db: None) -> User:
    """A person who moderates the whole site, and no collective."""
    return User.objects.create_user("wanda@example.org", name="Wanda", moderates_site=True)
