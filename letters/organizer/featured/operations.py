"""Feature signers on the letter's page, with their consent, and stop featuring them."""

from datetime import datetime

from django.db import transaction

from letters.base.changes.operations import LetterChange, change_letter, change_letter_unasked
from letters.base.outbox.enqueueing import new_email
from letters.models import WRITING, EmailKind, Featuring, Letter, OutgoingEmail, Signature, User, next_daily_hour
from letters.organizer.featured import queries
from letters.shared.refused import Refusal, Refused

# A letter can ask so many signers. Abuse: each question can be an email.
MAX_ASKED = 60


@transaction.atomic
def feature_signer(letter: Letter, *, number: int, by: User, now: datetime) -> bool:
    """Ask a signer whether they may be featured. Feature a signer at once who has agreed before. Idempotent.

    Returns whether the signer is featured now. Raises Refused: "not_featurable" unless everyone reads the name,
    "declined_featuring", and "too_many_asked".
    """
    change = change_letter(letter, WRITING, by=by, now=now)
    signature = queries.featurable(letter).filter(number=number).first()
    if signature is None:
        raise Refused(Refusal.NOT_FEATURABLE)
    featuring = queries.featuring_of(letter, number)
    if featuring is None:
        _ask(change, signature, by)
        return False
    if featuring.known_answer == Featuring.Answer.NO:
        raise Refused(Refusal.DECLINED_FEATURING)
    if featuring.known_answer == Featuring.Answer.YES and number not in letter.featured:
        change.update(featured=[*letter.featured, number])
        change.record_signatures("feature_signer", [signature.pk])
    return number in letter.featured


def _ask(change: LetterChange, signature: Signature, by: User) -> None:
    if Featuring.objects.filter(signature__letter=change.letter).count() >= MAX_ASKED:
        raise Refused(Refusal.TOO_MANY_ASKED)
    Featuring.objects.create(signature=signature, asked_by=by, asked_at=change.now)
    # Privacy: every signature gets a row. Whether an email may leave is decided when its turn has come
    # (letters/signer/signing/telling.py), and no page of organizers depends on it.
    due = next_daily_hour(change.letter.zone(), change.now)
    email = new_email(EmailKind.FEATURE, signature.pk, now=change.now, due=due, signature_id=signature.pk)
    OutgoingEmail.objects.bulk_create([email], ignore_conflicts=True)
    change.record_signatures("ask_to_feature", [signature.pk])


@transaction.atomic
def stop_featuring(letter: Letter, *, number: int, by: User, now: datetime) -> bool:
    """Take the name off its special place, or take back a question without an answer. Idempotent.

    The consent stays, so that this can be undone. Returns whether the signer was featured.
    """
    change = change_letter(letter, WRITING, by=by, now=now)
    featuring = queries.featuring_of(letter, number)
    if featuring and not featuring.known_answer:
        # Privacy: an answer that organizers do not know yet goes, too, so the outcome is the same.
        OutgoingEmail.objects.owed().filter(kind=EmailKind.FEATURE, signature=featuring.signature_id).delete()
        featuring.delete()
        change.record_signatures("take_question_back", [featuring.signature_id])
    if number not in letter.featured:
        return False
    change.update(featured=[each for each in letter.featured if each != number])
    if featuring:
        change.record_signatures("stop_featuring", [featuring.signature_id])
    return True


def pass_on_answers(*, now: datetime) -> int:
    """Feature signers who agreed on an earlier day, and show organizers the answers. Returns how many there were."""
    return sum(_pass_on(letter_id, now) for letter_id in queries.letters_to_answer(now))


@transaction.atomic
def _pass_on(letter_id: int, now: datetime) -> int:
    change = change_letter_unasked(Letter.objects.select_related("collective").get(pk=letter_id), by="signer", now=now)
    letter = change.letter
    due = Featuring.objects.filter(passed_on_at=None, reaches_at__lte=now, signature__letter=letter)
    answered = list(due.select_for_update(no_key=True, of=["self"]).order_by("pk"))
    Featuring.objects.filter(pk__in=[each.pk for each in answered]).update(passed_on_at=now)
    agreed = [each.signature_id for each in answered if each.answer == Featuring.Answer.YES]
    numbers = queries.featurable(letter).filter(pk__in=agreed).order_by("number").values_list("number", flat=True)
    if added := [number for number in numbers if number not in letter.featured]:
        change.update(featured=[*letter.featured, *added])
    # Privacy: recorded with the day's batch, so that no record has the time of the answer.
    change.record_signatures("answer_featuring", [each.signature_id for each in answered])
    return len(answered)
