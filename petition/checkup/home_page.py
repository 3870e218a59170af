"""The home page: is there the letter or the collective that HOME_PAGE names?"""

from collections.abc import Iterator

from django.conf import settings
from django.db import Error as DatabaseError

from letters.models import Collective, Letter
from petition.checkup.findings import Finding, fine, look, unknown, wrong

INSTEAD = "Until then, the home page lists all open letters."


def home_page() -> Iterator[Finding]:
    kind, slug = settings.HOME_PAGE
    try:
        if kind == "letter":
            yield _of_letter(slug)
        elif kind == "collective":
            yield _of_collective(slug)
    except DatabaseError:
        yield unknown("HOME_PAGE could not be looked up, because the database does not answer.")


def _of_letter(slug: str) -> Finding:
    letter = Letter.objects.filter(slug=slug).first()
    if letter is None:
        current = Letter.objects.filter(former_slugs__slug=slug).values_list("slug", flat=True).first()
        if current:
            return look(f"The letter in HOME_PAGE has a new address: {current}.", f"Set HOME_PAGE=letter:{current}.")
        return wrong(f"HOME_PAGE names the letter {slug}, and there is none.", "Correct the slug, or remove the line.")
    if letter.status == Letter.Status.DRAFT:
        return look(f"The letter in HOME_PAGE, {slug}, is not public yet.", INSTEAD)
    if letter.status == Letter.Status.TAKEN_DOWN:
        return look(f"The letter in HOME_PAGE, {slug}, is taken down.", INSTEAD)
    return fine(f"The home page shows the letter {slug}.")


def _of_collective(slug: str) -> Finding:
    if Collective.objects.filter(slug=slug).exists():
        return fine(f"The home page lists the open letters of the collective {slug}.")
    return wrong(f"HOME_PAGE names the collective {slug}, and there is none.", "Correct the slug, or remove the line.")
