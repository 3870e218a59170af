from django import template

from letters.base.site_pages.queries import wanted_pages
from letters.models import SitePage

register = template.Library()


@register.simple_tag
def pages_to_write() -> list[SitePage.Name]:
    """Return the pages of the site that its operator still has to write."""
    return wanted_pages()
