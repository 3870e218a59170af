"""An employer wants to know which nameless entry belongs to which of their people.

They have the log of their mail gateway, which says who got an email and when, and a program that reads every public
surface all the time. Here the emails are those of the site, and the program reads after every event, because nothing
changes in between. The same attack is tried without batches: it must succeed there, or else it measures nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate
from math import sqrt
from random import Random
from uuid import uuid4

import pytest
from django.db import transaction
from pytest_django import Settings

from letters.base.outbox.enqueueing import new_email
from letters.models import SALT_BYTES, EmailKind, Letter, OutgoingEmail, Signature
from letters.public.public_pages.list_rows import public_rows_before
from letters.public.public_pages.operations import sequence_letter
from letters.shared.addresses import hash_address
from letters.signer.signing.operations import confirm_signature
from tests.people import NOW

LETTERS = 200
WITHHELD, NAMED = 11, 2
# Minutes between two signers of one letter, at most.
BETWEEN = 20
CHOICES = ["organizers", "nobody"]
MORNING = NOW - timedelta(hours=3)


@dataclass
class Seen:
    """What the employer has: when each mailbox got emails, and when each entry appeared."""

    mails: dict[int, list[datetime]] = field(default_factory=dict)
    appeared: dict[int, datetime] = field(default_factory=dict)
    # When anything public changed.
    changes: list[datetime] = field(default_factory=list)


Surfaces = tuple[tuple[object, ...], list[Sequence[object]]]


def surfaces(letter: Letter) -> Surfaces:
    """Return what everyone can read of a letter: its counts, the version that ETags are made of, and its list.

    All other public pages and files are made of these. A test in test_batches.py compares every one of them.
    """
    letter.refresh_from_db()
    numbers = (letter.signature_count, letter.last_number, letter.withdrawn_count, letter.removed_count)
    waiting = (letter.awaiting_confirmation_in_tens, letter.awaiting_review_in_tens)
    return (letter.version, letter.counted_at, numbers, waiting), public_rows_before(letter, None)[0]


def add_signers(letter: Letter, displays: list[str], moments: list[datetime]) -> list[Signature]:
    """People have sent the form, and the site has emailed them."""
    signatures = Signature.objects.bulk_create(
        Signature(
            letter=letter,
            revision_id=letter.current_revision_id or 0,
            language=letter.language,
            name="" if display == "nobody" else "Ada Lovelace",
            display=display,
            salt=uuid4().bytes[:SALT_BYTES],
            address_hash=hash_address(f"{uuid4().hex}@example.org"),
            signed_at=signed_at,
        )
        for display, signed_at in zip(displays, moments, strict=True)
    )
    OutgoingEmail.objects.bulk_create(
        new_email(EmailKind.CONFIRM, each.pk, now=each.signed_at, signature=each) for each in signatures
    )
    return signatures


def a_day(letter: Letter, random: Random, *, until: datetime) -> Seen:
    """Let people sign and confirm, run the sequencer when it would run, and watch."""
    displays = ["public"] * NAMED + [random.choice(CHOICES) for _ in range(WITHHELD)]
    random.shuffle(displays)
    between = [timedelta(seconds=random.uniform(60, 60 * BETWEEN)) for _ in displays]
    signatures = add_signers(letter, displays, [MORNING + each for each in accumulate(between)])
    events: list[tuple[datetime, Signature | None]] = [
        (each.signed_at + timedelta(seconds=random.uniform(15, 50)), each) for each in signatures
    ]
    # The sweep runs all the time; something is due only at a quarter of the clock.
    quarters = int((until - MORNING) / timedelta(minutes=15))
    events += [(MORNING + timedelta(minutes=15 * each), None) for each in range(1, quarters)]
    events.append((until, None))
    seen = Seen()
    before = surfaces(letter)
    for now, signature in sorted(events, key=lambda event: event[0]):
        if signature is not None:
            confirm_signature(signature, verified="link", now=now)
        elif letter.batch_due_at is None or letter.batch_due_at > now:
            continue  # The sweep passes it over (test_batches.py).
        sequence_letter(letter.pk, now=now)
        after = surfaces(letter)
        if after != before:
            seen.changes.append(now)
            for number, name, *_ in after[1]:
                if not name:
                    seen.appeared.setdefault(int(str(number)), now)
        before = after
    sent = OutgoingEmail.objects.filter(signature__letter=letter).exclude(signature__display="public")
    for signature_id, sent_at in sent.values_list("signature_id", "created_at"):
        seen.mails.setdefault(signature_id or 0, []).append(sent_at)
    return seen


def best_matching(seen: Seen) -> dict[int, int]:
    """Return the mailbox that most likely belongs to each entry.

    An entry appears soon after an email, and those who come first get lower numbers. So the most likely matching pairs
    them in order: crossing two pairs would only lengthen the longer wait. Mailboxes that are left over got their emails
    too late.
    """
    last = sorted((max(moments), mailbox) for mailbox, moments in seen.mails.items())
    entries = sorted((appeared, number) for number, appeared in seen.appeared.items())
    return {number: mailbox for (_, number), (_, mailbox) in zip(entries, last, strict=False)}


@dataclass
class Result:
    entries: int = 0
    right: int = 0
    # How often a public page changed at a moment at which someone without a public name confirmed.
    told: int = 0

    @property
    def share(self) -> float:
        return self.right / self.entries


def attack(letter: Letter, letters: int, *, until: datetime = NOW + timedelta(hours=5, minutes=59)) -> Result:
    """Try it on so many letters, each of which is rolled back: only its day matters."""
    random, result = Random(15), Result()  # noqa: S311 -- the same people each time
    for _ in range(letters):
        with transaction.atomic():
            seen = a_day(letter, random, until=until)
            numbers = dict(letter.signatures.values_list("pk", "number"))
            matched = best_matching(seen)
            result.entries += len(matched)
            result.right += sum(numbers[mailbox] == number for number, mailbox in matched.items())
            alone = set(letter.signatures.exclude(display="public").values_list("confirmed_at", flat=True))
            result.told += len(alone.intersection(seen.changes))
            transaction.set_rollback(True)
        letter.refresh_from_db()
    return result


@pytest.mark.usefixtures("no_limits")
def test_a_mail_log_and_every_public_page_tell_no_more_than_one_in_ten(letter: Letter, settings: Settings) -> None:
    settings.BATCH_SIZE = 10
    result = attack(letter, LETTERS)
    assert result.entries >= 10 * LETTERS
    assert result.told == 0
    # In a batch of n in an order by lot, one is right on average, with a variance of one.
    noise = 4 * sqrt(LETTERS) / result.entries
    assert result.share <= 1 / 10 + noise, f"{result.right} of {result.entries}"


@pytest.mark.usefixtures("no_limits")
def test_without_batches_the_same_attack_names_nearly_everyone(letter: Letter, settings: Settings) -> None:
    settings.BATCH_SIZE = 1
    result = attack(letter, 10)
    assert result.entries == 10 * WITHHELD
    assert result.told == result.entries
    assert result.share > 0.9, f"{result.right} of {result.entries}"


@pytest.mark.usefixtures("no_limits")
def test_the_rest_at_the_set_hour_is_as_small_as_the_form_says(letter: Letter, settings: Settings) -> None:
    """Fewer than ten may be counted together then, and hide only among each other. So the form tells signers."""
    settings.BATCH_SIZE = 13
    result = attack(letter, 10, until=NOW + timedelta(hours=6))
    assert result.entries == 10 * WITHHELD
    assert result.told == 0
    assert result.share <= 1 / WITHHELD + 4 * sqrt(10) / result.entries
