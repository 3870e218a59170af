"""Read the letters that site moderators can take down, and those that are down."""

from django.db.models import Exists, OuterRef, Q

from letters.base.public_letters.queries import public_letter, public_letters
from letters.models import OWNING, Letter, TakeDown, Translation, User

MAX_LISTED = 100
MAX_FOUND = 50
MAX_WORDS = 8
# A number with more digits is not an id.
MAX_DIGITS = 19


def letter_for(moderator: User, slug: str) -> Letter:
    """Return a public letter to a site moderator. Raises Letter.DoesNotExist for everyone else, and for drafts."""
    if not moderator.moderates_site_now():
        raise Letter.DoesNotExist
    return public_letter(slug)


def find_letters(typed: str) -> list[Letter]:
    """Return public letters: the one with this web address, also a former one, or this number; otherwise those whose
    title or collective has all words, newest first.

    Privacy: drafts are not found, nor is the title of a revision that is not published yet.
    """
    public = public_letters()
    parts = typed.strip("/").split("/")
    slug = parts[parts.index("letters") + 1] if "letters" in parts[:-1] else parts[-1]
    if one := public.filter(slug=slug).first() or public.filter(former_slugs__slug=slug).first():
        return [one]
    words = typed.split()[:MAX_WORDS]
    if len(words) == 1 and words[0].isascii() and words[0].isdigit() and len(words[0]) < MAX_DIGITS:
        return list(public.filter(pk=int(words[0])))
    texts = Translation.objects.filter(revision=OuterRef("current_revision"))
    found = public
    for word in words:
        found = found.filter(Exists(texts.filter(title__icontains=word)) | Q(collective__name__icontains=word))
    return list(found.order_by("-published_at", "-pk")[:MAX_FOUND]) if words else []


def newest_takedown(letter: Letter) -> TakeDown | None:
    """Return the newest take-down, whether the letter is still down or not."""
    found = TakeDown.objects.select_related("letter__collective").filter(letter=letter)
    return found.order_by("-pk").first()


def own_takedown(letter: Letter) -> TakeDown:
    """Return the newest take-down, for the letter's collective. Raises TakeDown.DoesNotExist."""
    found = newest_takedown(letter)
    if found is None:
        raise TakeDown.DoesNotExist
    return found


def owns(letter: Letter, person: User) -> bool:
    return letter.collective.has_role(person, OWNING)


def is_alone(moderator: User, letter: Letter) -> bool:
    """Return whether the site has no other moderator who could decide on an appeal of this letter's collective."""
    others = User.objects.filter(is_active=True, moderates_site=True).exclude(pk=moderator.pk)
    return not others.exclude(memberships__collective=letter.collective_id).exists()


def taken_down() -> list[TakeDown]:
    """Return current take-downs: those with an appeal that waits come first, the oldest appeal at the top."""
    current = TakeDown.objects.filter(restored_at=None).select_related("letter__collective")
    waiting = list(current.filter(appealed_at__isnull=False, outcome="").order_by("appealed_at")[:MAX_LISTED])
    others = current.exclude(pk__in=[each.pk for each in waiting]).order_by("-pk")
    return [*waiting, *others[:MAX_LISTED]]
