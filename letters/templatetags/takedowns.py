"""Template filters with the words of a statement of reasons, which a page and an email show."""

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from letters.models import TakeDown

register = template.Library()

GROUNDS: dict[str, Promise] = {
    TakeDown.Ground.LAW: _("Illegal content"),
    TakeDown.Ground.RULES: _("Against the rules of this site"),
}
FOUND_BY: dict[str, Promise] = {
    TakeDown.FoundBy.REPORT: _("Someone reported it."),
    TakeDown.FoundBy.MODERATOR: _("A moderator of the site found it."),
    TakeDown.FoundBy.AUTOMATED: _("An automated check pointed to it."),
}


@register.filter
def ground(takedown: TakeDown) -> Promise:
    return GROUNDS[takedown.ground]


@register.filter
def found_by(takedown: TakeDown) -> Promise:
    return FOUND_BY[takedown.found_by]
