"""Ask signers whether their signatures carry over to a change of substance, and record their answers."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from letters.base.changes.operations import LetterChange, change_letter, change_letter_unasked
from letters.base.ledger.operations import owe_carry
from letters.base.outbox.enqueueing import BY_LOT, insert_email, key_of
from letters.models import (
    CONFIRMED,
    COUNTED,
    WRITING,
    CarryOver,
    CarryOverAnswer,
    EmailKind,
    History,
    Letter,
    Revision,
    Signature,
    User,
)
from letters.models.lifecycle import is_in
from letters.shared import wakeups
from letters.shared.refused import Refusal, Refused
from letters.shared.sql import fetch_one
from letters.signer.carry_over import queries

# How many signatures one transaction may touch. With more, people who withdraw at the same moment would wait.
MAX_BATCH_SIZE = 1000


@transaction.atomic
def ask_to_carry_over(letter: Letter, *, by: User, now: datetime) -> CarryOver:
    """Ask everyone who signed an earlier text about the last change of substance. A second call changes nothing.

    A task creates the emails in batches: see `owe_batch`. Raises Refused("letter_withdrawn"),
    Refused("letter_draft") or Refused("nothing_changed").
    """
    change = change_letter(letter, WRITING, by=by, now=now)
    if letter.status not in queries.ASKING:
        raise Refused(letter.status_refusal())
    history = History.of(letter)
    if history.since is None or not history.has_changed:
        raise Refused(Refusal.NOTHING_CHANGED)
    question, is_new = CarryOver.objects.get_or_create(revision=history.since, defaults={"asked_at": now})
    if is_new:
        details = {"letter": letter.pk, "revision": history.since.number}
        change.record("ask_to_carry_over", history.since, details=details)
        change.after_commit(lambda: wakeups.wake("letters.owe_carry_overs", queue="bulk"))
    return question


# We cannot ask signers whose address we do not keep, so their signatures stay with the earlier text.
OWE_ONE = insert_email(
    EmailKind.CARRY_OVER, signature_id="batch.id", key=key_of(EmailKind.CARRY_OVER, "%(question)s", "batch.id")
)
OWE = f"""
WITH batch AS MATERIALIZED (
    SELECT id, number, revision_id, state, concern FROM letters_signature
    WHERE letter_id = %(letter)s AND number > %(reached)s ORDER BY number LIMIT %(most)s
), owed AS (
    {OWE_ONE}
    FROM batch
    JOIN letters_revision AS signed ON signed.id = batch.revision_id AND signed.number < %(revision)s
    JOIN letters_signercontact AS contact ON contact.signature_id = batch.id
    WHERE {is_in([COUNTED])} AND concern NOT IN ('bounced', 'complained')
    ORDER BY {BY_LOT}
    ON CONFLICT (key) DO NOTHING
    RETURNING id
)
SELECT (SELECT max(number) FROM batch), (SELECT count(*) FROM batch), (SELECT count(*) FROM owed)
"""  # noqa: S608 -- our own statement


@transaction.atomic
def owe_batch(question_id: int, *, now: datetime, most: int = MAX_BATCH_SIZE) -> bool:
    """Create the next outgoing emails of a question and note its progress, in one transaction.

    Return whether there may be more.
    """
    questions = CarryOver.objects.select_for_update(skip_locked=True, of=["self"]).select_related("revision")
    question = questions.filter(pk=question_id).first()
    if question is None:
        return False  # Another worker is already creating them.
    values: dict[str, Any] = {
        "letter": question.revision.letter_id,
        "revision": question.revision.number,
        "question": question.pk,
        "reached": question.reached,
        "most": most,
        "now": now,
    }
    reached, looked_at, owed = fetch_one(OWE, values)
    if looked_at:
        CarryOver.objects.filter(pk=question.pk).update(reached=reached, owed=F("owed") + owed)
    if owed:
        transaction.on_commit(wakeups.notify_bulk_mail_worker)
    return bool(looked_at == most)


@transaction.atomic
def answer_carry_over(signature: Signature, *, carries: bool, seen: int, now: datetime) -> None:
    """Record whether a signature carries over to the current text, whose number the signer saw as `seen`.

    Signers can change their answer at any time. Raises Refused("not_asked"), Refused("changed_again") if the text has
    changed since they saw it, and Refused("signature_withdrawn") if the signature was withdrawn or removed.
    """
    # Lock order: letter, then signature. While the letter's row is locked, nobody else changes a count.
    letter = signature.letter
    change = change_letter_unasked(letter, by="signer", now=now)
    locked = Signature.objects.select_for_update(no_key=True).filter(pk=signature.pk, state__in=CONFIRMED).first()
    if letter.status not in queries.ASKING or locked is None:
        raise Refused(Refusal.SIGNATURE_WITHDRAWN)
    locked.letter = letter
    choice = queries.choice_of(locked)
    if choice.question is None:
        raise Refused(Refusal.NOT_ASKED)
    if choice.answer and choice.answer.carries == carries:
        return
    if choice.current.number != seen:
        raise Refused(Refusal.CHANGED_AGAIN)
    before: dict[str, Any] = {"revision": choice.signed, "language": (choice.answer or locked).language}
    if choice.answer:
        CarryOverAnswer.objects.filter(pk=choice.answer.pk).update(carries=carries, answered_at=now)
    else:
        CarryOverAnswer.objects.create(
            question=choice.question, signature=locked, carries=carries, answered_at=now, **before
        )
    _count_answer(choice.question, carries=carries, is_first=choice.answer is None)
    after = {"revision": choice.current, "language": choice.text.language} if carries else before
    _move(locked, change, after)


def _count_answer(question: CarryOver, *, carries: bool, is_first: bool) -> None:
    said, other = ("carried", "stayed") if carries else ("stayed", "carried")
    changes = {said: F(said) + 1} if is_first else {said: F(said) + 1, other: F(other) - 1}
    CarryOver.objects.filter(pk=question.pk).update(**changes)


def _move(signature: Signature, change: LetterChange, after: dict[str, Any]) -> None:
    """Move the signature to this text. Pages show it at once, without a worker.

    Privacy: the version is public, so it increases only if a public page changes.
    """
    revision: Revision = after["revision"]
    Signature.objects.filter(pk=signature.pk).update(**after)
    if revision.pk != signature.revision_id:
        owe_carry(signature)
        if signature.counted:
            Revision.objects.move_counts({signature.revision_id: -1, revision.pk: 1})
    shown_before = signature.as_public()
    signature.revision, signature.language = revision, after["language"]
    if signature.as_public() != shown_before:
        change.update()
