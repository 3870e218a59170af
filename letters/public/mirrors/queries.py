"""Read which bundles are due, and what is known of the newest one."""

from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q

from letters.base.public_letters.queries import public_letters
from letters.models import Bundle, BundlePush, Letter, LetterQuerySet, Mirror
from letters.public.mirrors import files

# A bundle that is older than the letter is sent to readers for twice the time that its letter waits for the next one.
OUTDATED_SLACK = timedelta(seconds=60)
MAX_SHOWN = 50


def due_letters(now: datetime) -> LetterQuerySet:
    """Select the letters whose bundle is older than their public page, those that have waited longest first.

    Privacy: a letter that was taken down does not wait.
    """
    never = Q(bundle__isnull=True)
    is_news = ~Q(bundle__version=F("version")) | Q(bundle__is_record_whole=False)
    outdated = is_news & Q(bundle__not_before__lte=now)
    taken_down = Q(status=Letter.Status.TAKEN_DOWN, bundle__is_tombstone=False)
    return (
        public_letters()
        .filter(never | outdated | taken_down)
        .order_by(F("bundle__not_before").asc(nulls_first=True), "pk")
    )


def bundle_of(letter: Letter) -> Bundle | None:
    return Bundle.objects.made().filter(letter=letter).first()


def is_current(letter: Letter, bundle: Bundle | None) -> bool:
    """Return whether there is nothing to make."""
    if bundle is None or bundle.version != letter.version or not bundle.is_record_whole:
        return False
    return files.path_of(bundle).exists()


def may_wait(letter: Letter, bundle: Bundle | None, now: datetime) -> bool:
    """Return whether the next version has to wait, because the last one was made a short time ago."""
    if bundle is None or (letter.status == Letter.Status.TAKEN_DOWN and not bundle.is_tombstone):
        return False
    is_news = bundle.version != letter.version or not bundle.is_record_whole
    return is_news and now < bundle.not_before and files.path_of(bundle).exists()


def longest_behind(bundle: Bundle) -> timedelta:
    """Return for how long a bundle is sent to readers although the letter has changed since."""
    return 2 * (bundle.not_before - bundle.began_at) + OUTDATED_SLACK


def may_be_sent(letter: Letter, bundle: Bundle, now: datetime) -> bool:
    """Privacy: an old bundle may hold the name of a person who has withdrawn since."""
    return bundle.version == letter.version or now - bundle.began_at <= longest_behind(bundle)


def unsigned() -> list[Bundle]:
    return list(Bundle.objects.made().filter(note="").select_related("letter"))


def owed_to(place: str, now: datetime, *, need_note: bool) -> list[Bundle]:
    """Return the bundles that a place does not have yet, and that may be sent there now."""
    pushes = BundlePush.objects.filter(letter=OuterRef("letter"), place=place)
    has_it, rests = pushes.filter(sha256=OuterRef("sha256")), pushes.filter(not_before__gt=now)
    owed = Bundle.objects.made().filter(~Exists(has_it), ~Exists(rests)).select_related("letter")
    return list((owed.exclude(note="") if need_note else owed).order_by("letter"))


def shown_mirrors(letter: Letter) -> list[Mirror]:
    """Return the copies elsewhere that we have looked at, or will, in the order in which they were added."""
    return list(letter.mirrors.order_by("pk")[:MAX_SHOWN])


def mirrors_to_check(now: datetime, most: int) -> list[Mirror]:
    """Return copies elsewhere of letters that readers can read, those that have waited longest first."""
    due = Mirror.objects.filter(check_at__lte=now).exclude(letter__status=Letter.Status.TAKEN_DOWN)
    return list(due.select_related("letter").order_by("check_at", "pk")[:most])


def letters_with_bundles() -> list[int]:
    return list(Bundle.objects.made().filter(is_tombstone=False).order_by("pk").values_list("pk", flat=True))
