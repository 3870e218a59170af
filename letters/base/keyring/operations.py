from datetime import datetime

from django.core.management import CommandError
from django.db import transaction

from letters.base.keyring import queries
from letters.models import KeyFingerprint


class WrongKeys(Exception):
    """The data was encrypted or signed with other keys. The message tells the person who starts the site what to do."""


@transaction.atomic
def know_keys(*, now: datetime) -> None:
    """Record the keys with which data is written from now on. Raises WrongKeys."""
    if wrong := queries.wrong_keys():
        raise WrongKeys(queries.complaint(wrong))
    _note(now)


def require_known_keys() -> None:
    """End a command that writes with a sentence if the keys are wrong."""
    if wrong := queries.wrong_keys():
        raise CommandError(queries.complaint(wrong))


@transaction.atomic
def accept_keys(*, now: datetime) -> None:
    """Declare the keys of this process to be right, whatever was recorded before."""
    KeyFingerprint.objects.all().delete()
    _note(now)


def forget_old_address_keys() -> None:
    """Forget old address keys. They no longer encrypt anything, so they can be removed from the settings."""
    newest = queries.configured()[queries.ADDRESS_KEYS][0]
    KeyFingerprint.objects.filter(name=queries.ADDRESS_KEYS).exclude(fingerprint=newest).delete()


def _note(now: datetime) -> None:
    # Record only the newest key of each kind. Older ones are recorded already, or unused.
    newest = {name: given[0] for name, given in queries.configured().items() if given}
    known = set(KeyFingerprint.objects.values_list("name", "fingerprint"))
    KeyFingerprint.objects.bulk_create(
        [
            KeyFingerprint(name=name, fingerprint=f, created_at=now)
            for name, f in newest.items()
            if (name, f) not in known
        ],
        # Race: all processes of a site start at the same moment.
        ignore_conflicts=True,
    )
