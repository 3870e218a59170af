"""List the copies of a letter that others keep on the web."""

from datetime import datetime
from urllib.parse import urlsplit

from django.db import transaction

from letters.base.changes.operations import change_letter
from letters.models import WRITING, Letter, Mirror, User
from letters.shared.refused import Refusal, Refused

# Readers read all of them, and this machine looks at each of them once an hour.
MAX_MIRRORS = 20


@transaction.atomic
def add_mirror(letter: Letter, *, url: str, by: User, now: datetime) -> Mirror:
    """List a copy on the page about copies. A double click adds one. The page says what we find there.

    Raises Refused("not_yours") for everyone but owners and editors, Refused("mirror_not_public") for a draft, and
    Refused("too_many_mirrors") beyond MAX_MIRRORS.
    """
    change = change_letter(letter, WRITING, by=by, now=now)
    if letter.status == Letter.Status.DRAFT:
        raise Refused(Refusal.MIRROR_NOT_PUBLIC)
    if same := letter.mirrors.filter(url=url).first():
        return same
    if letter.mirrors.exclude(added_by=None).count() >= MAX_MIRRORS:
        raise Refused(Refusal.TOO_MANY_MIRRORS)
    mirror = Mirror.objects.create(letter=letter, url=url, added_by=by, added_at=now, check_at=now)
    change.record("add_mirror", letter, details={"host": _host(url)})
    return mirror


@transaction.atomic
def remove_mirror(letter: Letter, mirror_id: int, *, by: User, now: datetime) -> None:
    """List a copy no more. Idempotent. Copies that the people who run the site have named stay.

    Raises Refused("not_yours").
    """
    change = change_letter(letter, WRITING, by=by, now=now)
    mirror = letter.mirrors.filter(pk=mirror_id).exclude(added_by=None).first()
    if mirror:
        mirror.delete()
        change.record("remove_mirror", letter, details={"host": _host(mirror.url)})


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""
