"""Template tags for what forms show besides their fields."""

from typing import Any

from django import template
from django.forms import BaseForm

from letters.shared.form_rendering import Problem, problems_of

register = template.Library()


@register.inclusion_tag("forms/problems.html")
def problems(*forms: BaseForm | None, sentence: str = "") -> dict[str, Any]:
    """The error summary of forms that are sent together, led by a `sentence` if the whole request was refused."""
    refused = [Problem(sentence)] if sentence else []
    return {"problems": refused + [problem for form in forms if form for problem in problems_of(form)]}
