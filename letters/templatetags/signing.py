"""The empty signing form for a letter's page."""

from dataclasses import dataclass, field
from functools import lru_cache

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from letters.models import Letter
from letters.signer.signing.forms import SigningForm

register = template.Library()

# What changes with each signature, and never the form. Everything else in the row of a letter may change the form.
COUNTS = {
    *["signature_count", "organisation_count", "awaiting_confirmation", "awaiting_review", "withdrawn_count"],
    *["removed_count", "last_number", "version", "counted_at", "moderation_account"],
    *["shown_awaiting_confirmation", "shown_awaiting_review", "batch_due_at"],
}
MAX_FORMS = 128


@dataclass(frozen=True)
class EmptyForm:
    """The form as a new reader sees it. Forms that depend on the same are equal."""

    letter: Letter = field(compare=False)
    language: str
    depends_on: str

    @classmethod
    def of(cls, letter: Letter, language: str) -> "EmptyForm":
        values = [getattr(letter, each.attname) for each in Letter._meta.concrete_fields if each.name not in COUNTS]
        # The time zone may be that of the collective.
        return cls(letter, language, repr([get_language(), letter.zone().key, *values]))


@register.simple_tag
def signing_form(letter: Letter, language: str) -> SafeString:
    """Return the form as a new reader sees it."""
    return _rendered(EmptyForm.of(letter, language))


@lru_cache(maxsize=MAX_FORMS)
def _rendered(form: EmptyForm) -> SafeString:
    """Performance: the form takes as long as the rest of a letter's page, and is the same for every reader."""
    sign_url = form.letter.url_of("sign", form.language)
    context = {"form": SigningForm(form.letter), "letter": form.letter, "sign_url": sign_url}
    return render_to_string("letters/signing/_form.html", context)
