"""Take a letter that names nobody yet to its names, or to its deletion. The clock calls this every minute.

Once a day the names are counted, and the page shows the number in steps. Privacy: counted at each signing, the step
would tell when one person signs or leaves. If there are enough, everyone gets an email, and their names appear when the
time of the announcement is over. If there are too few when the letter closes, everything is deleted.
"""

import logging
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from cryptography.fernet import InvalidToken
from django.db import transaction

from letters.base.changes.operations import LetterChange, change_letter_unasked
from letters.base.outbox.enqueueing import NOW, insert_email, key_of
from letters.base.switches.queries import is_on
from letters.models import (
    COUNTED_EVERY,
    STEP,
    WORDS,
    EmailKind,
    Letter,
    MailRequest,
    OutgoingEmail,
    Release,
    Signature,
    State,
    Submission,
    Switch,
    Transition,
    stored_words,
)
from letters.models.lifecycle import is_in
from letters.shared import wakeups
from letters.shared.sealing import unseal
from letters.shared.sql import execute
from letters.signer.release import queries
from letters.signer.release.queries import BATCH_SIZE

log = logging.getLogger(__name__)
# The emails of one announcement leave in a random order within this time. Privacy: not in the order of signing; and
# they must not delay the email of someone who wants to confirm.
SPREAD = timedelta(hours=1)
# If an email that says goodbye cannot leave for so long, everything is deleted all the same.
GOODBYE_WITHIN = timedelta(days=3)


class Sequencer(Protocol):
    """Numbers confirmed signatures, and returns whether there may be more."""

    def __call__(self, letter_id: int, *, now: datetime) -> bool: ...


@transaction.atomic
def tend_letter(letter: Letter, *, now: datetime, sequence: Sequencer) -> None:
    """Take the step that is due: count, announce, show the names, call it off, or begin to delete. Idempotent.

    Race: the letter is locked, so nobody can withdraw between the count and the names.
    """
    change = change_letter_unasked(letter, by=None, now=now)
    release = Release.objects.filter(letter=letter).first()
    if not letter.is_sealed or release is None or release.missed_at or letter.can_be_restored(now):
        return
    if release.due_at is not None:
        if not letter.is_ended and not _may_release(letter, release, now):
            return
        if not letter.is_ended and _is_enough(letter):
            release_names(change, release, sequence)
            return
        _call_off(change, release)
    if _is_over(letter, now) or release.counted_at is None or now - release.counted_at >= COUNTED_EVERY:
        _count(change, release)


def _may_release(letter: Letter, release: Release, now: datetime) -> bool:
    # While publication is paused, the sequencer would give no numbers.
    is_due = release.due_at is not None and now >= release.due_at and is_on(Switch.Name.PUBLISH)
    is_suspended = letter.collective.suspended_at is not None
    return is_due and not is_suspended and queries.is_announced(letter, release, now)


def _is_enough(letter: Letter) -> bool:
    needed = letter.names_from or 0
    return queries.names_of(letter, up_to=needed) >= needed


def _is_over(letter: Letter, now: datetime) -> bool:
    ends = letter.confirmations_end()
    return letter.status == Letter.Status.WITHDRAWN or (ends is not None and now >= ends)


def _count(change: LetterChange, release: Release) -> None:
    letter, now = change.letter, change.now
    if not letter.is_ended and _is_enough(letter):
        _announce(change, release)
    elif _is_over(letter, now):
        _miss(change, release)
    else:
        number = queries.names_of(letter, up_to=letter.names_from or 0)
        _note(release, counted_at=now)
        # Privacy: the version is public, so it must not increase for a change that the steps hide.
        if (shown := _in_steps(number)) != release.shown:
            _note(release, shown=shown)
            change.update()


