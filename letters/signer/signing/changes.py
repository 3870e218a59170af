"""What becomes of words that a signer changes: what is in effect at once, and what a moderator looks at before."""

from typing import Any

from letters.base.audit_log.queries import has_happened
from letters.models import PRIVATE_TO_PUBLIC, WORDS, Display, Signature, State, Transition

# The judgements by which a moderator has said yes to the words of a signature.
ACCEPTED = ["accept_signature", "restore_signature"]


def in_effect(stands: Signature, wanted: dict[str, str], *, is_reviewed: bool) -> tuple[dict[str, Any], bool]:
    """Decide what becomes of a signature that its signer changes, and whether it is held for a moderator.

    The caller holds the lock on its row.
    """
    added = _added(stands, wanted)
    was_accepted = has_happened(ACCEPTED, stands)
    if not added or not (is_reviewed or stands.concern or was_accepted):
        return {**wanted, "pending_changes": None, "declined_changes": None}, False
    if stands.state == State.PUBLISHED:
        return _proposed(stands, wanted, added), False
    again: dict[str, Any] = {}
    if was_accepted and stands.concern in {Signature.Concern.NONE, Signature.Concern.BOUNCED}:
        # It would go on with a yes that was said to other words: also if it comes back to be confirmed once more.
        again = {"concern": Signature.Concern.CHANGED}
    if is_held := stands.state in Transition.HOLD_CHANGE.sources:
        again = {"concern": stands.concern or Signature.Concern.CHANGED}
    return {**wanted, **again}, is_held


def _added(stands: Signature, wanted: dict[str, str]) -> dict[str, str]:
    """Where the signer wants words that do not stand there yet, or more people to see the name."""
    added = {name: wanted[name] for name in WORDS if wanted[name] not in {"", getattr(stands, name)}}
    if PRIVATE_TO_PUBLIC.index(Display(wanted["display"])) > PRIVATE_TO_PUBLIC.index(Display(stands.display)):
        added["display"] = wanted["display"]
    return added


def _proposed(stands: Signature, wanted: dict[str, str], added: dict[str, str]) -> dict[str, Any]:
    """Of a published one the old words stay until a moderator has said yes to the new ones."""
    at_once: dict[str, Any] = {name: value for name, value in wanted.items() if name not in added}
    if stands.display == Display.NOBODY and "name" in added:
        # There is no old name, and none may be stored as long as nobody is to see it; so the organizers see it first,
        # and the public reads "name withheld", as before.
        at_once |= {"display": Display.ORGANIZERS, "name": added.pop("name")}
        if added.get("display") == Display.ORGANIZERS:
            del added["display"]
    concern = stands.concern or Signature.Concern.CHANGED
    return {**at_once, "pending_changes": added or None, "declined_changes": None, "concern": concern}
