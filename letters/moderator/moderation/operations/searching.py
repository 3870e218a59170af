"""Find the signatures of an email address, for the people who moderate the site."""

from datetime import datetime, timedelta

from django.db import transaction

from letters.base.audit_log.operations import record
from letters.base.changes.operations import Change
from letters.models import AuditEvent, Signature, User
from letters.moderator.moderation.queries import with_address
from letters.shared.addresses import Address, hash_address
from letters.shared.refused import Refusal, Refused

# Privacy: enough to answer people who write to the site, and too few to check a staff list.
MAX_ADDRESSES_A_DAY = 30
VERB = "search_address"


@transaction.atomic
def search_address(address: Address, *, by: User, now: datetime) -> list[Signature]:
    """Return the signatures of an address that show their name to everyone. Every search is recorded and counted.

    Privacy: members of a collective may not do this, because they could type a staff list. A signature whose name is
    withheld is never found, so the answer is the same whether the address has signed without a name or not at all.
    The record holds neither the address nor the answer.

    Raises Refused("not_yours") for anyone who does not moderate the site, and Refused("many_addresses").
    """
    # Race: two searches at once wait for each other, so that both count.
    Change(by=by, now=now).lock_account()
    if not by.moderates_site_now():
        raise Refused(Refusal.NOT_YOURS)
    searches = AuditEvent.objects.filter(object_kind="user", object_id=by.pk, verb=VERB, at__gt=now - timedelta(days=1))
    if searches.count() >= MAX_ADDRESSES_A_DAY:
        raise Refused(Refusal.MANY_ADDRESSES)
    record(VERB, by, by=by, now=now)
    return with_address(hash_address(address.canonical))
