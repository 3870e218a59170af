"""A collective writes to the signers who agreed to hear of it, and publishes what the addressee answers.

Who is written to has asked for it, so an update is none of the three mails a day that a stranger may cause by typing an
address into our forms (letters/signer/signing/queries.py). What bounds it instead: one update a letter and day.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from django.db import connection, transaction
from django.db.models import Count, F, Q
from limits import parse

from letters.base.accounts.operations import keep_text, mail_to_account
from letters.base.audit_log.operations import record
from letters.base.changes.operations import LetterChange, change_letter
from letters.models import (
    COUNTED,
    WRITING,
    AddresseeAnswer,
    Letter,
    OutgoingEmail,
    Signature,
    SignerContact,
    Update,
    User,
)
from letters.models.lifecycle import is_in
from letters.organizer.updates import queries
from letters.organizer.updates.mail import trial_mail
from letters.shared import limits, wakeups
from letters.shared.limits import Limit
from letters.shared.markdown import TooComplicated, render_markdown
from letters.shared.refused import Refusal, Refused
from letters.shared.text import DAMAGE, clean_line

State = Update.State

BETWEEN_UPDATES = timedelta(days=1)
TEST_MAILS = parse("20/hour")
MAX_TITLE_LENGTH = 150
MAX_BODY_LENGTH = 30_000
# Of one letter. One update a day can be sent, and nobody keeps more of them ready.
MAX_UNSENT = 20
MAX_ANSWERS = 20
# So many signatures are looked at in one transaction, which another pause or stop waits for.
SPREAD_BATCH_SIZE = 2000
DROP_BATCH_SIZE = 5000
# So many mails may be counted for each second that passes.
COUNTED_A_SECOND = 20_000


@dataclass(frozen=True, kw_only=True)
class UpdateText:
    """What an organizer types for the signers."""

    title: str
    body: str
    language: str
    is_public: bool = True


@transaction.atomic
def write_update(
    letter: Letter, *, text: UpdateText, by: User, now: datetime, update: Update | None = None, seen: str = ""
) -> Update:
    """A new draft, or another text for one, if it still reads as the writer saw it: `seen` is its `version`.

    Clicking twice makes one draft. Raises Refused("no_title"), Refused("no_body") or Refused("too_long") for what
    cannot be sent, Refused("changed_meanwhile") if a teammate has written since, Refused("begun") once it is sent,
    Refused("too_many_unsent") for a draft more than MAX_UNSENT, and Refused("too_much_text") as `keep_text` does.
    """
    # Before the lock: rendering a long text takes a while.
    values = _values(text)
    # Race: two clicks at once meet here, also those that make a new draft.
    change = change_letter(letter, WRITING, by=by, now=now)
    if update is None:
        same = Update.objects.filter(letter=letter, state=State.DRAFT, **values).first()
        return same or _draft(change, values, by=by)
    stands = Update.objects.select_for_update(no_key=True).get(pk=update.pk, letter=letter)
    if all(getattr(stands, name) == value for name, value in values.items()):
        return stands
    if stands.state != State.DRAFT:
        raise Refused(Refusal.BEGUN)
    if stands.version != seen:
        raise Refused(Refusal.CHANGED_MEANWHILE)
    keep_text(_words(values), instead_of=_words_before(stands, values), by=by, now=now)
    Update.objects.filter(pk=stands.pk).update(**values)
    change.record("write_update", stands, details={"letter": letter.pk})
    stands.refresh_from_db()
    return stands


def _values(text: UpdateText) -> dict[str, Any]:
    """As it is stored. One line of title, for it becomes a header of the mail."""
    title = clean_line(text.title)
    if not title:
        raise Refused(Refusal.NO_TITLE)
    if len(title) > MAX_TITLE_LENGTH:
        raise Refused(Refusal.TOO_LONG)
    return {"title": title, **_body(text.body), "language": text.language, "is_public": text.is_public}


def _body(typed: str) -> dict[str, str]:
    """The Markdown, and the HTML that is shown, of which something must be left."""
    body = typed.replace("\r\n", "\n")
    if len(body) > MAX_BODY_LENGTH:
        raise Refused(Refusal.TOO_LONG)
    try:
        html = render_markdown(body)
    except TooComplicated as problem:
        raise Refused(Refusal.TOO_COMPLICATED) from problem
    if not html.strip() or DAMAGE.search(body):
        raise Refused(Refusal.NO_BODY)
    return {"body": body, "html": html}


def _words(values: dict[str, Any]) -> list[str]:
    return [value for value in values.values() if isinstance(value, str)]


def _words_before(stands: Update | AddresseeAnswer, values: dict[str, Any]) -> list[str]:
    """What these values take the place of."""
    return [getattr(stands, name) for name, value in values.items() if isinstance(value, str)]


def _draft(change: LetterChange, values: dict[str, Any], *, by: User) -> Update:
    letter, now = change.letter, change.now
    if Update.objects.filter(letter=letter, state=State.DRAFT).count() >= MAX_UNSENT:
        raise Refused(Refusal.TOO_MANY_UNSENT)
    keep_text(_words(values), by=by, now=now)
    update = Update.objects.create(letter=letter, author=by, created_at=now, **values)
    change.record("write_update", update, details={"letter": letter.pk})
    return update


@transaction.atomic
def send_update(update: Update, *, seen: str, by: User, now: datetime) -> None:
    """Begin to send it to everybody who has signed by now and agreed; a worker carries that out. Its text is final.

    Sending it twice changes nothing. Raises Refused("letter_draft") or Refused("letter_withdrawn"),
    Refused("changed_meanwhile") if it is not the text that was `seen`, Refused("another_under_way"), and
    Refused("too_soon") within a day of the one before.
    """
    # Two that are sent at once meet at the letter's row; and its highest number is read as the sequencer left it.
    change = change_letter(update.letter, WRITING, by=by, now=now)
    letter = change.letter
    stands = Update.objects.select_for_update(no_key=True).get(pk=update.pk)
    if stands.state != State.DRAFT:
        return
    if letter.status not in {Letter.Status.PUBLISHED, Letter.Status.CLOSED}:
        raise Refused(letter.status_refusal())
    if stands.version != seen:
        raise Refused(Refusal.CHANGED_MEANWHILE)
    if code := why_not_now(letter, now=now):
        raise Refused(code)
    Update.objects.filter(pk=update.pk).update(state=State.SENDING, began_at=now, up_to=letter.last_number)
    change.update()
    change.record("send_update", update, details={"letter": letter.pk, "is_public": stands.is_public})
    change.after_commit(wakeups.wake_spreader)
    update.refresh_from_db()


def why_not_now(letter: Letter, *, now: datetime) -> Refusal | Literal[""]:
    """Why none of its updates may begin to be sent at this moment; empty if one may."""
    others = Update.objects.filter(letter=letter)
    if others.under_way().exists():
        return Refusal.ANOTHER_UNDER_WAY
    # A day since the last mail, not since the first: sending may take long.
    return Refusal.TOO_SOON if others.filter(ended_at__gt=now - BETWEEN_UPDATES).exists() else ""


@transaction.atomic
def pause_update(update: Update, *, by: User, now: datetime) -> None:
    """Nothing of it leaves any more, but for a mail that is on the line at this moment. What is owed stays owed."""
    _move(update, {State.SENDING}, State.PAUSED, "pause_update", by=by, now=now)


@transaction.atomic
def resume_update(update: Update, *, by: User, now: datetime) -> None:
    """Go on with whoever has not had it. Raises Refused("letter_withdrawn")."""
    if Letter.objects.filter(pk=update.letter_id, status=Letter.Status.WITHDRAWN).exists():
        raise Refused(Refusal.LETTER_WITHDRAWN)
    _move(update, {State.PAUSED}, State.SENDING, "resume_update", by=by, now=now)
    transaction.on_commit(wakeups.wake_spreader)
    transaction.on_commit(wakeups.notify_bulk_mail_worker)


@transaction.atomic
def stop_update(update: Update, *, by: User, now: datetime) -> None:
    """For good: who has not had it does not get it. A worker drops what is owed."""
    _move(update, {State.SENDING, State.PAUSED}, State.STOPPED, "stop_update", by=by, now=now)
    transaction.on_commit(wakeups.wake_spreader)


@transaction.atomic
def show_update(update: Update, *, is_public: bool, by: User, now: datetime) -> None:
    """Put it into the public archive, or take it out. The mails that were sent stay sent."""
    change = change_letter(update.letter, WRITING, by=by, now=now)
    if Update.objects.filter(pk=update.pk).exclude(is_public=is_public).update(is_public=is_public):
        change.update()
        verb = "show_update" if is_public else "hide_update"
        change.record(verb, update, details={"letter": update.letter_id})
    update.refresh_from_db()


def send_test_mail(update: Update, *, by: User, now: datetime) -> None:
    """As signers will get it, to the address of one's own account and to no other.

    Raises Refused("too_many") beyond TEST_MAILS, and Refused("no_worker") if nobody takes it.
    """
    change = change_letter(update.letter, WRITING, by=by, now=now, lock=False)
    if limits.count([Limit("test mails", str(by.pk), TEST_MAILS)]):
        raise Refused(Refusal.TOO_MANY)
    with transaction.atomic():
        change.record("send_test_mail", update, details={"letter": update.letter_id})
        mail_to_account(trial_mail(update, by.email))


def _move(update: Update, among: set[State], to: State, verb: str, *, by: User, now: datetime) -> None:
    """From one of these states into another, once: whoever comes second finds nothing to do."""
    change = change_letter(update.letter, WRITING, by=by, now=now, lock=False)
    if Update.objects.filter(pk=update.pk, state__in=among).update(state=to):
        change.record(verb, update, details={"letter": update.letter_id})
    update.refresh_from_db()


# What a worker does with it

# Those who agreed, among the next signatures in the letter's order. By number, which the sequencer gives in the order
# of commits: nothing appears behind the cursor. The key and the cursor each see to it that nobody is owed it twice.
SPREAD = f"""
WITH passed AS MATERIALIZED (
    SELECT id, number, state, concern FROM letters_signature
    WHERE letter_id = %(letter)s AND number > %(cursor)s AND number <= %(up_to)s
    ORDER BY number LIMIT %(most)s
), owed AS (
    INSERT INTO letters_outgoingemail (kind, signature_id, update_id, key, created_at, next_attempt_at, attempts, error)
    SELECT 'update', passed.id, %(update)s, 'update:' || %(update)s || ':' || passed.id, %(now)s, %(now)s, 0, ''
    FROM passed JOIN letters_signercontact AS contact ON contact.signature_id = passed.id
    WHERE {is_in([COUNTED], "passed.state")}
        AND passed.concern NOT IN ('bounced', 'complained') AND contact.consent <> ''
    ON CONFLICT (key) DO NOTHING
    RETURNING 1
)
SELECT coalesce((SELECT max(number) FROM passed), %(up_to)s), (SELECT count(*) FROM owed)
"""  # noqa: S608 -- our own statement


@transaction.atomic
def spread_update(update_id: int, *, now: datetime) -> bool:
    """Owe the update to the next signers who agreed. True if there may be more.

    What is owed and how far that went are written together: a worker that dies loses nothing and doubles nothing.
    """
    spreading = Update.objects.filter(pk=update_id, state=State.SENDING, spread_at=None)
    update = spreading.select_for_update(no_key=True, skip_locked=True).first()
    if update is None:
        return False
    with connection.cursor() as cursor:
        bounds = {"letter": update.letter_id, "cursor": update.cursor, "up_to": update.up_to, "most": SPREAD_BATCH_SIZE}
        cursor.execute(SPREAD, {**bounds, "update": update_id, "now": now})
        reached, owed = cursor.fetchone()
    is_done = reached >= update.up_to
    spreading.update(cursor=reached, recipients_total=F("recipients_total") + owed, spread_at=now if is_done else None)
    transaction.on_commit(wakeups.notify_bulk_mail_worker)
    return not is_done


# Not what a worker has in hands: the mail may be on the line at this moment, and then it was sent.
DROP = """
UPDATE letters_outgoingemail SET dropped_at = %(now)s WHERE id IN (
    SELECT id FROM letters_outgoingemail
    WHERE update_id = %(update)s AND sent_at IS NULL AND failed_at IS NULL AND dropped_at IS NULL
        AND (next_attempt_at <= %(now)s OR error <> '')
    LIMIT %(most)s FOR UPDATE SKIP LOCKED
)
"""


def drop_owed(update_id: int, *, now: datetime) -> bool:
    """Owe nobody a stopped update any more. True if there may be more to drop."""
    if not Update.objects.filter(pk=update_id, state=State.STOPPED).exists():
        return False
    with connection.cursor() as cursor:
        cursor.execute(DROP, {"update": update_id, "now": now, "most": DROP_BATCH_SIZE})
        return int(cursor.rowcount) == DROP_BATCH_SIZE


@transaction.atomic
def tally_update(update_id: int, *, now: datetime) -> None:
    """Count how its mails stand, and note when none is owed any more."""
    update = Update.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=update_id).first()
    if update is None or (update.tallied_at and now - update.tallied_at < _rest(update)):
        return
    mails = OutgoingEmail.objects.filter(update_id=update_id)
    counts = mails.aggregate(
        owed_count=Count("pk", filter=Q(sent_at=None, failed_at=None, dropped_at=None)),
        sent_count=Count("pk", filter=Q(sent_at__isnull=False)),
        failed_count=Count("pk", filter=Q(failed_at__isnull=False)),
    )
    changes: dict[str, Any] = {**counts, "tallied_at": now}
    if not counts["owed_count"] and update.spread_at and update.state == State.SENDING:
        changes |= {"state": State.SENT, "ended_at": now}
    elif not counts["owed_count"] and update.state == State.STOPPED:
        changes |= {"ended_at": now}
    Update.objects.filter(pk=update_id).update(**changes)


def _rest(update: Update) -> timedelta:
    """How long a count is good: a million mails, which take a moment to count, are not counted at every sweep."""
    return timedelta(seconds=update.recipients_total // COUNTED_A_SECOND)


# Signers


@transaction.atomic
def unsubscribe(signature: Signature, *, now: datetime) -> None:
    """The signer wants to hear no more of the letter. The signature stands. Doing it twice changes nothing."""
    agreed = SignerContact.objects.filter(pk=signature.pk).exclude(consent="")
    if not agreed.update(consent="", consented_at=None):
        return
    # The token is the same in all mails to a signer; that it was the last of them is likely, and enough for a number.
    last = OutgoingEmail.objects.filter(signature=signature, update__isnull=False, sent_at__isnull=False).order_by(
        "-pk"
    )
    for update_id in last.values_list("update_id", flat=True)[:1]:
        Update.objects.filter(pk=update_id).update(unsubscribed_count=F("unsubscribed_count") + 1)
    record("unsubscribe", signature, by="signer", now=now, details={"letter": signature.letter_id})


# The answer of the addressee


@dataclass(frozen=True, kw_only=True)
class AnswerText:
    """What an organizer enters."""

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
    """A new answer, which only the collective sees, or another text for one, if it still reads as the writer saw it.

    One that is published changes with a public note alone: Refused("no_note"). Raises Refused("impossible_day") for a
    day that has not come yet, or that was before the letter; Refused("too_many_answers") for one more than
    MAX_ANSWERS. Else as `write_update`.
    """
    # Before the lock: rendering a long text takes a while.
    values = _values_of_answer(text)
    change = change_letter(letter, WRITING, by=by, now=now)
    first, last = queries.days_of_answer(letter, now)
    is_as_before = answer is not None and answer.answered_on == text.answered_on
    if not (is_as_before or first <= text.answered_on <= last):
        raise Refused(Refusal.IMPOSSIBLE_DAY)
    if answer is None:
        return _new_answer(change, values, by=by)
    stands = AddresseeAnswer.objects.select_for_update(no_key=True).get(pk=answer.pk, letter=letter)
    if all(getattr(stands, name) == value for name, value in values.items()):
        return stands
    if stands.version != seen:
        raise Refused(Refusal.CHANGED_MEANWHILE)
    details: dict[str, Any] = {"letter": letter.pk}
    keep_text(_words(values), instead_of=_words_before(stands, values), by=by, now=now)
    if stands.published_at:
        if not clean_line(note):
            raise Refused(Refusal.NO_NOTE)
        values |= {"changed_because": clean_line(note), "changed_at": now}
        details["before"] = _as_it_was(stands, by, now)
        change.update()
    AddresseeAnswer.objects.filter(pk=stands.pk).update(**values)
    change.record("write_answer", stands, reason=clean_line(note), details=details)
    stands.refresh_from_db()
    return stands


def _as_it_was(answer: AddresseeAnswer, by: User, now: datetime) -> dict[str, str]:
    """What the public read before, and may have quoted, for the record.

    The record is kept for ever, so each text stands in it once: a later event with the same fingerprint names it only.
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
    return {"respondent": respondent, **_body(text.body), **typed}


