"""Read the private notes, for people who moderate the site."""

from letters.models import Collective, Letter, SiteNote, User
from letters.shared.tokens import make_handle, read_handle

MAX_SHOWN = 100


def notes_about(about: Letter | Collective | User) -> list[SiteNote]:
    """Return the notes about a letter and its collective, about a collective, or about an account, newest first."""
    notes = SiteNote.objects.select_related("written_by")
    if isinstance(about, Letter):
        own = list(notes.filter(letter=about).order_by("-pk")[:MAX_SHOWN])
        return sorted([*own, *notes_about(about.collective)], key=lambda note: -note.pk)
    of = {"collective": about} if isinstance(about, Collective) else {"account": about}
    return list(notes.filter(**of).order_by("-pk")[:MAX_SHOWN])


# Privacy: an id would let a moderator go through all accounts, and the members of a collective stay unnamed.
OF_ACCOUNT, OF_COLLECTIVE = "notes about an account", "notes about a collective"


def handle_of(about: User | Collective) -> str:
    """Return the handle that names an account or a collective in the URL of its notes."""
    return make_handle(OF_COLLECTIVE if isinstance(about, Collective) else OF_ACCOUNT, about.pk)


def named_by(handle: str) -> User | Collective | None:
    """Return the account or the collective that a handle names; None if there is none."""
    if account := User.objects.filter(pk=read_handle(OF_ACCOUNT, handle) or 0).first():
        return account
    return Collective.objects.filter(pk=read_handle(OF_COLLECTIVE, handle) or 0).first()
