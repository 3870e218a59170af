"""What organizers read: their collectives, their letters, the text that they are writing."""

from letters.models import Collective, Letter, Translation, User


def collectives_of(person: User) -> list[Collective]:
    return list(Collective.objects.filter(memberships__user=person).order_by("name")[:200])


def letters_of(person: User) -> list[Letter]:
    """The letters of the collectives that they belong to, the newest first."""
    found = Letter.objects.filter(collective__memberships__user=person).select_related("collective")
    return list(found.order_by("-created_at")[:200])


def newest_text(letter: Letter, language: str = "") -> Translation:
    """The text of the newest revision, published or not. Raises Translation.DoesNotExist."""
    found = Translation.objects.filter(revision__letter=letter, language=language or letter.language)
    newest = found.select_related("revision").order_by("-revision__number").first()
    if newest is None:
        raise Translation.DoesNotExist
    return newest
