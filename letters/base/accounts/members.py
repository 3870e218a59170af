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
    """Write to each member with one of these roles in the letter's collective.

    The emails are in the language that the member chose; otherwise in that of the letter, which every member can read.
    Raises Refused("no_worker") if no worker accepts emails now.
    """
    theirs = {"memberships__collective": letter.collective_id, "memberships__role__in": roles}
    people = reachable().filter(**theirs).select_related("email_choices").distinct().order_by("pk")
    title = letter.newest_title()
    full = {
        "title": title,
        "letter": letter,
        "zone": letter.zone(),
        "edit_url": settings.SITE_URL + reverse("edit_letter", args=[letter.slug]),
    }
    for person in people:
        parts = render_email(template, {**full, **context}, language=person.language_of_emails(letter.language))
        mail_to_account(compose_email_to(parts, to=person.email))
