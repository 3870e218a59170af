"""What a letter's page needs of signing: the empty form."""

from typing import Any

from django import template

from letters.models import Letter
from letters.signer.signing.forms import SigningForm

register = template.Library()


@register.inclusion_tag("letters/signing/_form.html")
def signing_form(letter: Letter, language: str) -> dict[str, Any]:
    """The form as a first-time reader gets it."""
    return {"form": SigningForm(letter), "letter": letter, "sign_url": letter.url_of("sign", language)}
