"""Template tags for the actions that moderators can take."""

from dataclasses import dataclass

from django import template
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from letters.models import COMMENT_FOR_EVERYONE, Display, Letter, RemovedFor, Signature
from letters.public.public_pages.intervals import wilson
from letters.shared.languages import current_language

register = template.Library()

LISTS: dict[str, Promise] = {
    "waiting": _("Waiting for a moderator"),
    "published": _("Published signatures"),
    "rejected": _("Rejected signatures"),
}


@dataclass(frozen=True)
class Verb:
    # The value that the form expects: letters/moderator/moderation/forms.py.
    name: str
    words: Promise


@register.filter
def list_name(name: str) -> Promise:
    return LISTS[name]


@register.filter
def verbs(signature: Signature, shown: str) -> list[Verb]:
    """Return the buttons of a signature in the current list that need no reason."""
    if shown == "rejected":
        return [Verb("restore", _("Restore"))]
    words = _("Accept the new words") if signature.pending_changes else _("Accept")
    accept = [Verb("accept", words)] if shown == "waiting" else []
    return [*accept, Verb("show", _("Show the comment"))] if signature.comment_hidden else accept


@register.filter
def verbs_with_a_reason(signature: Signature) -> list[Verb]:
    """Return the buttons beside the field for the reason."""
    hide = [Verb("hide", _("Hide only the comment"))] if may_hide(signature) else []
    if not signature.pending_changes:
        return [*hide, Verb("reject", _("Reject this signature"))]
    return [*hide, Verb("decline", _("Keep the current words")), Verb("reject", _("Reject the signature"))]


@register.filter
def may_hide(signature: Signature) -> bool:
    """Return whether there is a comment for everyone that is not hidden yet."""
    is_public = signature.display == Display.PUBLIC and signature.comment_for == COMMENT_FOR_EVERYONE
    return is_public and signature.comment != "" and not signature.comment_hidden


@register.filter
def who_reads_comment(signature: Signature, letter: Letter) -> Promise:
    """Say who reads a comment now."""
    if signature.comment_hidden:
        return _("The comment is hidden")
    return _("Everyone reads the comment") if signature.public_comment(letter) else _("The comment is not public")


@register.filter
def label_of_reason(reason: RemovedFor) -> str:
    """Return the words of a reason in the page's language."""
    return reason.label_in(current_language())


# A smaller sample is called small.
SMALL_SAMPLE = 50


@register.filter
def is_small_sample(checked: int) -> bool:
    return checked < SMALL_SAMPLE


@register.simple_tag
def error_interval(wrong: int, checked: int) -> str:
    """Return the 95 % interval of an error rate in percent, such as 0.5 to 4.3."""
    # Rounded first, because number_format cuts digits off.
    low, high = (number_format(round(100 * end, 1), decimal_pos=1) for end in wilson(wrong, checked))
    return f"{low}\u2013{high}\u00a0%"
