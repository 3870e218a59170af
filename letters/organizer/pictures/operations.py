"""Add pictures to a letter, and choose its cover."""

from datetime import datetime, timedelta

from django.db import transaction

from letters.base.changes.operations import change_letter, change_letter_unasked
from letters.models import WRITING, AuditEvent, Letter, Picture, User
from letters.organizer.pictures import queries
from letters.shared.pictures import Remade
from letters.shared.refused import Refusal, Refused
from letters.shared.text import digest as digest_of

# How many pictures a letter can have. Published pictures are kept forever; `delete_unused` deletes the others.
MAX_PICTURES = 50
# Full disk: how much one account can upload within a day, over all letters. The database stores pictures.
MAX_A_DAY = 60
MAX_BYTES_A_DAY = 60 * 1024 * 1024
# A picture that no text shows is deleted this long after its upload.
UNUSED_FOR = timedelta(days=7)
# A draft that nobody has changed for this long loses its pictures.
ABANDONED_FOR = timedelta(days=180)


@transaction.atomic
def add_picture(letter: Letter, *, picture: Remade, alt: str, by: User, now: datetime) -> Picture:
    """Store a picture of a letter. Uploading the same one again replaces its description.

    Texts that show it as their cover keep the description they were written with. Raises Refused("too_many") beyond
    MAX_PICTURES, and Refused("too_many_today") for an account that has uploaded MAX_A_DAY or MAX_BYTES_A_DAY.
    """
    change = change_letter(letter, WRITING, by=by, now=now)
    change.lock_account()
    digest = picture.digest_for(letter.pk)
    if known := letter.pictures.filter(digest=digest).first():
        known.alt = alt
        known.save(update_fields=["alt"])
        return known
    if letter.pictures.count() >= MAX_PICTURES:
        raise Refused(Refusal.TOO_MANY)
    size = len(picture.full) + len(picture.small)
    _check_upload_quota(size, by, now)
    values = {"alt": alt, "width": picture.width, "height": picture.height, "created_at": now}
    values |= {"full": picture.full, "small": picture.small}
    kept = Picture.objects.create(letter=letter, digest=digest, **values)
    change.record("add_picture", letter, details={"picture": kept.digest, "bytes": size})
    return kept


def _check_upload_quota(size: int, by: User, now: datetime) -> None:
    today = AuditEvent.objects.filter(actor=by, verb="add_picture", at__gt=now - timedelta(days=1))
    sizes = [int(details.get("bytes", 0)) for details in today.values_list("details", flat=True)[:MAX_A_DAY]]
    if len(sizes) >= MAX_A_DAY or sum(sizes) + size > MAX_BYTES_A_DAY:
        raise Refused(Refusal.TOO_MANY_TODAY)


def delete_unused(*, now: datetime) -> int:
    """Delete pictures that no text shows, and those of abandoned drafts. Returns how many."""
    deleted = 0
    for pk, letter_id in queries.maybe_unused(now - UNUSED_FOR, now - ABANDONED_FOR):
        with transaction.atomic():
            # Race: saving a text with this picture locks the letter, so repeat the check under that lock.
            change_letter_unasked(Letter.objects.select_related("collective").get(pk=letter_id), by=None, now=now)
            unused = queries.unused(now - UNUSED_FOR, now - ABANDONED_FOR).defer("full", "small").filter(pk=pk).first()
            if unused and not queries.is_shown_elsewhere(unused):
                unused.delete()
                deleted += 1
    return deleted


@transaction.atomic
def choose_cover(letter: Letter, *, digest: str, by: User, now: datetime) -> None:
    """Show one of the letter's pictures as the cover of its newest text, or none for an empty digest. Idempotent.

    Raises Picture.DoesNotExist for a picture of another letter, and Refused("revision_published") if readers have that
    text: the cover is part of what people sign.
    """
    change = change_letter(letter, WRITING, by=by, now=now)
    chosen = letter.pictures.only("pk", "digest", "alt").get(digest=digest) if digest else None
    revision = letter.revisions.select_related("cover").defer("cover__full", "cover__small").latest("number")
    alt = (queries.description_in(revision, letter.language, chosen) or chosen.alt) if chosen else ""
    if revision.cover_id == (chosen.pk if chosen else None) and revision.cover_alt == alt:
        return
    if revision.published_at:
        raise Refused(Refusal.REVISION_PUBLISHED)
    revision.cover, revision.cover_alt = chosen, alt
    revision.save(update_fields=["cover", "cover_alt"])
    for text in revision.translations.all():
        text.sha256 = digest_of(text.title, text.addressee, text.body, *revision.cover_parts())
        text.save(update_fields=["sha256"])
    change.record("choose_cover", letter, details={"picture": digest, "revision": revision.number})
