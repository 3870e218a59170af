"""What people who sign without a public name are told about batches."""

from django import template

from letters.base.batches.queries import Promise, promise_of
from letters.models import Letter

register = template.Library()


@register.filter
def promise(letter: Letter) -> Promise | None:
    """Return what the letter promises to those who sign without a public name; None if they do not wait."""
    return promise_of(letter)
