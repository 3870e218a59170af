"""Measure how many signatures a second the sequencer numbers, with the ledger and without, in turns."""

import time
from dataclasses import dataclass
from statistics import median

from django.db import connection
from django.utils import timezone

from bench.site import copied_letter
from letters.models import Ledger, Letter
from letters.public.public_pages.operations import MAX_BATCH_SIZE, sequence_letter

ROUNDS = 5
# All show the name to everyone: others would wait for their batch.
CONFIRMED = """
INSERT INTO letters_signature (letter_id, revision_id, language, name, affiliation, role, country, comment, display,
    state, verified, salt, counted, signed_at, confirmed_at)
SELECT id, current_revision_id, language, 'Reader ' || n, 'University of Nowhere', '', '', '',
    'public', 'confirmed', 'link', substr(sha256(int4send(n)), 1, 8),
    false, now(), now()
FROM letters_letter, generate_series(1, %(many)s) AS n WHERE id = %(letter)s
"""


@dataclass(frozen=True)
class Sequencing:
    """Signatures a second, as the letter's row is locked meanwhile."""

    without: float
    with_ledger: float


def measure_sequencing(*, signatures: int = MAX_BATCH_SIZE, rounds: int = ROUNDS) -> Sequencing:
    """Number batches of two equal letters. To one of them, the site has not kept a ledger yet."""
    without = copied_letter("without-ledger", 0)
    Ledger.objects.update_or_create(letter_id=without, defaults={"is_existing": True, "recorded": 0})
    Letter.objects.filter(pk=without).update(last_number=1, withdrawn_count=1)
    kept = copied_letter("with-ledger", 0)
    taken: dict[int, list[float]] = {without: [], kept: []}
    for _ in range(rounds):
        for letter_id, seconds in taken.items():
            with connection.cursor() as cursor:
                cursor.execute(CONFIRMED, {"letter": letter_id, "many": signatures})
            begun = time.perf_counter()
            while sequence_letter(letter_id, now=timezone.now()):
                pass
            seconds.append(time.perf_counter() - begun)
    return Sequencing(signatures / median(taken[without]), signatures / median(taken[kept]))
