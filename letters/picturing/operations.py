"""A collective adds pictures to a letter, and chooses one to stand above it."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from letters.auditing.operations import record
from letters.models import WRITING, AuditEvent, Letter, Picture, User
from letters.picturing import queries
from letters.shared.pictures import Remade
from letters.shared.refusal import Refused

# Of one letter. What was published shows its pictures for ever; others are deleted by `delete_unused`.
MOST_PICTURES = 50
# Of one account within a day, over all letters: pictures stand in the database, and fill its disk.
MOST_A_DAY = 60
MOST_BYTES_A_DAY = 60 * 1024 * 1024
# A picture that no text shows is kept for so long after it was uploaded.
UNUSED_FOR = timedelta(days=7)
# A draft that nobody has changed for so long keeps no pictures.
ABANDONED_FOR = timedelta(days=180)


@transaction.atomic
def add_picture(letter: Letter, *, picture: Remade, alt: str, by: User, now: datetime) -> Picture:
    """Keep a picture for a letter. The same one again is the one that is there, with what it shows said anew.

    Raises Refused("too_many") for the one after MOST_PICTURES, and Refused("too_many_today") for an account that has
    uploaded MOST_A_DAY or MOST_BYTES_A_DAY.
    """
    # Lock order: the letter, then the account, as for publishing. Of two uploads at once, one waits here until the
    # other is counted.
    _lock(letter, by)
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    known = letter.pictures.filter(digest=picture.digest).first()
    size = len(picture.full) + len(picture.small)
    if known is None and letter.pictures.count() >= MOST_PICTURES:
        raise Refused("too_many")
    if known is None:
        _must_not_fill_the_disk(size, by, now)
    values = {"alt": alt, "width": picture.width, "height": picture.height}
    values |= {"full": picture.full, "small": picture.small, "created_at": known.created_at if known else now}
    kept, is_new = Picture.objects.update_or_create(letter=letter, digest=picture.digest, defaults=values)
    if is_new:
        record("add_picture", letter, by=by, now=now, details={"picture": kept.digest, "bytes": size})
    return kept


def _must_not_fill_the_disk(size: int, by: User, now: datetime) -> None:
    today = AuditEvent.objects.filter(actor=by, verb="add_picture", at__gt=now - timedelta(days=1))
    sizes = [int(details.get("bytes", 0)) for details in today.values_list("details", flat=True)[:MOST_A_DAY]]
    if len(sizes) >= MOST_A_DAY or sum(sizes) + size > MOST_BYTES_A_DAY:
        raise Refused("too_many_today")


def delete_unused(*, now: datetime) -> int:
    """Delete pictures that no text shows, and those of drafts that nobody works on any more. How many there were."""
    deleted = 0
    for pk, letter_id in queries.maybe_unused(now - UNUSED_FOR, now - ABANDONED_FOR):
        with transaction.atomic():
            # Race: whoever saves a text with this picture holds the letter, and the question is asked anew after that.
            Letter.objects.select_for_update(no_key=True).get(pk=letter_id)
            unused = queries.unused(now - UNUSED_FOR, now - ABANDONED_FOR).defer("full", "small").filter(pk=pk).first()
            if unused and not queries.is_shown_elsewhere(unused):
                unused.delete()
                deleted += 1
    return deleted


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
