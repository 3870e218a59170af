"""The actions that moderators have."""

from dataclasses import dataclass

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from letters.models import Signature

register = template.Library()

LISTS: dict[str, Promise] = {"waiting": _("Waiting"), "published": _("Published"), "rejected": _("Rejected")}


@dataclass(frozen=True)
class Verb:
    # The value that the form expects: letters/moderator/moderation/forms.py.
    name: str
    words: Promise


@register.filter
def list_name(name: str) -> Promise:
    return LISTS[name]


@register.filter
def asks_for_changes(signature: Signature) -> bool:
    """Tell whether the only concern is a pending change, which the page shows in full."""
    return signature.concern == Signature.Concern.CHANGED and bool(signature.pending_changes)


@register.filter
def verbs(signature: Signature, shown: str) -> list[Verb]:
    """Return the buttons of a signature in the current list."""
    if shown == "rejected":
        return [Verb("restore", _("Restore"))]
    changes = bool(signature.pending_changes)
    accept = Verb("accept", _("Accept the new words") if changes else _("Accept"))
    decline = Verb("decline", _("Keep the current words"))
    reject = Verb("reject", _("Reject the signature") if changes else _("Reject"))
    return [*([accept] if shown == "waiting" else []), *([decline] if changes else []), reject]