def _in_steps(number: int) -> int:
    """Return the step that more people than this have reached: 10 for 11 to 20."""
    return max(0, (number - 1) // STEP * STEP)


def _note(release: Release, **values: Any) -> None:
    Release.objects.filter(pk=release.pk).update(**values)
    for name, value in values.items():
        setattr(release, name, value)


def _email_everyone(kind: EmailKind, *more: str) -> str:
    """Return SQL that creates one email of this kind to everyone who has confirmed. `more` belongs to its key."""
    insert = insert_email(
        kind,
        signature_id="signature.id",
        key=key_of(kind, "signature.id", *more),
        next_attempt_at=f"{NOW} + random() * %(spread)s::interval",
    )
    return f"""
{insert}
FROM letters_signature AS signature JOIN letters_signercontact AS contact ON contact.signature_id = signature.id
WHERE letter_id = %(letter)s AND {is_in([State.SEALED])} ORDER BY random()
ON CONFLICT (key) DO NOTHING
"""


ANNOUNCE = _email_everyone(EmailKind.RELEASE, "%(round)s::text")
SAY_GOODBYE = _email_everyone(EmailKind.UNREACHED)


def _announce(change: LetterChange, release: Release) -> None:
    """Schedule the names, and tell everyone who has confirmed."""
    letter, now = change.letter, change.now
    due_at, announced = now + timedelta(hours=release.notice_hours), release.announced + 1
    step = _in_steps(letter.names_from or 0)
    _note(release, due_at=due_at, announced=announced, counted_at=now, shown=step)
    execute(ANNOUNCE, {"letter": letter.pk, "round": announced, "now": now, "spread": SPREAD})
    change.update()
    change.record("announce_names", letter)
    change.after_commit(wakeups.notify_mail_worker)


def _call_off(change: LetterChange, release: Release) -> None:
    """Take back an announcement: people have left, or the letter was withdrawn. The next one tells them."""
    _note(release, due_at=None)
    change.update()
    change.record("call_off_names", change.letter)


WRITE = f"""
UPDATE letters_signature AS signature
SET {", ".join(f"{name} = opened.{name}" for name in WORDS)}, sealed = NULL,
    entrusted = opened.entrusted, entrusted_keys = opened.keys::bigint[],
    {
    Transition.RELEASE.becomes_one_of(("signature.concern <> ''", State.HELD), otherwise=State.CONFIRMED)
}, confirmed_at = opened.at, signed_at = opened.at
FROM unnest(
    %(ids)s::bigint[], %(moments)s::timestamptz[], %(entrusted)s::bytea[], %(keys)s::text[],
    {", ".join(f"%({name})s::text[]" for name in WORDS)}
) AS opened (id, at, entrusted, keys, {", ".join(WORDS)})
WHERE signature.id = opened.id AND {Transition.RELEASE.came_from("signature.state")}
"""  # noqa: S608 -- our own statement


def release_names(change: LetterChange, release: Release | None, sequence: Sequencer) -> None:
    """Show all names at once: decrypt them and number them, in one transaction and so in one version of the page.

    If a worker dies in between, nothing has happened, and no name was written. Privacy: the order and the moment of
    each signing are replaced, because the order of the list would show who was the first to dare.
    """
    letter, now = change.letter, change.now
    change.update(named_at=letter.named_at or now)
    ids = queries.ids_to_release(letter)
    random.SystemRandom().shuffle(ids)
    moments = {pk: now - timedelta(microseconds=place) for place, pk in enumerate(ids)}
    for start in range(0, len(ids), BATCH_SIZE):
        _write_words(ids[start : start + BATCH_SIZE], moments)
    if release is not None:
        _note(release, due_at=None)
        change.record("release_names", letter)
    while sequence(letter.pk, now=now):
        pass


def _write_words(ids: Sequence[int], moments: dict[int, datetime]) -> None:
    opened: list[tuple[int, dict[str, Any]]] = []
    for pk, letter_id, display, sealed in queries.sealed_rows(ids):
        try:
            words = dict.fromkeys(WORDS, "") | (unseal(sealed) if sealed else {})
            opened.append((pk, stored_words({**words, "display": display}, letter_id)))
        except InvalidToken:
            # It stays as it is, so that it can be read when the operator has found the key again.
            log.exception("No key decrypts the words of signature %s.", pk)
    values: dict[str, Any] = {name: [words[name] for _, words in opened] for name in [*WORDS, "entrusted"]}
    # As text, because an array of arrays would have to be a rectangle.
    keys = [words["entrusted_keys"] and f"{{{','.join(map(str, words['entrusted_keys']))}}}" for _, words in opened]
    ids, at = [pk for pk, _ in opened], [moments[pk] for pk, _ in opened]
    execute(WRITE, {**values, "keys": keys, "ids": ids, "moments": at})


@transaction.atomic
def release_late(letter: Letter, *, now: datetime, sequence: Sequencer) -> None:
    """Name people who signed before the names appeared, and confirmed at that moment or later."""
    change = change_letter_unasked(letter, by=None, now=now)
    if letter.named_at is not None and not letter.is_ended:
        release_names(change, None, sequence)


def _miss(change: LetterChange, release: Release) -> None:
    """Delete all words now, and tell everyone who has confirmed. The addresses go once these emails have left."""
    letter, now = change.letter, change.now
    _note(release, missed_at=now, shown=0)
    # Not NULL: the row still belongs to a person who has a name.
    Signature.objects.filter(letter=letter, sealed__isnull=False).update(sealed=b"")
    Submission.objects.filter(signature__letter=letter, sealed__isnull=False).update(sealed=b"")
    execute(SAY_GOODBYE, {"letter": letter.pk, "now": now, "spread": SPREAD})
    change.update()
    change.record("miss_names", letter)
    change.after_commit(wakeups.notify_mail_worker)


def delete_unreached(letter: Letter, *, now: datetime) -> None:
    """Delete every signature of a letter that too few people have signed, with its address, its emails and its hashes.

    Each batch is a transaction, and the clock continues if a worker dies. It waits until the emails that say so have
    left, for GOODBYE_WITHIN at most. Idempotent.
    """
    missed = Release.objects.filter(letter=letter, missed_at__isnull=False, deleted_at=None).first()
    if missed is None or missed.missed_at is None:
        return
    if now - missed.missed_at < GOODBYE_WITHIN and queries.has_goodbyes_left(letter):
        return
    while ids := list(Signature.objects.filter(letter=letter).values_list("pk", flat=True)[:BATCH_SIZE]):
        with transaction.atomic():
            Signature.objects.filter(pk__in=ids).remove(Transition.DELETE_UNREACHED)
    with transaction.atomic():
        change = change_letter_unasked(letter, by=None, now=now)
        requests = list(MailRequest.objects.filter(letter=letter).values_list("pk", flat=True))
        OutgoingEmail.objects.filter(request__in=requests).delete()
        MailRequest.objects.filter(pk__in=requests).delete()
        _note(missed, deleted_at=now)
        change.update()
        change.record("delete_unreached", letter)
