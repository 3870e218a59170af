"""Read the domains of collectives, and decide which domains can be proved."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import QuerySet, Sum

from letters.base.site_lists.queries import is_throwaway
from letters.models import Collective, CollectiveDomain
from letters.shared.addresses import NoAddress, parse_address
from letters.shared.compiled_queries import CompiledQuery
from letters.shared.domains import SUFFIXES, domain_of, is_private

MAX_SHOWN = 200


def read_domain(typed: str) -> str:
    """Return the domain in what a person typed, in ASCII: also from a web address. "" if there is none.

    The mailboxes of a domain are those of its website, too, so "www." is left out.
    """
    host = typed.strip().partition("://")[2] or typed.strip()
    host = host.partition("/")[0].partition(":")[0].rstrip(".").rpartition("@")[2]
    host = host.strip().lower().removeprefix("www.")
    try:
        return domain_of(parse_address(f"hostmaster@{host}").deliverable)
    except NoAddress:
        return ""


def can_be_proved(domain: str) -> bool:
    """Return whether one organisation has the domain: no provider of mailboxes, and nothing like "co.uk"."""
    is_owned = SUFFIXES.privatesuffix(domain) is not None
    return is_owned and not is_private(domain) and not is_throwaway(domain)


# Performance: every letter's page asks this.
SHOWN = CompiledQuery(
    lambda collective: CollectiveDomain.objects.verified().filter(collective=collective).order_by("verified_at", "pk"),
    collective=int,
)


def shown_domains(collective: Collective) -> list[CollectiveDomain]:
    """Return the domains that the public sees, the oldest first."""
    return SHOWN.all(collective=collective.pk)


def domains_of(collective: Collective) -> list[CollectiveDomain]:
    """Return what owners see, those that are shown first."""
    return sorted(collective.domains.listed().order_by("pk"), key=lambda each: each.verified_at is None)


def also_shown_by(domains: Collection[str], *, but: Collective) -> dict[str, list[str]]:
    """Return the names of other collectives that show these domains, by domain."""
    others = CollectiveDomain.objects.verified().filter(domain__in=domains).exclude(collective=but)
    found: dict[str, list[str]] = {}
    for domain, name in others.order_by("verified_at", "pk").values_list("domain", "collective__name")[:MAX_SHOWN]:
        found.setdefault(domain, []).append(name)
    return found


def emails_to(domain: str, *, now: datetime) -> int:
    """Count the emails that left to a domain within a day, for all collectives."""
    return _emails(CollectiveDomain.objects.filter(domain=domain), now)


def emails_of(collective: Collective, *, now: datetime) -> int:
    """Count the emails that one collective caused within a day."""
    return _emails(CollectiveDomain.objects.filter(collective=collective), now)


def _emails(rows: "QuerySet[CollectiveDomain]", now: datetime) -> int:
    lately = rows.filter(emails_since__gt=now - timedelta(days=1))
    return lately.aggregate(number=Sum("emails"))["number"] or 0


def domains_on_site(wanted: str = "") -> list[CollectiveDomain]:
    """Return the domains of all collectives that are shown, or that a site moderator has removed, the newest first."""
    rows = CollectiveDomain.objects.verified() | CollectiveDomain.objects.filter(removed_at__isnull=False)
    if wanted:
        rows = rows.filter(domain=read_domain(wanted)) | rows.filter(collective__slug=wanted.strip().lower())
    return list(rows.select_related("collective").order_by("-asked_at", "-pk")[:MAX_SHOWN])
