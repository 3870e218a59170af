"""Change what the signing form asks, who may sign, and until when."""

from copy import copy
from datetime import datetime
from typing import Any

from django.db import transaction

from letters.base.batches.queries import may_become
from letters.base.changes.operations import change_letter
from letters.models import (
    USUAL_NOTICE_HOURS,
    WRITING,
    Ask,
    Breakdown,
    Letter,
    User,
)
from letters.organizer.letter_editor.operations.sealing import require_as_promised, seal_letter
from letters.shared.refused import Refusal, Refused

# The fields of Letter that organizers may change at any time.
SETTINGS = [
    *["goal", "opens_at", "closes_at", "reviewed", "hold_from", "displays", "domains", "addressee_domains"],
    "asks_proof",
    *["ask_affiliation", "ask_role", "ask_country", "ask_comment"],
    *["comments_public", "indexing", "origins", "organisations_sign"],
    *["breakdown_public", "batch_size"],
    *["keep_addresses", "keep_data", "withholds_names_later"],
]

KEPT = {"keep_addresses", "keep_data", "withholds_names_later"}


@transaction.atomic
def set_up_letter(letter: Letter, *, values: dict[str, Any], by: User, now: datetime) -> None:
    """Change the fields in SETTINGS. Existing signatures keep what they were signed with.

    `names_from` and `notice_hours`, if they are given, say whether the letter names nobody at first: see sealing.py,
    which also says when that refuses a change.

    Raises Refused("batch_too_small") for fewer signatures in a batch than the site, or the form, has said,
    Raises Refused("kept_longer") if data about people who may have signed would be kept longer than they have read,
    Refused("breakdown_too_late") for numbers by country and domain once someone can have signed,
    Refused("open_already") for an opening time in the future once the form has been open, and
    Refused("end_is_past") for a new closing time in the past.
    """
    change = change_letter(letter, WRITING, by=by, now=now)
    changed = {name: values[name] for name in SETTINGS if name in values and getattr(letter, name) != values[name]}
    is_sealed = values["names_from"] is not None if "names_from" in values else letter.is_sealed
    if is_sealed and not letter.named_at:
        require_as_promised(letter, changed)
    seals = "names_from" in values and seal_letter(
        change, names_from=values["names_from"], notice_hours=values["notice_hours"] or USUAL_NOTICE_HOURS
    )
    # Privacy: otherwise organizers could close the form again, invite first signatories, and mix them with people who
    # have signed. The rule does not depend on whether anyone has signed. Otherwise the refusal would tell organizers
    # about the first signer.
    opens_at = changed.get("opens_at")
    if opens_at and opens_at > now and letter.form_has_opened(now):
        raise Refused(Refusal.OPEN_ALREADY)
    # Privacy: otherwise an editor could end the time to confirm after a signing and before its email, and then undo it.
    # People who have just signed would also lose their day to confirm.
    closes_at = changed.get("closes_at")
    if closes_at and closes_at <= now:
        raise Refused(Refusal.END_IS_PAST)
    if "batch_size" in changed and not may_become(letter, changed["batch_size"]):
        raise Refused(Refusal.BATCH_TOO_SMALL)
    _require_no_longer(letter, changed, now)
    if "breakdown_public" in changed:
        _switch_breakdown(letter, on=changed["breakdown_public"])
    if changed:
        change.update(**changed, required_since=_required_since(letter, changed, now))
    if changed or seals:
        details = {"changed": sorted([*changed, *(["names_from"] if seals else [])])}
        change.record("set_up_letter", letter, details=details)


def _require_no_longer(letter: Letter, changed: dict[str, Any], now: datetime) -> None:
    """Privacy: signers have read beside the form how long the letter keeps what it stores about them."""
    if not letter.form_has_opened(now) and not letter.signatures.exists():
        return
    after = copy(letter)
    for name in KEPT.intersection(changed):
        setattr(after, name, changed[name])
    keeps_names = letter.withholds_names_later and not after.withholds_names_later
    is_longer = after.months_of_addresses > letter.months_of_addresses or after.months_of_data > letter.months_of_data
    if keeps_names or is_longer:
        raise Refused(Refusal.KEPT_LONGER)


def _switch_breakdown(letter: Letter, *, on: bool) -> None:
    """Privacy: everyone who signs reads on the form that these numbers are public, so nobody can have signed before."""
    if not on:
        Breakdown.objects.filter(letter=letter).delete()
    elif letter.status != Letter.Status.DRAFT or letter.signatures.exists():
        raise Refused(Refusal.BREAKDOWN_TOO_LATE)


def _required_since(letter: Letter, changed: dict[str, Any], now: datetime) -> dict[str, str]:
    since = dict(letter.required_since or {})
    for name, ask in changed.items():
        if name.startswith("ask_"):
            field = name.removeprefix("ask_")
            since.pop(field, None)
            if ask == Ask.REQUIRED:
                since[field] = now.isoformat()
    return since
