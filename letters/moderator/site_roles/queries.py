from letters.base.accounts.queries import reachable
from letters.models import User


def site_moderators() -> list[User]:
    """Return the people who moderate the whole site, also those whose account does not work now."""
    return list(User.objects.filter(moderates_site=True).order_by("name", "pk"))


def account_with(email: str) -> User | None:
    """Return the account with this address, if it works and its owner has confirmed the address."""
    return reachable().filter(email__iexact=email).first()