def _new_answer(change: LetterChange, values: dict[str, Any], *, by: User) -> AddresseeAnswer:
    """Clicking twice makes one."""
    letter, now = change.letter, change.now
    if same := AddresseeAnswer.objects.filter(letter=letter, **values).first():
        return same
    if AddresseeAnswer.objects.filter(letter=letter).count() >= MAX_ANSWERS:
        raise Refused(Refusal.TOO_MANY_ANSWERS)
    keep_text(_words(values), by=by, now=now)
    answer = AddresseeAnswer.objects.create(letter=letter, author=by, created_at=now, **values)
    change.record("write_answer", answer, details={"letter": letter.pk})
    return answer


@transaction.atomic
def publish_answer(answer: AddresseeAnswer, *, by: User, now: datetime) -> None:
    """Show it on the letter's page. Publishing it twice changes nothing. Raises Refused("letter_draft")."""
    change = change_letter(answer.letter, WRITING, by=by, now=now)
    if answer.letter.status == Letter.Status.DRAFT:
        raise Refused(Refusal.LETTER_DRAFT)
    _turn_answer(change, answer, now, "publish_answer")


@transaction.atomic
def hide_answer(answer: AddresseeAnswer, *, by: User, now: datetime) -> None:
    """Take it off the letter's page again."""
    change = change_letter(answer.letter, WRITING, by=by, now=now)
    _turn_answer(change, answer, None, "hide_answer")


def _turn_answer(change: LetterChange, answer: AddresseeAnswer, published_at: datetime | None, verb: str) -> None:
    other = AddresseeAnswer.objects.filter(pk=answer.pk, published_at__isnull=published_at is not None)
    if other.update(published_at=published_at):
        change.update()
        change.record(verb, answer, details={"letter": answer.letter_id})
    answer.refresh_from_db()
