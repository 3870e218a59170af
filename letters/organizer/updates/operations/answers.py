"""Write, publish and hide the addressee's answers."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from letters.base.accounts.operations import keep_text
from letters.base.changes.operations import LetterChange, change_letter
from letters.models import (
    WRITING,
    AddresseeAnswer,
    Letter,
    User,
)
from letters.organizer.updates import queries
from letters.organizer.updates.operations.text import rendered_body, words_in, words_replaced
from letters.shared.refused import Refusal, Refused
from letters.shared.text import clean_line

MAX_ANSWERS = 20


@dataclass(frozen=True, kw_only=True)
class AnswerText:
    """An answer as an organizer entered it."""

    respondent: str
    answered_on: date
    language: str
    body: str
    link: str = ""


@transaction.atomic
def write_answer(
    letter: Letter,
    *,
    text: AnswerText,
    by: User,
    now: datetime,
    answer: AddresseeAnswer | None = None,
    seen: str = "",
    note: str = "",
) -> AddresseeAnswer:
    """Create an answer, which only the collective sees, or change one that has not changed since the writer loaded it.

    A published answer needs a public note about the change: Refused("no_note"). Raises Refused("impossible_day") for a
    day in the future or before the letter, Refused("too_many_answers") beyond MAX_ANSWERS, and otherwise the refusals
    of `write_update`.
    """
    # Before taking the lock: rendering a long text takes a while.
    values = _values_of_answer(text)
    change = change_letter(letter, WRITING, by=by, now=now)
    first, last = queries.days_of_answer(letter, now)
    is_same_day = answer is not None and answer.answered_on == text.answered_on
    if not (is_same_day or first <= text.answered_on <= last):
        raise Refused(Refusal.IMPOSSIBLE_DAY)
    if answer is None:
        return _create_answer(change, values, by=by)
    current = AddresseeAnswer.objects.select_for_update(no_key=True).get(pk=answer.pk, letter=letter)
    if all(getattr(current, name) == value for name, value in values.items()):
        return current
    if current.version != seen:
        raise Refused(Refusal.CHANGED_MEANWHILE)
    _change_answer(change, current, values, note=clean_line(note), by=by)
    current.refresh_from_db()
    return current


def _change_answer(
    change: LetterChange, answer: AddresseeAnswer, values: dict[str, Any], *, note: str, by: User
) -> None:
    details: dict[str, Any] = {"letter": change.letter.pk}
    keep_text(words_in(values), instead_of=words_replaced(answer, values), by=by, now=change.now)
    if answer.published_at:
        if not note:
            raise Refused(Refusal.NO_NOTE)
        values |= {"changed_because": note, "changed_at": change.now}
        details["before"] = _published_version(answer, by, change.now)
        change.update()
    AddresseeAnswer.objects.filter(pk=answer.pk).update(**values)
    change.record("write_answer", answer, reason=note, details=details)


def _published_version(answer: AddresseeAnswer, by: User, now: datetime) -> dict[str, str]:
    """Return what the public read before and may have quoted, for the audit record.

    The log is kept forever, so it stores each text once. A later event with the same fingerprint only refers to it.
    """
    fingerprint = hashlib.sha256(answer.body.encode()).hexdigest()
    was = {"respondent": answer.respondent, "sha256": fingerprint}
    if not queries.is_on_record(answer, fingerprint):
        was["body"] = answer.body
    keep_text(was.values(), by=by, now=now)
    return was


def _values_of_answer(text: AnswerText) -> dict[str, Any]:
    respondent = clean_line(text.respondent)
    if not respondent:
        raise Refused(Refusal.NO_RESPONDENT)
    if text.link and not text.link.startswith(("https://", "http://")):
        raise Refused(Refusal.NO_LINK)
    typed = {"answered_on": text.answered_on, "language": text.language, "link": text.link}
    return {"respondent": respondent, **rendered_body(text.body), **typed}


def _create_answer(change: LetterChange, values: dict[str, Any], *, by: User) -> AddresseeAnswer:
    """Create an answer. A double click creates only one."""
    letter, now = change.letter, change.now
    if same := AddresseeAnswer.objects.filter(letter=letter, **values).first():
        return same
    if AddresseeAnswer.objects.filter(letter=letter).count() >= MAX_ANSWERS:
        raise Refused(Refusal.TOO_MANY_ANSWERS)
    keep_text(words_in(values), by=by, now=now)
    answer = AddresseeAnswer.objects.create(letter=letter, author=by, created_at=now, **values)
    change.record("write_answer", answer, details={"letter": letter.pk})
    return answer


@transaction.atomic
def publish_answer(answer: AddresseeAnswer, *, by: User, now: datetime) -> None:
    """Show the answer on the letter's page. Idempotent. Raises Refused("letter_draft")."""
    change = change_letter(answer.letter, WRITING, by=by, now=now)
    if answer.letter.status == Letter.Status.DRAFT:
        raise Refused(Refusal.LETTER_DRAFT)
    _set_published(change, answer, now, "publish_answer")


@transaction.atomic
def hide_answer(answer: AddresseeAnswer, *, by: User, now: datetime) -> None:
    """Take the answer off the letter's page."""
    change = change_letter(answer.letter, WRITING, by=by, now=now)
    _set_published(change, answer, None, "hide_answer")


def _set_published(change: LetterChange, answer: AddresseeAnswer, published_at: datetime | None, verb: str) -> None:
    other = AddresseeAnswer.objects.filter(pk=answer.pk, published_at__isnull=published_at is not None)
    if other.update(published_at=published_at):
        change.update()
        change.record(verb, answer, details={"letter": answer.letter_id})
    answer.refresh_from_db()
