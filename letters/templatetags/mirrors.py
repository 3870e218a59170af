"""Template filters for copies of letters on other sites."""

from django import template
from django.utils.translation import gettext

from letters.models import Mirror

register = template.Library()


@register.filter
def finding_at(mirror: Mirror) -> str:
    """Return what we found there, in one sentence."""
    sentences = {
        Mirror.Finding.UNKNOWN: gettext("We have not looked at it yet."),
        Mirror.Finding.SAME: gettext("Its record is the beginning of ours, or all of it."),
        Mirror.Finding.AHEAD: gettext(
            "Its record is longer than ours, so one of the two is wrong. Ask the people who run this site."
        ),
        Mirror.Finding.DIFFERENT: gettext("Its record is not the beginning of ours. One of the two was changed."),
        Mirror.Finding.UNREADABLE: gettext("We found no record of this letter there."),
        Mirror.Finding.UNREACHABLE: gettext("It did not answer."),
    }
    return sentences[Mirror.Finding(mirror.finding)]
