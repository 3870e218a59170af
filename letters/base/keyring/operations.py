from datetime import datetime

from django.core.management import CommandError
from django.db import transaction

from letters.base.keyring import queries
from letters.models import KeyFingerprint


class WrongKeys(Exception):
    """The data was written under other keys. The message is a sentence for the person who starts the site."""


@transaction.atomic
def know_keys(*, now: datetime) -> None:
    """Note what the data is written under from now on. Raises WrongKeys."""
    if wrong := queries.wrong_keys():
        raise WrongKeys(queries.complaint(wrong))
    _note(now)


def must_know_keys() -> None:
    """For commands that write. Ends them with the sentence."""
    if wrong := queries.wrong_keys():
        raise CommandError(queries.complaint(wrong))


@transaction.atomic
def accept_keys(*, now: datetime) -> None:
    """The keys of this process are the right ones from now on, whatever was known before."""
    KeyFingerprint.objects.all().delete()
    _note(now)


def forget_old_address_keys() -> None:
    """Nothing is stored under them any more, so they may be taken out."""
    newest = queries.configured()[queries.ADDRESS_KEYS][0]
    KeyFingerprint.objects.filter(name=queries.ADDRESS_KEYS).exclude(fingerprint=newest).delete()


def _note(now: datetime) -> None:
    # The newest of each: the others were, or are in no use.
    newest = {name: given[0] for name, given in queries.configured().items() if given}
    known = set(KeyFingerprint.objects.values_list("name", "fingerprint"))
    KeyFingerprint.objects.bulk_create(
        [
            KeyFingerprint(name=name, fingerprint=f, created_at=now)
            for name, f in newest.items()
            if (name, f) not in known
        ],
        # Race: all processes of a site start in one moment.
        ignore_conflicts=True,
    )
