"""Offer the newest checkpoint of the site's log to each witness. No transaction is open while a witness is asked."""

from collections.abc import Callable
from datetime import datetime

from django.conf import settings

from letters.base.ledger_logs.queries import latest_checkpoint
from letters.public.witnesses.asking import ask
from letters.public.witnesses.operations import claim_witness, note_outcome
from letters.shared.clock import database_now


def offer_to_witnesses(clock: Callable[[], datetime] = database_now) -> None:
    """Ask each witness that has not seen the newest checkpoint, or not in this hour."""
    for key, url in settings.WITNESSES:
        newest = latest_checkpoint(None)
        if newest is None:
            return
        now = clock()
        if witness := claim_witness(key, newest, now=now):
            note_outcome(witness, ask(witness, url, newest, now=now), now=clock())
