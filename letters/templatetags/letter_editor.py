from dataclasses import dataclass

from django import template
from django.template import RequestContext
from django.urls import reverse

register = template.Library()


@dataclass(frozen=True)
class Tab:
    url: str
    is_current: bool
    # The current page is one of the pages below this tab.
    is_above: bool = False


@register.simple_tag(takes_context=True)
def tab(context: RequestContext, name: str, *below: str) -> Tab:
    """Return the tab for a page of the context's `letter`, by its URL name, and whether it is
    current or above the current one.
    """
    url = reverse(name, kwargs={"slug": context["letter"].slug})
    request = context["request"]
    return Tab(url, request.path == url, request.resolver_match.url_name in below)
