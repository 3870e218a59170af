from dataclasses import dataclass

from django import template
from django.template import RequestContext
from django.urls import reverse

register = template.Library()


@dataclass(frozen=True)
class Tab:
    url: str
    is_current: bool
    # What is shown is one of the pages below it.
    is_above: bool = False


@register.simple_tag(takes_context=True)
def tab(context: RequestContext, name: str, *below: str) -> Tab:
    """The page of the context's `letter` with that name in urls.py, and how it stands to the one that is shown."""
    url = reverse(name, kwargs={"slug": context["letter"].slug})
    request = context["request"]
    return Tab(url, request.path == url, request.resolver_match.url_name in below)
