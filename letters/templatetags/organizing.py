from dataclasses import dataclass

from django import template
from django.template import RequestContext
from django.urls import reverse

register = template.Library()


@dataclass(frozen=True)
class Tab:
    url: str
    is_current: bool


@register.simple_tag(takes_context=True)
def tab(context: RequestContext, name: str) -> Tab:
    """The page of the context's `letter` with that name in urls.py, and whether it is the one that is shown."""
    url = reverse(name, kwargs={"slug": context["letter"].slug})
    return Tab(url, context["request"].path == url)
