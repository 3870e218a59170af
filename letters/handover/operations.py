"""The record of a letter's delivery to its addressee."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import F

from letters.accounts.operations import keep_text
from letters.auditing.operations import record
from letters.models import WRITING, Handover, Letter, User
from letters.shared.refusal import Refused


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """What an organizer says of a delivery."""

    on: date
    to: str
    signature_count: int
    note: str = ""


@transaction.atomic
def record_handover(letter: Letter, *, delivered: Delivered, by: User, now: datetime) -> Handover:
    """Say publicly that the letter was delivered. The same day and addressee once more set right what was said.

    Raises Refused("never_published"), Refused("too_many_signatures") beyond what has ever been published, or
    Refused("too_much_text") as `keep_text` does.
    """
    locked = _own(letter, by)
    if locked.status == Letter.Status.DRAFT:
        raise Refused("never_published")
    if delivered.signature_count > locked.last_number:
        raise Refused("too_many_signatures")
    keep_text([delivered.to, delivered.note], by=by, now=now)
    values = {"note": delivered.note, "signature_count": delivered.signature_count, "recorded_at": now}
    handover, _ = Handover.objects.update_or_create(letter=letter, on=delivered.on, to=delivered.to, defaults=values)
    _tell("record_handover", letter, handover, by=by, now=now)
    return handover


@transaction.atomic
def remove_handover(letter: Letter, handover_id: int, *, by: User, now: datetime) -> None:
    """It was not so. Doing it twice changes nothing."""
    _own(letter, by)
    found = Handover.objects.filter(letter=letter, pk=handover_id).first()
    if found:
        _tell("remove_handover", letter, found, by=by, now=now)
        found.delete()


def _own(letter: Letter, by: User) -> Letter:
    letter.collective.must_let(by, WRITING)
    return Letter.objects.select_for_update(no_key=True).get(pk=letter.pk)


def _tell(verb: str, letter: Letter, handover: Handover, *, by: User, now: datetime) -> None:
    Letter.objects.filter(pk=letter.pk).update(version=F("version") + 1)
    details = {"on": handover.on.isoformat(), "signatures": handover.signature_count}
    record(verb, letter, by=by, now=now, details=details)
