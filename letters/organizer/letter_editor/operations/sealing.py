"""Have a letter name nobody until enough people have signed. It is decided before the letter is public."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from letters.base.changes.operations import LetterChange
from letters.models import InvitationBatch, Letter, Release
from letters.shared.refused import Refusal, Refused

# Signers of such a letter were told these settings, or their names depend on them. They stay until the names appear.
FIXED = {"opens_at", "closes_at", "displays", "reviewed", "domains"}


def require_as_promised(letter: Letter, changed: Mapping[str, Any]) -> None:
    """Refuse a change of settings that would break what signers were told.

    Raises Refused("letter_sealed") for one of FIXED of a public letter; Refused("sealed_needs_end") or
    Refused("sealed_not_reviewed") for a draft that would have no end, or whose moderators would have to read names;
    Refused("sealed_no_organisations") and Refused("sealed_no_websites") if organisations would be named before people,
    or if other websites would see who signs.
    """
    if letter.status != Letter.Status.DRAFT and FIXED.intersection(changed):
        raise Refused(Refusal.LETTER_SEALED)
    if changed.get("closes_at", letter.closes_at) is None:
        raise Refused(Refusal.SEALED_NEEDS_END)
    if changed.get("reviewed", letter.reviewed):
        raise Refused(Refusal.SEALED_NOT_REVIEWED)
    if changed.get("organisations_sign", letter.organisations_sign):
        raise Refused(Refusal.SEALED_NO_ORGANISATIONS)
    if changed.get("origins", letter.origins):
        raise Refused(Refusal.SEALED_NO_WEBSITES)


def seal_letter(change: LetterChange, *, names_from: int | None, notice_hours: int) -> bool:
    """Set from how many names they appear, or None for an ordinary letter. Returns whether anything changed.

    Raises Refused("published_already") once the letter is public, and Refused("sealed_has_invited") if someone was
    invited to sign first: their names are known already.
    """
    letter = change.letter
    release = Release.objects.filter(letter=letter).first()
    if letter.names_from == names_from and (release is None or release.notice_hours == notice_hours):
        return False
    if letter.status != Letter.Status.DRAFT:
        raise Refused(Refusal.PUBLISHED_ALREADY)
    if names_from is None:
        Release.objects.filter(letter=letter).delete()
    else:
        if letter.signatures.exists() or InvitationBatch.objects.filter(letter=letter).exists():
            raise Refused(Refusal.SEALED_HAS_INVITED)
        Release.objects.update_or_create(letter=letter, defaults={"notice_hours": notice_hours})
    change.update(names_from=names_from)
    return True


def require_end(letter: Letter, now: datetime) -> None:
    """Raise Refused("sealed_needs_end") for a letter that names nobody yet and would never end, or has ended."""
    if letter.is_sealed and (letter.closes_at is None or letter.closes_at <= now):
        raise Refused(Refusal.SEALED_NEEDS_END)
