"""Limit how fast email leaves for one domain.

Abuse: people who type addresses into our forms choose where our emails go. Above LIMIT_DOMAIN, emails caused by a form
leave for one domain at MAIL_DOMAIN_PACE, and a domain that refuses most of them gets one a minute for a while. Nothing
is lost: an email waits until its time, and delays no other domain. Private providers, whose email no employer reads,
are exempt.

Denial of service: a stopped domain gets one email a minute, not none. Otherwise a stranger who types twenty invented
addresses at a company could prevent everyone there from signing.

Timing defence: this is decided before an email is built, by the domain alone. So it takes equally long and reveals the
same for every address.
"""

import logging
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Coalesce
from limits import RateLimitItem, RateLimitItemPerHour, parse

from letters.models import EMAIL_KINDS, OF_FORMS, Cause, EmailKind, OutgoingEmail, OutgoingEmailQuerySet, StoppedDomain
from letters.shared import limits
from letters.shared.addresses import decrypt, encrypt
from letters.shared.domains import domain_of, is_private, registrable
from letters.shared.limits import Limit

log = logging.getLogger(__name__)

# Stored on an email that waits for its turn at a domain, or because the domain refused others.
SPREAD, STOPPED = "spread", "stopped"
# A domain is stopped if it refuses this many emails, and half of all attempts, within this time.
WITHIN = parse("1000000/hour")
FEWEST_REFUSED = 20
FIRST_STOP, MAX_STOP = timedelta(hours=1), timedelta(hours=24)
# While a domain is stopped, its emails leave one by one at this interval. Each joins the queue once.
TRICKLE, NONE_AT_ONCE = timedelta(minutes=1), RateLimitItemPerHour(0)
# A domain that is stopped again within this time is stopped for twice as long.
SOON = timedelta(days=1)


# The fields in which the address of an email can be.
ADDRESSES = ["signature__contact__address", "submission__address", "request__address", "invitation__address"]


def domains_of(batch: list[OutgoingEmail]) -> dict[int, str]:
    """Return the registrable domain for each email; none for private providers, and for addresses that are gone."""
    addresses = OutgoingEmail.objects.filter(pk__in=[outgoing.pk for outgoing in batch])
    encrypted = addresses.annotate(encrypted=Coalesce(*ADDRESSES))
    found = {}
    for outgoing_email_id, address in encrypted.values_list("pk", "encrypted"):
        domain = _domain(address) if address else ""
        if domain:
            found[outgoing_email_id] = domain
    return found


def domain_alone(emails: OutgoingEmailQuerySet) -> bytes | None:
    """Return an encrypted address that names nobody, at the domain to which these emails to one person go.

    None if there is no email with an address. Privacy: an email whose recipient is forgotten still has to wait as long
    as any other to that domain, and needs only the domain for that.
    """
    encrypted = emails.annotate(encrypted=Coalesce(*ADDRESSES)).exclude(encrypted=None)
    address = encrypted.values_list("encrypted", flat=True).first()
    domain = _domain(address) if address else ""
    return encrypt(f"nobody@{domain}") if domain else None


def _domain(address: bytes | memoryview) -> str:
    try:
        domain = domain_of(decrypt(address))
    except InvalidToken:
        return ""
    return "" if is_private(domain) else registrable(domain)


def moments_to_wait_for(
    batch: list[OutgoingEmail], domains: Mapping[int, str], *, now: datetime
) -> dict[int, tuple[datetime, str]]:
    """Return the emails that must wait, with the time and the reason (SPREAD or STOPPED)."""
    stops = StoppedDomain.objects.filter(domain__in={*domains.values()}, until__gt=now)
    stopped = set(stops.values_list("domain", flat=True))
    # Each email joins a queue once, and not again when its turn comes. If its domain is stopped while it waits in the
    # faster queue, it goes to the end of the slow one.
    waiting = [each for each in batch if each.pk in domains and each.error != STOPPED]
    new = [each for each in waiting if each.error != SPREAD]
    # The thank-you email after a confirmation leaves at once: no stranger can cause it.
    slow = [each.pk for each in waiting if domains[each.pk] in stopped and not _is_thanks(each)]
    spread = [each.pk for each in new if domains[each.pk] not in stopped and _is_first_time(each)]
    pace = settings.MAIL_DOMAIN_PACE
    lines = {
        STOPPED: _places("stopped mail", slow, domains, NONE_AT_ONCE, apart=TRICKLE.total_seconds()),
        SPREAD: _places("domain mail", spread, domains, settings.LIMIT_DOMAIN, apart=pace.get_expiry() / pace.amount),
    }
    return {pk: (now + pause, why) for why, places in lines.items() for pk, pause in places.items() if pause}


def _is_first_time(outgoing: OutgoingEmail) -> bool:
    """Return whether an email of a form has not joined a queue yet.

    Abuse: an email that waits until another day, or while a withdrawal can be undone, joined when it was first due.
    Otherwise it would use up the places of its domain, one every ten minutes.
    """
    return outgoing.kind in OF_FORMS and outgoing.attempts == 1 and outgoing.put_off_at is None


def _is_thanks(outgoing: OutgoingEmail) -> bool:
    return EMAIL_KINDS[EmailKind(outgoing.kind)].cause is Cause.OWNER


def _places(
    line: str, new: list[int], domains: Mapping[int, str], at_once: RateLimitItem, *, apart: float
) -> dict[int, timedelta]:
    """Return how long each email has to wait."""
    pauses = limits.take_places([Limit(line, domains[pk], at_once) for pk in new], apart=apart)
    return dict(zip(new, pauses, strict=True))


def note_results(tried: Counter[str], refused: Counter[str], *, now: datetime) -> None:
    """Count how many emails a domain got, and how many it refused permanently.

    Too many refusals stop it for a while.
    """
    domains = [*tried.keys() | refused.keys()]
    if not domains:
        return
    both = [Limit(what, domain, WITHIN) for domain in domains for what in ("domain tried", "domain refused")]
    numbers = limits.add(both, [number for domain in domains for number in (tried[domain], refused[domain])])
    for domain, all_tried, all_refused in zip(domains, numbers[::2], numbers[1::2], strict=True):
        if refused[domain] and all_refused >= FEWEST_REFUSED and 2 * all_refused >= all_tried:
            _stop(domain, refused=all_refused, tried=max(all_tried, all_refused), now=now)
            limits.add(
                [Limit("domain tried", domain, WITHIN), Limit("domain refused", domain, WITHIN)],
                [-all_tried, -all_refused],
            )


@transaction.atomic
def _stop(domain: str, *, refused: int, tried: int, now: datetime) -> None:
    before = StoppedDomain.objects.select_for_update().filter(domain=domain).first()
    if before and before.until > now:
        return
    times = before.times + 1 if before and now - before.until < SOON else 1
    until = now + min(FIRST_STOP * 2 ** min(times - 1, 10), MAX_STOP)
    values = {"stopped_at": now, "until": until, "times": times, "refused": refused, "tried": tried}
    StoppedDomain.objects.update_or_create(domain=domain, defaults=values)
    # Privacy: the log does not name the domain. Staff see it in the admin.
    log.warning("A domain refused %s of %s emails. We send it few emails for a while.", refused, tried)
