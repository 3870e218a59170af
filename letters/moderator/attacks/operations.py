"""Notice waves, raise a shield, and end both. Each step is recorded."""

from datetime import datetime, timedelta

from django.db import transaction

from letters.base.changes.operations import LetterChange, change_letter, change_letter_unasked
from letters.models import MODERATING, Letter, ScoringWindow, User, Wave
from letters.moderator.attacks import queries
from letters.moderator.attacks.waves import CALM_WINDOWS, is_calm, sign_of_wave
from letters.shared import wakeups
from letters.shared.refused import Refusal, Refused

KEPT = timedelta(days=8)
# Privacy: nothing of where a form came from is kept for more than a week, and a trace may be some hours old.
NETWORKS_KEPT = timedelta(days=6)
# After someone has ended a wave by hand, none is noticed for this long.
NOT_AGAIN_FOR = timedelta(hours=1)
CALM = CALM_WINDOWS * queries.LENGTH


@transaction.atomic
def watch_letter(letter: Letter, *, now: datetime) -> None:
    """Notice that a wave has begun, that it is calm, or that it is over. Locks the letter."""
    change = change_letter_unasked(letter, by=None, now=now)
    windows, wave = queries.windows_of(letter, now=now), Wave.of(letter)
    if wave is None:
        is_known = queries.was_ended_by_hand(letter, since=now - NOT_AGAIN_FOR)
        if not is_known and (sign := sign_of_wave(windows)):
            wave = Wave.objects.create(letter=letter, sign=sign, noticed_at=now)
            change.record("notice_wave", letter, details={"sign": sign})
    elif not is_calm(windows):
        Wave.objects.filter(pk=wave.pk).update(calm_since=None)
    elif wave.calm_since is None:
        Wave.objects.filter(pk=wave.pk).update(calm_since=now)
    elif now - wave.calm_since >= CALM:
        _end(change, wave)


@transaction.atomic
def raise_shield(letter: Letter, *, by: User, now: datetime) -> None:
    """Require the browser check of every signer, and hold what comes from the networks of the wave. Idempotent.

    What is published stays on the list, and comes into the queue. Organizers are told. Raises Refused("not_yours"), and
    Refused("no_wave") if the wave is over.
    """
    change = change_letter(letter, MODERATING, by=by, now=now, or_site_moderator=True)
    wave = Wave.of(letter)
    if wave is None:
        raise Refused(Refusal.NO_WAVE)
    if wave.shielded_at:
        return
    networks = queries.networks_of_wave(letter, now=now)
    Wave.objects.filter(pk=wave.pk).update(shielded_at=now, shielded_by=by, networks=networks)
    # Privacy: public pages show nothing of it, so they keep their version, and an attacker learns nothing.
    change.update_unseen(is_shielded=True)
    again = queries.score_again(letter, networks, since=wave.noticed_at - queries.BURST) if networks else 0
    change.record("raise_shield", letter, details={"networks": len(networks), "scored_again": again})
    change.after_commit(lambda: wakeups.wake("letters.sequence", letter.pk, queue="publishing"))


@transaction.atomic
def end_wave(letter: Letter, *, by: User, now: datetime) -> None:
    """End a wave and its shield by hand. Signatures that it held stay in the queue.

    Raises Refused: "not_yours", "no_wave".
    """
    change = change_letter(letter, MODERATING, by=by, now=now, or_site_moderator=True)
    wave = Wave.of(letter)
    if wave is None:
        raise Refused(Refusal.NO_WAVE)
    _end(change, wave, by=by)


def _end(change: LetterChange, wave: Wave, *, by: User | None = None) -> None:
    # Privacy: from now on nobody needs the networks.
    Wave.objects.filter(pk=wave.pk).update(over_at=change.now, ended_by=by, networks=[])
    if change.letter.is_shielded:
        change.update_unseen(is_shielded=False)
    change.record("end_wave", change.letter)


def forget_windows(*, now: datetime) -> int:
    """Delete windows that are compared with nothing any more, and networks of long waves. Returns how many windows."""
    Wave.objects.filter(shielded_at__lte=now - NETWORKS_KEPT).exclude(networks=[]).update(networks=[])
    return ScoringWindow.objects.filter(begins_at__lte=now - KEPT).delete()[0]
