"""Email members of a collective about what others did to their letter. Nobody can switch these emails off."""

from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.urls import reverse

from letters.base.accounts.operations import mail_to_account
from letters.base.accounts.queries import reachable
from letters.base.outbox.composing import compose_email_to, render_email
from letters.models import Letter


def tell_members(letter: Letter, template: str, *, roles: Collection[str], **context: Any) -> None:
    """Write to each member with one of these roles in the letter's collective, in the language of the letter.

    Accounts have no language, but every member with a role can read the letter's language. Raises Refused("no_worker")
    if no worker accepts emails now.
    """
    theirs = {"memberships__collective": letter.collective_id, "memberships__role__in": roles}
    people = reachable().filter(**theirs).distinct().order_by("pk")
    title = letter.newest_title()
    full = {
        "title": title,
        "letter": letter,
        "zone": letter.zone(),
        "edit_url": settings.SITE_URL + reverse("edit_letter", args=[letter.slug]),
    }
    parts = render_email(template, {**full, **context}, language=letter.language)
    for person in people:
        mail_to_account(compose_email_to(parts, to=person.email))
