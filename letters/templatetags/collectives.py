"""What the pages of a collective need."""

from django import template
from django.template import RequestContext
from django.urls import reverse

from letters.templatetags.letter_editor import Tab

register = template.Library()


@register.simple_tag(takes_context=True)
def collective_tab(context: RequestContext, name: str) -> Tab:
    """The page of the context's `collective` with that name in urls.py, and whether it is the one that is shown."""
    url = reverse(name, kwargs={"slug": context["collective"].slug})
    return Tab(url, context["request"].path == url)
