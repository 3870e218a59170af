"""Change the site's lists."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from letters.base.audit_log.operations import record
from letters.base.site_lists.queries import MAX_ENTRIES, look_again
from letters.models import SiteListEntry, User
from letters.shared.refused import Refusal, Refused


@transaction.atomic
def add_list_entries(entries: Sequence[SiteListEntry], *, by: User, now: datetime, reason: str = "") -> int:
    """Add entries to one list. Returns the number of new ones: entries that the list already has change nothing.

    Raises Refused("not_yours") for people who may not change the lists, and Refused("too_many") if the list would be
    too long.
    """
    _check(by)
    known = SiteListEntry.objects.filter(list__in={each.list for each in entries})
    # Race: two people who add entries at once may exceed MAX_ENTRIES by the entries of one of them.
    texts = dict(known.values_list("text", "pk"))
    new = [each for each in entries if each.text not in texts]
    if len(texts) + len(new) > MAX_ENTRIES:
        raise Refused(Refusal.TOO_MANY)
    for entry in new:
        entry.added_at = now
        entry.save(force_insert=True)
        record("add_list_entry", entry, by=by, now=now, reason=reason, details=_details(entry))
    transaction.on_commit(look_again)
    return len(new)


@transaction.atomic
def remove_list_entry(entry: SiteListEntry, *, by: User, now: datetime) -> None:
    """Delete an entry, so that the original list applies again. Idempotent. Raises Refused("not_yours")."""
    _check(by)
    if SiteListEntry.objects.filter(pk=entry.pk).delete()[0]:
        record("remove_list_entry", entry, by=by, now=now, details=_details(entry))
        transaction.on_commit(look_again)


def may_change_lists(person: User) -> bool:
    """Return whether a person may change the site's lists: superusers, and staff who moderate the site."""
    now = User.objects.filter(pk=person.pk, is_active=True, is_staff=True)
    return now.filter(is_superuser=True).exists() or now.filter(moderates_site=True).exists()


def _check(by: User) -> None:
    if not may_change_lists(by):
        raise Refused(Refusal.NOT_YOURS)


def _details(entry: SiteListEntry) -> dict[str, str | bool]:
    return {
        "list": entry.list,
        "text": entry.text,
        "language": entry.language,
        "meant": entry.meant,
        "removed": entry.is_removed,
    }
