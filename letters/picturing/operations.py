"""A collective adds pictures to a letter, and chooses one to stand above it."""

from datetime import datetime

from django.db import transaction

from letters.auditing.operations import record
from letters.models import WRITING, Letter, Picture, User
from letters.shared.pictures import Remade
from letters.shared.refusal import Refused
from letters.shared.text import digest as digest_of

# Of one letter. They are never deleted, since what was published shows them for ever.
MOST_PICTURES = 50


@transaction.atomic
def add_picture(letter: Letter, *, picture: Remade, alt: str, by: User, now: datetime) -> Picture:
    """Keep a picture for a letter. The same one again is the one that is there, with what it shows said anew;
    texts that show it above them say what they said.

    Raises Refused("too_many") for the one after MOST_PICTURES.
    """
    _lock(letter, by)
    if known := letter.pictures.filter(digest=picture.digest).first():
        known.alt = alt
        known.save(update_fields=["alt"])
        return known
    if letter.pictures.count() >= MOST_PICTURES:
        raise Refused("too_many")
    values = {"alt": alt, "width": picture.width, "height": picture.height, "created_at": now}
    values |= {"full": picture.full, "small": picture.small}
    kept = Picture.objects.create(letter=letter, digest=picture.digest, **values)
    record("add_picture", letter, by=by, now=now, details={"picture": kept.digest})
    return kept


@transaction.atomic
def choose_cover(letter: Letter, *, digest: str, by: User, now: datetime) -> None:
    """Show one of its pictures above the newest text; with an empty digest, none. Choosing it twice changes nothing.

    Raises Picture.DoesNotExist for one that is not the letter's own, and Refused("revision_published") if readers have
    that text: what stands above it is part of what they sign.
    """
    _lock(letter, by)
    chosen = letter.pictures.only("pk", "digest", "alt").get(digest=digest) if digest else None
    revision = letter.revisions.select_related("cover").defer("cover__full", "cover__small").latest("number")
    if revision.cover_id == (chosen.pk if chosen else None) and revision.cover_alt == (chosen.alt if chosen else ""):
        return
    if revision.published_at:
        raise Refused("revision_published")
    revision.cover, revision.cover_alt = chosen, chosen.alt if chosen else ""
    revision.save(update_fields=["cover", "cover_alt"])
    for text in revision.translations.all():
        text.sha256 = digest_of(text.title, text.addressee, text.body, *revision.cover_parts())
        text.save(update_fields=["sha256"])
    record("choose_cover", letter, by=by, now=now, details={"picture": digest, "revision": revision.number})


def _lock(letter: Letter, by: User) -> Letter:
    letter.collective.must_let(by, WRITING)
    return Letter.objects.select_for_update(no_key=True).get(pk=letter.pk)
