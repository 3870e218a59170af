"""Template filters that name states and kinds in the page's language."""

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from letters.models import COUNTED, Display, LetterReview, Revision, Signature, Update
from letters.shared.refused import Refusal

register = template.Library()

FIRST_TEXT = _("First text")
KINDS_OF_TEXT: dict[str, Promise] = {
    Revision.Kind.CORRECTION: _("Correction: the letter says the same"),
    Revision.Kind.SUBSTANCE: _("Change of substance"),
}
REVIEWS: dict[str, Promise] = {
    LetterReview.Kind.FIRST: _("First publication"),
    LetterReview.Kind.SUBSTANCE: _("Change of substance"),
    LetterReview.Kind.TRANSLATION: _("New translation"),
}
SIGNED_TEXTS: dict[str, Promise] = {
    "first": _("signed the first text"),
    "earlier": _("signed an earlier text"),
    "corrected": _("signed before a correction"),
}
CONCERNS: dict[str, Promise] = {
    Signature.Concern.DISPOSABLE: _("Disposable email address."),
    Signature.Concern.UNPROVEN: _("Signed without the browser check."),
    Signature.Concern.BOUNCED: _("Our email to this address bounced."),
    Signature.Concern.DOMAIN: _("One of very many signatures from the same email domain today."),
    Signature.Concern.CHANGED: _("Changed by the signer after a moderator accepted it."),
    Signature.Concern.COMPLAINED: _("The owner of the address reported our email as spam."),
    Signature.Concern.DOUBTFUL: _("The signs of doubt reach the threshold of this letter."),
    Signature.Concern.REPORTED: _("A reader reported it."),
    Signature.Concern.RECHECK: _("A moderator has taken it off the list until someone decides about it again."),
}
FIELDS: dict[str, Promise] = {
    "name": _("Name"),
    "affiliation": _("Affiliation"),
    "role": _("Role"),
    "country": _("Country"),
    "comment": _("Why they sign"),
    "comment_for": _("Who can read why they sign"),
    "domain": _("Confirmed at"),
    "display": _("Who sees the name"),
}
WHO_SEES: dict[str, Promise] = {
    Display.PUBLIC: _("everyone"),
    Display.ORGANIZERS: _("the organizers"),
    Display.NOBODY: _("nobody"),
}
WHO_WILL_SEE: dict[str, Promise] = {
    Display.PUBLIC: _("Everyone will see your name."),
    Display.ORGANIZERS: _("Only the organizers will see your name."),
    Display.NOBODY: _("Nobody will see your name."),
}
UPDATES: dict[str, Promise] = {
    Update.State.DRAFT: _("draft: only your collective can see it"),
    Update.State.SENDING: _("being sent"),
    Update.State.PAUSED: _("paused"),
    Update.State.SENT: _("sent"),
    Update.State.STOPPED: _("stopped"),
}
# Organizers read these. A published signature needs no word.
SIGNATURES: dict[str, Promise | str] = {
    Signature.State.PUBLISHED: "",
    Signature.State.HELD: _("waiting for a moderator"),
    Signature.State.REJECTED: _("removed"),
}
WITHDRAWN = _("withdrawn")
FAILURES: dict[str, Promise] = {
    Refusal.NOT_YOURS: _(
        "We did not make this file, because the person who asked for it is not allowed to have it any more."
    ),
    Refusal.NO_SUCH_LANGUAGE: _("We did not make this file, because the letter is no longer in this language."),
    Refusal.TOO_COMPLICATED: _(
        "We could not make this file: the text is too complicated. Put fewer lists, quotations and "
        "formatting marks inside one another, then ask again."
    ),
    Refusal.NOT_SETTABLE: _(
        "We could not make this file, because part of the text does not fit on a page. It may contain a "
        "very long word. Change the text, then ask again."
    ),
}
FAILED = _("We could not make this file. Ask for it again.")


@register.filter
def kind_of_review(review: LetterReview) -> Promise:
    return REVIEWS[review.kind]


@register.filter
def kind_of_text(kind: str) -> Promise:
    return KINDS_OF_TEXT.get(kind, FIRST_TEXT)


@register.filter
def signed_text(which: str) -> Promise:
    """Say which text a signer saw, if it is not the current one: see `with_signed_text`."""
    return SIGNED_TEXTS.get(which, SIGNED_TEXTS["corrected"])


@register.filter
def concern(code: str) -> Promise:
    return CONCERNS[code]


@register.filter
def field_name(name: str) -> Promise:
    return FIELDS[name]


@register.filter
def who_sees(display: str) -> Promise:
    return WHO_SEES[display]


@register.filter
def update_state(update: Update) -> Promise:
    return UPDATES[update.state]


@register.filter
def signature_state(state: str) -> Promise | str:
    """Name a signature's state for organizers.

    Privacy: the public must not read that a signature waits for a moderator.
    """
    return SIGNATURES.get(state, WITHDRAWN)


@register.filter
def why_failed(error: str) -> Promise:
    """Say why an export failed."""
    return FAILURES.get(error, FAILED)


@register.filter
def who_will_see(display: str) -> Promise:
    return WHO_WILL_SEE.get(display, WHO_WILL_SEE[Display.PUBLIC])


@register.filter
def state_on_list(signature: Signature) -> str:
    """Return the state as the public list shows it. Privacy: a nameless entry changes with the count (LISTED)."""
    is_counted = signature.state == COUNTED
    if signature.display == Display.PUBLIC or signature.counted == is_counted:
        return signature.state
    return Signature.State.PUBLISHED if signature.counted else Signature.State.REJECTED
