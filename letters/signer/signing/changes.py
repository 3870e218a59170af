"""Decide which changes of a signer take effect at once, and which a moderator must review first."""

from typing import Any

from letters.base.audit_log.queries import has_happened
from letters.models import NO_CHANGES, PRIVATE_TO_PUBLIC, WORDS, Display, Signature, State, Transition

# The audit verbs with which a moderator accepts the words of a signature.
ACCEPTED = ["accept_signature", "restore_signature"]


def columns_to_write(current: Signature, wanted: dict[str, str], *, is_reviewed: bool) -> tuple[dict[str, Any], bool]:
    """Return the columns to write when a signer changes a signature, and whether it is held for a moderator.

    The caller must hold the lock on its row.
    """
    added = _added(current, wanted)
    is_judged = _has_been_judged(current, added)
    if not added or not (is_reviewed or current.concern or is_judged):
        return {**NO_CHANGES, **wanted}, False
    if current.state == State.PUBLISHED:
        return _held_for_review(current, wanted, added), False
    again: dict[str, Any] = {}
    if is_judged and current.concern in {Signature.Concern.NONE, Signature.Concern.BOUNCED}:
        # Abuse: otherwise a moderator's decision about the old words would also apply to the new ones, even if the
        # signature must be confirmed again.
        again = {"concern": Signature.Concern.CHANGED}
    if is_held := current.state in Transition.HOLD_CHANGE.sources:
        again = {"concern": current.concern or Signature.Concern.CHANGED}
    return {**wanted, **again}, is_held


def _has_been_judged(current: Signature, added: dict[str, str]) -> bool:
    """Return whether a moderator has decided about the old words.

    Abuse: otherwise no moderator would see what a signer writes after a comment was hidden.
    """
    return has_happened(ACCEPTED, current) or (current.comment_hidden and "comment" in added)


def _added(current: Signature, wanted: dict[str, str]) -> dict[str, str]:
    """Return the fields in which the signer wants new words, or wants more people to see the name."""
    added = {name: wanted[name] for name in WORDS if wanted[name] not in {"", getattr(current, name)}}
    if PRIVATE_TO_PUBLIC.index(Display(wanted["display"])) > PRIVATE_TO_PUBLIC.index(Display(current.display)):
        added["display"] = wanted["display"]
    return added


def _held_for_review(current: Signature, wanted: dict[str, str], added: dict[str, str]) -> dict[str, Any]:
    """Return the columns that keep the old words until a moderator accepts the new ones."""
    at_once: dict[str, Any] = {name: value for name, value in wanted.items() if name not in added}
    if current.display == Display.NOBODY and "name" in added:
        # Privacy: a name that nobody may see is not stored, so there is no old name. The organizers see the new name at
        # once; the public still reads "name withheld".
        at_once |= {"display": Display.ORGANIZERS, "name": added.pop("name")}
        if added.get("display") == Display.ORGANIZERS:
            del added["display"]
    concern = current.concern or Signature.Concern.CHANGED
    return {**NO_CHANGES, **at_once, "pending_changes": added or None, "concern": concern}
