"""Template tags for the pages of a collective."""

from django import template
from django.template import RequestContext
from django.urls import reverse

from letters.templatetags.letter_editor import Tab

register = template.Library()


@register.simple_tag(takes_context=True)
def collective_tab(context: RequestContext, name: str) -> Tab:
    """Return the tab for a page of the context's `collective`, by its URL name, and whether it is the current one."""
    url = reverse(name, kwargs={"slug": context["collective"].slug})
    return Tab(url, context["request"].path == url)
