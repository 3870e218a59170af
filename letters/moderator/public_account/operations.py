"""Renew a letter's public account of moderation, once a day, so that it tells nothing about one signature.

- Numbers by reason are multiples of ten, and reasons with fewer are not named. Rounding alone is not enough: a number
  that grows from 10 to 20 on the day on which one signature disappears tells its reason. So they are renewed only when
  at least ten signatures have come to a reason, or left one, since they were last renewed.
- The longest wait leaves out the nine signatures that have waited longest, and is rounded up to one of a few steps.
- The median covers at least twenty decisions, and is rounded up to one of a few steps.
- The error rate of the letter covers at least fifty checked decisions.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction

from letters.base.changes.operations import change_letter_unasked
from letters.models import Letter, RemovedFor, StoredAccount
from letters.moderator.public_account import queries
from letters.shared.numbers import in_tens, up_to_step

# No number is about fewer signatures than this.
LEAST = 10
LEAST_DECISIONS = 20
# A letter has an error rate of its own from so many checked decisions on.
LEAST_CHECKED = 50
DAYS = (1, 2, 3, 7, 14, 30, 60, 90, 180, 365)
HOURS = (1, 3, 6, 12, 24, 48, 72, 168, 336, 720, 1440, 2160)


@transaction.atomic
def renew_account(letter: Letter, *, now: datetime) -> None:
    """Renew what the letter's pages say about its moderators. Locks the letter.

    A new account gets a new version of the letter, so every page shows it with the same counts. Race: the sequencer
    moves the counts under the same lock.
    """
    change = change_letter_unasked(letter, by=None, now=now)
    stored = StoredAccount.from_json(letter.moderation_account)
    account = renewed(stored, queries.removed_by_reason(letter.pk))
    checked, wrong = queries.checked_decisions(letter.pk, now=now)
    if checked < LEAST_CHECKED:
        checked = wrong = 0
    public = replace(
        account.public,
        checked=checked,
        wrong=wrong,
        longest_wait_days=_longest_wait(letter.pk, now),
        half_within_hours=_half_within(letter.pk, now),
    )
    account = replace(account, public=public)
    if public != stored.public:
        change.update(moderation_account=account.as_json())
    elif account != stored:
        # Privacy: what the public reads is the same. A new version would say that something has happened.
        change.update_unseen(moderation_account=account.as_json())


def renewed(stored: StoredAccount, counted: Mapping[str, int]) -> StoredAccount:
    """Return the account with the new numbers by reason, or as it was if too few signatures have moved."""
    if signatures_moved(stored.counted, counted) < LEAST:
        return stored
    labels = queries.labels_of_reasons(counted)
    named = [(code, in_tens(number)) for code, number in counted.items() if code in labels and in_tens(number)]
    named.sort(key=lambda reason: (-reason[1], reason[0]))
    reasons = tuple(RemovedFor(code, labels[code], number) for code, number in named)
    public = replace(stored.public, reasons=reasons, removed=sum(counted.values()))
    return StoredAccount(public, dict(counted))


def signatures_moved(before: Mapping[str, int], after: Mapping[str, int]) -> int:
    """Return the least number of signatures that explains the difference.

    One that moves from a reason to another leaves one and comes to another, and counts once.
    """
    moves = [after.get(code, 0) - before.get(code, 0) for code in {*before, *after}]
    return max(sum(by for by in moves if by > 0), -sum(by for by in moves if by < 0))


def _longest_wait(letter_id: int, now: datetime) -> int | None:
    since = queries.confirmed_after(letter_id, left_out=LEAST - 1)
    return up_to_step((now - since) / timedelta(days=1), DAYS) if since else None


def _half_within(letter_id: int, now: datetime) -> int | None:
    number, took = queries.median_of_decisions(letter_id, now=now)
    if took is None or number < LEAST_DECISIONS:
        return None
    return up_to_step(took / timedelta(hours=1), HOURS)
