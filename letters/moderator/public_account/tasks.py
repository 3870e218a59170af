from datetime import datetime

from letters.moderator.public_account.operations import renew_account
from letters.moderator.public_account.queries import letters_to_renew


def renew_accounts(*, now: datetime) -> None:
    """Renew the public account of moderation of every letter that needs one."""
    for letter in letters_to_renew(now=now):
        renew_account(letter, now=now)
