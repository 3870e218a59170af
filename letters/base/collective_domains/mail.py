"""Build the emails about domains of collectives: the one with the code, and those to owners."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.urls import reverse

from letters.base.accounts.queries import reachable
from letters.base.collective_domains.codes import code_of_domain
from letters.base.outbox.composing import compose_email_to, render_email
from letters.models import OWNING, CollectiveDomain, User


def code_email(claimed: CollectiveDomain) -> EmailMultiAlternatives:
    """Build the email that asks those who run a domain. It names the collective, because they must know whom they help.

    Abuse: it repeats nothing else that someone typed.
    """
    collective = claimed.collective
    context = {"code": code_of_domain(claimed), "collective": collective, "domain": claimed.shown}
    parts = render_email("domain_code", context, language=collective.language_of_emails())
    return compose_email_to(parts, to=claimed.address)


def owner_emails(
    claimed: CollectiveDomain, what: str, *, but: User | None = None, **more: Any
) -> Iterator[EmailMultiAlternatives]:
    """Build the emails that tell owners what happened to a domain, except the one who did it.

    `what` is "verified", "removed", "removed_by_site", "ends_soon" or "ended".
    """
    collective = claimed.collective
    owners = {"memberships__collective": collective, "memberships__role__in": OWNING}
    people = reachable().filter(**owners).exclude(pk=but.pk if but else 0)
    context = {f"is_{each}": each == what for each in ("verified", "removed", "removed_by_site", "ends_soon", "ended")}
    about = {
        "collective": collective,
        "domain": claimed.shown,
        "zone": collective.zone(),
        "domains_url": settings.SITE_URL + reverse("collective_domains", args=[collective.slug]),
    }
    for person in people.select_related("email_choices").distinct().order_by("pk"):
        language = person.language_of_emails(collective.language_of_emails())
        parts = render_email("collective_domain", {**about, **context, **more}, language=language)
        yield compose_email_to(parts, to=person.email)
