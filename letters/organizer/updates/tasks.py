from datetime import datetime

from letters.organizer.updates import queries
from letters.organizer.updates.operations import drop_owed, empty_bin_of_updates, spread_update, tally_update


def carry_on(*, now: datetime) -> None:
    """Continue each update that is being sent or was stopped: create or drop its emails, and count them."""
    for update_id in queries.updates_under_way():
        while spread_update(update_id, now=now) or drop_owed(update_id, now=now):
            pass
        tally_update(update_id, now=now)


def tidy_updates(*, now: datetime) -> None:
    """Delete drafts of updates that have been in the bin for 30 days."""
    empty_bin_of_updates(now=now)
