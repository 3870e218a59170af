"""Record the delivery of a letter to its addressee."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from letters.base.accounts.operations import keep_text
from letters.base.changes.operations import LetterChange, change_letter
from letters.models import WRITING, Letter, LetterDelivery, User
from letters.shared.refused import Refusal, Refused


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """A delivery as an organizer described it."""

    on: date
    to: str
    signature_count: int
    note: str = ""


@transaction.atomic
def record_letter_delivery(letter: Letter, *, delivered: Delivered, by: User, now: datetime) -> LetterDelivery:
    """Record publicly that the letter was delivered. If day and recipient are the same again, correct the record.

    Raises Refused("never_published"), Refused("letter_sealed") while nobody may know how many have signed,
    Refused("too_many_signatures") beyond what was ever published, or Refused("too_much_text") as `keep_text` does.
    """
    change = change_letter(letter, WRITING, by=by, now=now)
    if letter.status == Letter.Status.DRAFT:
        raise Refused(Refusal.NEVER_PUBLISHED)
    if letter.is_sealed:
        raise Refused(Refusal.LETTER_SEALED)
    if delivered.signature_count > letter.last_number:
        raise Refused(Refusal.TOO_MANY_SIGNATURES)
    keep_text([delivered.to, delivered.note], by=by, now=now)
    values = {"note": delivered.note, "signature_count": delivered.signature_count, "recorded_at": now}
    letter_delivery, _ = LetterDelivery.objects.update_or_create(
        letter=letter, on=delivered.on, to=delivered.to, defaults=values
    )
    _record(change, "record_letter_delivery", letter_delivery)
    return letter_delivery


@transaction.atomic
def remove_letter_delivery(letter: Letter, letter_delivery_id: int, *, by: User, now: datetime) -> None:
    """Delete a record that is wrong. Idempotent."""
    change = change_letter(letter, WRITING, by=by, now=now)
    letter_delivery = LetterDelivery.objects.filter(letter=letter, pk=letter_delivery_id).first()
    if letter_delivery:
        _record(change, "remove_letter_delivery", letter_delivery)
        letter_delivery.delete()


def _record(change: LetterChange, verb: str, letter_delivery: LetterDelivery) -> None:
    change.update()
    details = {"on": letter_delivery.on.isoformat(), "signatures": letter_delivery.signature_count}
    change.record(verb, change.letter, details=details)
