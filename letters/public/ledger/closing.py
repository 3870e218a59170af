"""Close a log that can no longer be signed, and start its successor.

The successor has the entries that the database has, from the first one, under a new name, and then one entry that says
which log it continues, and what was last signed of it. So everyone sees what the old log had said.
"""

from datetime import datetime
from secrets import randbelow

from django.db import transaction

from letters.base.changes.operations import change_letter_unasked
from letters.base.ledger.entries import begin_again
from letters.base.ledger_logs.queries import entries_in, vkeys_of
from letters.models import SITE, LedgerEntry, LedgerLog, Letter, SiteLogEntry
from letters.public.ledger import memory
from letters.shared.notes import Checkpoint, encode
from letters.shared.tlog import EMPTY_ROOT

# Generations from here on are drawn by lot. Addresses take four digits.
BY_LOT = 4000


class NotInDoubt(Exception):
    """The log can be signed, so that nobody should close it."""


@transaction.atomic
def close_log(log_id: int, *, now: datetime, even_if_right: bool = False) -> LedgerLog:
    """Close a log and return its successor, which the next run of the signer signs. Raises NotInDoubt."""
    letter_id = LedgerLog.objects.values_list("letter_id", flat=True).get(pk=log_id)
    # Lock order: the letter first. Race: the sequencer appends entries under this lock.
    letter = Letter.objects.select_related("collective").get(pk=letter_id) if letter_id else None
    change = change_letter_unasked(letter, by=None, now=now) if letter else None
    old = LedgerLog.objects.current().select_for_update(no_key=True).get(pk=log_id)
    if not old.doubt and not even_if_right:
        raise NotInDoubt
    last = _last_signed(old)
    LedgerLog.objects.filter(pk=old.pk).update(closed_at=now)
    successor = _successor(old)
    data = begin_again(successor.origin, old_origin=old.origin, size=last.size, root=encode(last.root))
    if letter:
        LedgerEntry.objects.bulk_create([LedgerEntry(letter=letter, index=entries_in(old), data=data)])
    else:
        SiteLogEntry.objects.create(index=entries_in(old), data=data)
    if change:
        change.update(record_doubted=False)
    return successor


def _last_signed(old: LedgerLog) -> Checkpoint:
    """Return the newest checkpoint that anyone can have: of this machine, or of the database if that knows more."""
    stored = old.checkpoint() or Checkpoint(old.origin, 0, EMPTY_ROOT)
    try:
        kept = memory.remembered(old, vkeys_of(old.origin))
    except memory.Unreadable:
        kept = None
    return kept if kept and kept.size >= stored.size else stored


def _successor(old: LedgerLog) -> LedgerLog:
    """Create the next log. Fork: not one that was signed before, and that the database may have lost.

    A machine that does not remember the old log does not remember its successors either, so the name is drawn by lot.
    """
    first = str(old.letter_id or SITE)
    generation = old.generation + 1 if memory.knows(old) or not old.size else BY_LOT + randbelow(BY_LOT)
    while memory.is_known(name := f"{first}.{generation}"):
        generation += 1
    origin = f"{old.origin.rpartition('/')[0]}/{name}"
    return LedgerLog.objects.create(letter=old.letter, generation=generation, name=name, origin=origin)
