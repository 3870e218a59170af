"""Template tags for account pages."""

import re
from typing import Any

from django import template
from django.conf import settings
from django.template import RequestContext
from django.utils.translation import gettext

from letters.base.accounts.browsers import browser_name
from letters.base.accounts.guards import WAY_ON
from letters.base.accounts.queries import has_second_factor, lacks_second_factor
from letters.models import OWNING, Letter, User

register = template.Library()


@register.filter
def browser(user_agent: str) -> str:
    """Name a browser as its owner knows it: "Firefox, Linux"."""
    return browser_name(user_agent) or gettext("Unknown browser")


@register.filter
def network(address: str) -> str:
    """Format a network, stored as its first address, so that nobody takes it for the address of one computer."""
    return re.sub(r"\.0$", ".x", address) if "." in address else re.sub("::$", ":…", address)


@register.inclusion_tag("accounts/_nudge.html", takes_context=True)
def nudge_to_second_factor(context: RequestContext, letter: Letter) -> dict[str, Any]:
    """Ask an owner without a second factor, before the first publication, to set one up. This blocks nothing."""
    user = context.request.user
    wanted = (
        letter.published_at is None
        and not has_second_factor(user)
        and isinstance(user, User)
        and letter.collective.has_role(user, OWNING)
    )
    return {"wanted": wanted, "way_on": context.request.path}


@register.simple_tag
def has_providers() -> bool:
    """Return whether people can sign in here with an account elsewhere."""
    return bool(settings.PROVIDERS)


@register.simple_tag(takes_context=True)
def second_factor(context: RequestContext) -> dict[str, Any]:
    """Return whether the person must set up a second factor first, and which page they wanted."""
    user, session = context.request.user, context.request.session
    return {
        "wanted": lacks_second_factor(user),
        "way_on": session.get(WAY_ON, "") if has_second_factor(user) else "",
    }
