"""A collective adds pictures to a letter, and chooses one to stand above it."""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from letters.auditing.operations import record
from letters.models import WRITING, Letter, Picture, User
from letters.shared.pictures import Remade
from letters.shared.refusal import Refused

# Of one letter. They are never deleted, since what was published shows them for ever.
MOST_PICTURES = 50


@transaction.atomic
def add_picture(letter: Letter, *, picture: Remade, alt: str, by: User, now: datetime) -> Picture:
    """Keep a picture for a letter. The same one again is the one that is there, with what it shows said anew.

    Raises Refused("too_many") for the one after MOST_PICTURES.
    """
    _lock(letter, by)
    known = letter.pictures.filter(digest=picture.digest).first()
    if known is None and letter.pictures.count() >= MOST_PICTURES:
        raise Refused("too_many")
    values = {"alt": alt, "width": picture.width, "height": picture.height}
    values |= {"full": picture.full, "small": picture.small, "created_at": known.created_at if known else now}
    kept, is_new = Picture.objects.update_or_create(letter=letter, digest=picture.digest, defaults=values)
    if is_new:
        record("add_picture", letter, by=by, now=now, details={"picture": kept.digest})
    return kept


@transaction.atomic
def choose_cover(letter: Letter, *, digest: str, by: User, now: datetime) -> None:
    """Show one of its pictures above the text; with an empty digest, none. Choosing it twice changes nothing.

    Raises Picture.DoesNotExist for one that is not the letter's own.
    """
    locked = _lock(letter, by)
    chosen = letter.pictures.only("pk").get(digest=digest) if digest else None
    if locked.cover_id == (chosen.pk if chosen else None):
        return
    Letter.objects.filter(pk=letter.pk).update(cover=chosen, version=F("version") + 1)
    record("choose_cover", letter, by=by, now=now, details={"picture": digest})


def _lock(letter: Letter, by: User) -> Letter:
    letter.collective.must_let(by, WRITING)
    return Letter.objects.select_for_update(no_key=True).get(pk=letter.pk)
