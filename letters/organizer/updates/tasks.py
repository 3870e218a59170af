from datetime import datetime

from letters.organizer.updates import queries
from letters.organizer.updates.operations import drop_owed, spread_update, tally_update


def carry_on(*, now: datetime) -> None:
    """With every update that is under way: owe it to those who are to get it, or to nobody any more, and count."""
    for update_id in queries.updates_under_way():
        while spread_update(update_id, now=now) or drop_owed(update_id, now=now):
            pass
        tally_update(update_id, now=now)
