"""The empty signing form for a letter's page."""

from typing import Any

from django import template

from letters.models import Letter
from letters.signer.signing.forms import SigningForm

register = template.Library()


@register.inclusion_tag("letters/signing/_form.html")
def signing_form(letter: Letter, language: str) -> dict[str, Any]:
    """Return the form as a new reader sees it."""
    return {"form": SigningForm(letter), "letter": letter, "sign_url": letter.url_of("sign", language)}
