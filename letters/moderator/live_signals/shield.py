"""Count new signatures, so that a wave is noticed, and hold what a shield is against."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from letters.models import Display, HoldFrom, Letter, State, Wave
from letters.moderator.live_signals.queries import Candidate
from letters.moderator.signals.reasons import OF_NETWORK
from letters.moderator.signals.scoring import Verdict
from letters.shared.sql import execute

# A signature counts in the window of its first scoring, which comes seconds after its confirmation.
NEW_FOR = timedelta(minutes=10)

NOTE_WINDOW = """
INSERT INTO letters_scoringwindow AS noted (letter_id, begins_at, scored, doubtful)
VALUES (%(letter)s, date_bin('10 minutes', %(now)s::timestamptz, 'epoch'), %(scored)s, %(doubtful)s)
ON CONFLICT (letter_id, begins_at) DO UPDATE
SET scored = noted.scored + excluded.scored, doubtful = noted.doubtful + excluded.doubtful
"""


def note_window(
    letter: Letter, candidates: Sequence[Candidate], verdicts: Mapping[int, Verdict], now: datetime
) -> None:
    """Count new signatures, and the doubtful ones among them. Published or changed signatures are not new."""
    new = [each for each in candidates if each.state != State.PUBLISHED and now - each.confirmed_at < NEW_FOR]
    if not new:
        return
    doubtful = sum(verdicts[each.id].score >= HoldFrom.SOME for each in new)
    values: dict[str, Any] = {"letter": letter.pk, "now": now, "scored": len(new), "doubtful": doubtful}
    execute(NOTE_WINDOW, values)


def shielded_from(letter: Letter, candidates: Sequence[Candidate], verdicts: Mapping[int, Verdict]) -> set[int]:
    """Return the ids of signatures that come from a network of the wave, or from a burst; none without a shield.

    Privacy: signatures of people who show their name to nobody are not compared, so no shield holds them.
    """
    if not letter.is_shielded:
        return set()
    networks = Wave.objects.filter(letter=letter, over_at=None).values_list("networks", flat=True).first()
    known = {bytes(each) for each in networks or []}
    return {
        each.id
        for each in candidates
        if each.display != Display.NOBODY
        and (each.network in known or not OF_NETWORK.isdisjoint(verdicts[each.id].reasons))
    }
