"""What organizers read: their collectives, their letters, the text that they are writing."""

from letters.models import Collective, Letter, Membership, Translation, User

# Who may write in a collective's name.
WRITING = [Membership.Role.OWNER, Membership.Role.EDITOR]


def collectives_of(person: User) -> list[Collective]:
    return list(Collective.objects.filter(memberships__user=person).order_by("name")[:200])


def letters_of(person: User) -> list[Letter]:
    """The letters of the collectives that they belong to, the newest first."""
    found = Letter.objects.filter(collective__memberships__user=person).select_related("collective")
    return list(found.order_by("-created_at")[:200])


def letter_of(person: User, slug: str) -> Letter:
    """Raises Letter.DoesNotExist, also for who may not know that there is one, and for moderators alone."""
    writing = {"collective__memberships__user": person, "collective__memberships__role__in": WRITING}
    return Letter.objects.filter(**writing).select_related("collective").get(slug=slug)


def newest_text(letter: Letter, language: str = "") -> Translation:
    """The text of the newest revision, published or not. Raises Translation.DoesNotExist."""
    found = Translation.objects.filter(revision__letter=letter, language=language or letter.language)
    newest = found.select_related("revision").order_by("-revision__number").first()
    if newest is None:
        raise Translation.DoesNotExist
    return newest
