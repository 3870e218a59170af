"""Read the numbers by which a wave is noticed."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q

from letters.models import CONFIRMED, Display, Letter, ScoringWindow, Wave
from letters.models.lifecycle import is_in
from letters.moderator.attacks.waves import SIX_HOURS, Window
from letters.moderator.signals.reasons import Reason
from letters.shared.sql import execute, fetch_rows

LENGTH = timedelta(minutes=10)
# The latest window is compared with those of this time before it.
PAST = timedelta(days=7)
# A network belongs to the wave if a burst of this time came from it.
BURST = timedelta(hours=2)
MAX_NETWORKS = 1000
# Denial of service: at most this many signatures are scored again because of a shield.
MAX_AGAIN = 5000

BURST_NETWORKS = """
SELECT DISTINCT trace.network FROM letters_signingtrace AS trace
JOIN letters_doubt AS doubt ON doubt.signature_id = trace.signature_id
WHERE trace.letter_id = %(letter)s AND trace.at > %(since)s AND trace.network IS NOT NULL
    AND doubt.reasons && %(bursts)s::varchar[]
ORDER BY 1 LIMIT %(most)s
"""
# Privacy: a shield tells nothing about where a person was who shows the name to nobody.
SCORE_AGAIN = f"""
UPDATE letters_signature SET to_score = true WHERE id IN (
    SELECT signature_id FROM letters_signingtrace
    WHERE letter_id = %(letter)s AND network = ANY(%(networks)s::bytea[]) AND at > %(since)s
        AND signature_id IS NOT NULL
    LIMIT %(most)s
) AND {is_in(CONFIRMED)} AND NOT to_score AND display <> '{Display.NOBODY}'
"""  # noqa: S608 -- our own statement


def beginning_of_window(moment: datetime) -> datetime:
    seconds = int(moment.timestamp()) // 600 * 600
    return datetime.fromtimestamp(seconds, UTC)


def letters_to_watch(*, now: datetime) -> list[Letter]:
    """Return the letters that people have signed lately, and those with a wave."""
    recent = ScoringWindow.objects.filter(begins_at__gt=now - 2 * LENGTH).values("letter")
    waves = Wave.objects.filter(over_at=None).values("letter")
    letters = Letter.objects.public().select_related("collective")
    return list(letters.filter(Q(pk__in=recent) | Q(pk__in=waves)).order_by("pk"))


def windows_of(letter: Letter, *, now: datetime) -> Sequence[Window]:
    """Return the windows of the last days, oldest first, the empty ones too. The last one is not complete yet.

    Those of waves that are over count as empty: otherwise the last six hours would show each of them again.
    """
    latest = beginning_of_window(now)
    first = latest - PAST
    found = ScoringWindow.objects.filter(letter=letter, begins_at__gte=first, begins_at__lte=latest)
    for noticed_at, over_at in Wave.objects.filter(letter=letter, over_at__gt=first).values_list(
        "noticed_at", "over_at"
    ):
        found = found.exclude(begins_at__gt=noticed_at - SIX_HOURS * LENGTH, begins_at__lte=over_at)
    rows = found.values_list("begins_at", "scored", "doubtful")
    known = {at: Window(scored, doubtful) for at, scored, doubtful in rows}
    return [known.get(first + number * LENGTH, Window()) for number in range(PAST // LENGTH + 1)]


def was_ended_by_hand(letter: Letter, *, since: datetime) -> bool:
    return Wave.objects.filter(letter=letter, ended_by__isnull=False, over_at__gt=since).exists()


def networks_of_wave(letter: Letter, *, now: datetime) -> list[bytes]:
    """Return the keyed hashes of the networks from which a burst has come lately."""
    bursts = [Reason.NETWORK_BURST.value, Reason.NETWORK_SERIES.value]
    values: dict[str, Any] = {"letter": letter.pk, "since": now - BURST, "bursts": bursts, "most": MAX_NETWORKS}
    return [network for (network,) in fetch_rows(BURST_NETWORKS, values)]


def score_again(letter: Letter, networks: Sequence[bytes], *, since: datetime) -> int:
    """Let the sequencer score again what came from these networks. Returns how many signatures."""
    values: dict[str, Any] = {"letter": letter.pk, "networks": list(networks), "since": since, "most": MAX_AGAIN}
    return execute(SCORE_AGAIN, values)
