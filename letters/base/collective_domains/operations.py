"""Prove that a domain belongs to a collective, show it, and end that.

A domain may belong to several collectives: those who run it decide, each time, whether they pass the code on. Each
collective with the same domain is named to the others' owners and to site moderators.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from letters.base.accounts.operations import mail_to_account
from letters.base.changes.operations import CollectiveChange, change_collective, change_collective_unasked
from letters.base.collective_domains import queries
from letters.base.collective_domains.codes import is_code
from letters.base.collective_domains.mail import code_email, owner_emails
from letters.base.outbox.queries import is_stopped
from letters.models import (
    OWNING,
    REMINDED_BEFORE,
    SALT_LENGTH,
    VERIFIED_FOR,
    Collective,
    CollectiveDomain,
    User,
)
from letters.shared.addresses import canonical
from letters.shared.codes import MAX_TRIES
from letters.shared.refused import Refusal, Refused

MAX_DOMAINS = 5
# Abuse: so many emails leave within a day to one domain, and for one collective.
MAX_EMAILS_TO_DOMAIN = 3
MAX_EMAILS_OF_COLLECTIVE = 5
# A domain that was never proved, or that an owner removed, is deleted after this time.
UNPROVED_KEPT = timedelta(days=7)
# The clock tends at most so many domains at once.
MAX_TENDED = 100


@transaction.atomic
def send_domain_code(collective: Collective, *, domain: str, mailbox: str, by: User, now: datetime) -> None:
    """Email a code to one of the four mailboxes of a domain (in ASCII). It ends the previous code for this domain.

    Raises Refused: "domain_is_anyones", "domain_removed" if a site moderator removed it, "too_many_domains",
    "many_domain_codes", "not_cleared", "not_yours", "suspended" and "no_worker".
    """
    change = change_collective(collective, OWNING, by=by, now=now)
    collective.require_cleared()
    if not queries.can_be_proved(domain):
        raise Refused(Refusal.DOMAIN_IS_ANYONES)
    claimed = CollectiveDomain.objects.filter(collective=collective, domain=domain).first()
    claimed = claimed or CollectiveDomain(collective=collective, domain=domain, emails_since=now)
    _require_may_ask(claimed, now)
    is_first_today = claimed.emails_within_a_day(now) == 0
    claimed.emails, claimed.emails_since = (1, now) if is_first_today else (claimed.emails + 1, claimed.emails_since)
    claimed.mailbox, claimed.asked_at, claimed.dropped_at = CollectiveDomain.Mailbox(mailbox), now, None
    claimed.salt, claimed.tries = secrets.token_bytes(SALT_LENGTH), 0
    claimed.save()
    change.record("ask_domain_code", collective, details={"domain": domain})
    # Privacy: the answer is the same for a mailbox whose owner wants no emails.
    if not is_stopped(canonical(claimed.address)):
        mail_to_account(code_email(claimed))


def _require_may_ask(claimed: CollectiveDomain, now: datetime) -> None:
    if claimed.removed_at:
        raise Refused(Refusal.DOMAIN_REMOVED)
    others = claimed.collective.domains.listed().exclude(pk=claimed.pk)
    if others.count() >= MAX_DOMAINS:
        raise Refused(Refusal.TOO_MANY_DOMAINS)
    is_much = queries.emails_to(claimed.domain, now=now) >= MAX_EMAILS_TO_DOMAIN
    if is_much or queries.emails_of(claimed.collective, now=now) >= MAX_EMAILS_OF_COLLECTIVE:
        raise Refused(Refusal.MANY_DOMAIN_CODES)


def verify_domain(collective: Collective, domain_id: int, *, code: str, by: User, now: datetime) -> None:
    """Show a domain on the collective's letters for VERIFIED_FOR, and tell the other owners.

    Raises Refused("wrong_domain_code"), "not_yours", "suspended" and "no_worker", and CollectiveDomain.DoesNotExist.
    """
    # The count of tries must stay if the code is wrong, so nothing is raised inside the transaction.
    if not _takes_code(collective, domain_id, code, by, now):
        raise Refused(Refusal.WRONG_DOMAIN_CODE)


@transaction.atomic
def _takes_code(collective: Collective, domain_id: int, code: str, by: User, now: datetime) -> bool:
    change = change_collective(collective, OWNING, by=by, now=now)
    claimed = _listed(change, domain_id)
    if claimed.removed_at or not claimed.takes_code(now) or claimed.tries >= MAX_TRIES:
        return False
    # Security: a try is counted before it is compared. The lock keeps simultaneous tries apart.
    claimed.tries += 1
    claimed.save(update_fields=["tries"])
    if not is_code(code, claimed):
        return False
    _update(claimed, verified_at=now, until=now + VERIFIED_FOR, reminded_at=None, salt=b"")
    _record(change, "verify_domain", claimed)
    _tell_owners(claimed, "verified", but=by)
    return True


@transaction.atomic
def remove_domain(collective: Collective, domain_id: int, *, by: User, now: datetime) -> None:
    """Stop showing or proving a domain, as an owner. Raises CollectiveDomain.DoesNotExist if it is not there.

    One that a site moderator has removed stays in the list, with the reason.
    """
    change = change_collective(collective, OWNING, by=by, now=now)
    claimed = _listed(change, domain_id)
    if claimed.removed_at:
        raise Refused(Refusal.DOMAIN_REMOVED)
    was_shown = claimed.verified_at is not None
    _update(claimed, verified_at=None, until=None, salt=b"", dropped_at=now)
    _record(change, "remove_domain", claimed)
    if was_shown:
        _tell_owners(claimed, "removed", but=by)


@transaction.atomic
def remove_domain_for_site(claimed: CollectiveDomain, *, reason: str, by: User, now: datetime) -> None:
    """Stop showing a domain, as a site moderator, and tell the owners why. They cannot prove it again. Idempotent.

    Raises Refused("not_yours") and Refused("no_reason").
    """
    change, claimed = _for_site(claimed, by, now)
    if not reason.strip():
        raise Refused(Refusal.NO_REASON)
    if claimed.removed_at:
        return
    why = {"removed_at": now, "removed_by": by, "removed_because": reason.strip(), "dropped_at": None}
    _update(claimed, verified_at=None, until=None, salt=b"", **why)
    _record(change, "remove_domain_for_site", claimed, reason=reason.strip())
    _tell_owners(claimed, "removed_by_site", reason=reason.strip())


@transaction.atomic
def let_prove_again(claimed: CollectiveDomain, *, by: User, now: datetime) -> None:
    """Let a collective prove a domain again that a site moderator had removed. Raises Refused("not_yours")."""
    change, claimed = _for_site(claimed, by, now)
    if claimed.removed_at:
        _update(claimed, removed_at=None, removed_by=None, removed_because="", asked_at=now)
        _record(change, "let_prove_domain", claimed)


def _for_site(claimed: CollectiveDomain, by: User, now: datetime) -> tuple[CollectiveChange, CollectiveDomain]:
    if not by.moderates_site_now():
        raise Refused(Refusal.NOT_YOURS)
    change = change_collective_unasked(claimed.collective, by=by, now=now)
    return change, change.collective.domains.get(pk=claimed.pk)


def tend_domains(*, now: datetime) -> None:
    """End proofs that are a year old, remind owners before, and delete what was never proved."""
    for domain_id in _due(now, "end"):
        _end(domain_id, now)
    for domain_id in _due(now, "remind"):
        _remind(domain_id, now)
    unproved = CollectiveDomain.objects.filter(verified_at=None, removed_at=None, asked_at__lte=now - UNPROVED_KEPT)
    unproved.delete()


def _due(now: datetime, what: str) -> list[int]:
    rows = CollectiveDomain.objects.filter(until__lte=now)
    if what == "remind":
        rows = CollectiveDomain.objects.filter(until__lte=now + REMINDED_BEFORE, reminded_at=None)
    return list(rows.order_by("until", "pk").values_list("pk", flat=True)[:MAX_TENDED])


@transaction.atomic
def _end(domain_id: int, now: datetime) -> None:
    change, claimed = _unasked(domain_id, now)
    # Race: an owner may have proved it again a moment ago.
    if claimed.until is None or claimed.until > now:
        return
    # It stays in the owners' list for UNPROVED_KEPT. Security: the lifetime of a code counts from `asked_at`, so an old
    # one goes.
    _update(claimed, verified_at=None, until=None, asked_at=now, salt=b"")
    _record(change, "end_domain", claimed)
    _tell_owners(claimed, "ended")


@transaction.atomic
def _remind(domain_id: int, now: datetime) -> None:
    _, claimed = _unasked(domain_id, now)
    if claimed.until is None or claimed.reminded_at or claimed.until > now + REMINDED_BEFORE:
        return
    CollectiveDomain.objects.filter(pk=domain_id).update(reminded_at=now)
    _tell_owners(claimed, "ends_soon", until=claimed.until)


def _unasked(domain_id: int, now: datetime) -> tuple[CollectiveChange, CollectiveDomain]:
    found = CollectiveDomain.objects.select_related("collective").get(pk=domain_id)
    change = change_collective_unasked(found.collective, by=None, now=now)
    return change, change.collective.domains.get(pk=domain_id)


def _listed(change: CollectiveChange, domain_id: int) -> CollectiveDomain:
    return change.collective.domains.listed().get(pk=domain_id)


def _update(claimed: CollectiveDomain, **values: Any) -> None:
    CollectiveDomain.objects.filter(pk=claimed.pk).update(**values)
    claimed.refresh_from_db()


def _record(change: CollectiveChange, verb: str, claimed: CollectiveDomain, *, reason: str = "") -> None:
    """Record a change of what the public may see, and invalidate the pages that show it."""
    change.make_letters_old()
    change.record(verb, change.collective, reason=reason, details={"domain": claimed.domain})


def _tell_owners(claimed: CollectiveDomain, what: str, *, but: User | None = None, **more: Any) -> None:
    for message in owner_emails(claimed, what, but=but, **more):
        mail_to_account(message)
