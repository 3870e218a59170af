"""Write and delete a private note. Nobody changes one, so that each says what its author knew at that time."""

from datetime import datetime

from django.db import transaction

from letters.base.audit_log.operations import record
from letters.models import Collective, Letter, SiteNote, User
from letters.shared.refused import Refusal, Refused

MAX_WORDS = 2000


@transaction.atomic
def write_note(about: Letter | Collective | User, *, words: str, by: User, now: datetime) -> SiteNote:
    """Add a note, for other site moderators. A double click adds one.

    Raises Refused("not_yours") for everyone but people who moderate the site, Refused("no_reason") without
    words, and Refused("too_long").
    """
    _require_reads_notes(by)
    if not (said := words.strip()):
        raise Refused(Refusal.NO_REASON)
    if len(said) > MAX_WORDS:
        raise Refused(Refusal.TOO_LONG)
    # Race: a second click waits for the first.
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    subject = _subject(about)
    newest = SiteNote.objects.filter(**subject).order_by("-pk").first()
    if newest and (newest.words, newest.written_by_id) == (said, by.pk):
        return newest
    # The words stay out of the record, which is permanent and which owners of a collective read.
    record("write_note", by, by=by, now=now)
    return SiteNote.objects.create(**subject, words=said, written_by=by, written_at=now)


@transaction.atomic
def delete_note(note: SiteNote, *, by: User, now: datetime) -> None:
    """Delete one's own note. Idempotent. Raises Refused("not_yours") for everyone but its author."""
    _require_reads_notes(by)
    if note.written_by_id != by.pk:
        raise Refused(Refusal.NOT_YOURS)
    if SiteNote.objects.filter(pk=note.pk).delete()[0]:
        record("delete_note", by, by=by, now=now)


def _require_reads_notes(by: User) -> None:
    if not by.moderates_site_now():
        raise Refused(Refusal.NOT_YOURS)


def _subject(about: Letter | Collective | User) -> dict[str, Letter | Collective | User]:
    if isinstance(about, Letter):
        return {"letter": about}
    return {"collective": about} if isinstance(about, Collective) else {"account": about}
