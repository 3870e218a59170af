"""Publish the newest revision, at once or at a set time."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from letters.base.audit_log.operations import record
from letters.base.changes.operations import (
    LetterChange,
    change_letter,
    change_letter_unasked,
)
from letters.base.ledger.operations import record_texts
from letters.base.letter_reviews.operations import ask_for_review
from letters.base.letter_reviews.queries import is_approved, kind_of_review, must_wait
from letters.base.public_names.operations import claim_name, require_name
from letters.models import (
    WRITING,
    AuditEvent,
    Collective,
    Letter,
    NotificationKind,
    Revision,
    Translation,
    User,
)
from letters.organizer.letter_editor.changes import is_new_cover, says_something_else
from letters.organizer.letter_editor.operations.sealing import require_end
from letters.organizer.notifications.operations import announce
from letters.shared.picture_descriptions import lacks_description
from letters.shared.refused import Refusal, Refused

# Letters that one account may publish for the first time within a day.
MAX_FIRST_PUBLICATIONS = 5

# Later revisions of one letter that may be published within a day. Each is kept forever, in all its languages.
MAX_LATER_PUBLICATIONS = 10


@transaction.atomic
def publish_letter(
    letter: Letter,
    *,
    by: User | None,
    now: datetime,
    kind: str = "",
    note: str = "",
    notes: Mapping[str, str] | None = None,
) -> bool:
    """Show the newest revision to the public; the first publication also opens the letter for signatures. Idempotent.

    Returns False if a site moderator must look at the text first (REVIEW_LETTERS_FIRST). A first text then waits like a
    scheduled one, and the clock publishes it when it may. After a later one was found fine, the organizers publish it.

    A letter that names nobody yet refuses with "sealed_needs_end" or "letter_sealed": see sealing.py.

    `by` is None when the clock publishes what `schedule_letter` was told. A later revision needs a `kind` of change and
    a public `note` that says what has changed. `notes` say it in other languages of the revision. It does not reopen a
    closed letter.

    Raises Refused for a letter that has ended; Refused("no_text") without a text in the letter's own language;
    Refused("picture_not_described") unless the clock publishes; Refused("waits_for_site") if the clock cannot publish
    yet; Refused("not_cleared") while staff have still to clear the collective, on sites that ask for it. For a first
    publication, Refused("name_in_use") if the name looks like that of another collective with public letters, and
    Refused("too_many_letters") beyond MAX_FIRST_PUBLICATIONS of one account a day. For a later revision,
    Refused("no_kind"), Refused("no_note"), Refused("nothing_changed"), Refused("not_a_correction") if it changes more
    than a correction may, Refused("languages_missing") if it lacks a language that readers have, and
    Refused("too_many_publications") beyond MAX_LATER_PUBLICATIONS a day.
    """
    change = change_letter(letter, WRITING, by=by, now=now) if by else change_letter_unasked(letter, by=None, now=now)
    revision = letter.revisions.latest("number")
    if letter.is_ended:
        raise Refused(letter.status_refusal())
    if not revision.translations.filter(language=letter.language).exists():
        raise Refused(Refusal.NO_TEXT)
    if letter.status != Letter.Status.DRAFT and letter.current_revision_id == revision.pk:
        return True
    if by:
        # The clock publishes what was checked when it was scheduled.
        _require_descriptions(revision)
    letter.collective.require_cleared()
    if letter.is_sealed and letter.status != Letter.Status.DRAFT and kind == Revision.Kind.SUBSTANCE:
        # Nobody could be asked about the new text without showing who has signed.
        raise Refused(Refusal.LETTER_SEALED)
    details: dict[str, Any] = {"revision": revision.number}
    if letter.status != Letter.Status.DRAFT and letter.current_revision_id:
        behind = _check_later_revision(letter, revision, kind, note)
        _check_later_publications(letter, now)
        opening: dict[str, Any] = {}
        details |= {"kind": kind, "behind": behind}
    else:
        _check_publication_quota(change)
        require_name(letter.collective)
        require_end(letter, now)
        kind, note, notes = Revision.Kind.FIRST, "", None
        opening = {"status": Letter.Status.PUBLISHED, "published_at": now, "counted_at": now}
        opening |= {"timezone": letter.zone().key}
        opening |= {"publish_at": None, "publish_refused": ""}
    _describe_change(revision, kind, note, notes)
    if waits_as := must_wait(letter, revision, kind):
        _wait_for_site(change, revision, waits_as, note)
        return False
    if opening:
        claim_name(letter.collective, now=now)
    looks_as = kind_of_review(letter, revision, kind)
    if looks_as and not is_approved(revision):
        ask_for_review(letter, revision, kind=looks_as, is_before=False, by=by, now=now, note=note.strip())
    # A text that was fixed for the first signatories keeps the moment at which they got it.
    Revision.objects.filter(pk=revision.pk, published_at=None).update(published_at=now)
    change.update(**opening, current_revision_id=revision.pk)
    record_texts(letter)
    change.record("publish_letter", letter, details=details)
    return True


def _describe_change(revision: Revision, kind: str, note: str, notes: Mapping[str, str] | None) -> None:
    """Store what is said about the change, before the site moderators look: they look at that too.

    A text that was fixed for the first signatories says nothing new.
    """
    if revision.published_at is None:
        revision.kind, revision.note, revision.notes = kind, note.strip(), _said_in(revision, notes)
        revision.save(update_fields=["kind", "note", "notes"])


def _wait_for_site(change: LetterChange, revision: Revision, kind: str, note: str) -> None:
    """Put the text before the site moderators. Raises Refused("waits_for_site") for the clock."""
    letter, by = change.letter, change.by
    if not isinstance(by, User):
        raise Refused(Refusal.WAITS_FOR_SITE)
    ask_for_review(letter, revision, kind=kind, is_before=True, by=by, now=change.now, note=note.strip())
    if letter.status == Letter.Status.DRAFT:
        change.update_unseen(publish_at=change.now, publish_refused=Refusal.WAITS_FOR_SITE)
    change.record("ask_for_review", letter, details={"revision": revision.number})


def _said_in(revision: Revision, notes: Mapping[str, str] | None) -> dict[str, str] | None:
    """Return the sentences in languages that the revision has, without empty ones; None if there are none."""
    languages = set(revision.translations.values_list("language", flat=True)) - {revision.letter.language}
    said = {language: note.strip() for language, note in (notes or {}).items() if language in languages}
    return {language: note for language, note in said.items() if note} or None


def _check_later_revision(letter: Letter, revision: Revision, kind: str, note: str) -> list[str]:
    """Check that a later revision tells readers what is new, and that no language loses its page.

    Returns the languages whose translation is older than the original. Raises Refused as `publish_letter` says.
    """
    if kind not in {Revision.Kind.CORRECTION, Revision.Kind.SUBSTANCE}:
        raise Refused(Refusal.NO_KIND)
    if not note.strip():
        raise Refused(Refusal.NO_NOTE)
    current = Translation.objects.filter(revision=letter.current_revision_id or 0)
    before = {text.language: text.version for text in current}
    texts = {text.language: text for text in revision.translations.all()}
    if before.keys() - texts.keys():
        raise Refused(Refusal.LANGUAGES_MISSING)
    if before == {language: text.version for language, text in texts.items()} and not is_new_cover(letter, revision):
        raise Refused(Refusal.NOTHING_CHANGED)
    if kind == Revision.Kind.CORRECTION and says_something_else(letter, revision):
        raise Refused(Refusal.NOT_A_CORRECTION)
    return sorted(language for language, text in texts.items() if text.is_behind(texts[letter.language]))


def _require_descriptions(revision: Revision) -> None:
    if any(lacks_description(body) for body in revision.translations.values_list("body", flat=True)):
        raise Refused(Refusal.PICTURE_NOT_DESCRIBED)


def _check_later_publications(letter: Letter, now: datetime) -> None:
    """Raise Refused("too_many_publications") beyond MAX_LATER_PUBLICATIONS within a day."""
    later = letter.revisions.exclude(kind=Revision.Kind.FIRST).filter(published_at__gt=now - timedelta(days=1))
    if later.count() >= MAX_LATER_PUBLICATIONS:
        raise Refused(Refusal.TOO_MANY_PUBLICATIONS)


def _check_publication_quota(change: LetterChange) -> None:
    """Raise Refused("too_many_letters") beyond MAX_FIRST_PUBLICATIONS of one account within a day.

    Abuse: each published letter lets anyone with an account send confirmation emails to any address.
    """
    letter, by, now = change.letter, change.by, change.now
    if by is None:
        return  # The clock publishes. The quota was checked when the letter was scheduled.
    change.lock_account()
    new_or_scheduled = Q(published_at__gt=now - timedelta(days=1)) | Q(publish_at__isnull=False)
    others = Letter.objects.filter(new_or_scheduled).exclude(pk=letter.pk).values("pk")
    # Performance: start from the letters, of which there are few in a day. A moderator has a million other events.
    events = AuditEvent.objects.filter(object_kind="letter", object_id__in=others, actor=by)
    theirs = events.filter(verb__in=["publish_letter", "schedule_letter"])
    if theirs.values("object_id").distinct().count() >= MAX_FIRST_PUBLICATIONS:
        raise Refused(Refusal.TOO_MANY_LETTERS)


@transaction.atomic
def schedule_letter(letter: Letter, *, at: datetime | None, by: User, now: datetime) -> None:
    """Have the clock publish a draft at that moment; None cancels it.

    Raises Refused("published_already"), Refused("in_the_past"), Refused("no_text"), and Refused("not_cleared"),
    Refused("name_in_use"), Refused("picture_not_described") or Refused("too_many_letters") as `publish_letter` does, so
    that the page never promises what cannot happen.
    """
    change = change_letter(letter, WRITING, by=by, now=now)
    if letter.publish_at == at:
        return
    if letter.status != Letter.Status.DRAFT:
        raise Refused(Refusal.PUBLISHED_ALREADY)
    if at and at <= now:
        raise Refused(Refusal.IN_THE_PAST)
    if at and not letter.revisions.filter(translations__language=letter.language).exists():
        raise Refused(Refusal.NO_TEXT)
    if at:
        _require_descriptions(letter.revisions.latest("number"))
        letter.collective.require_cleared()
        require_name(letter.collective)
        require_end(letter, at)
        _check_publication_quota(change)
    change.update_unseen(publish_at=at, publish_refused="")
    if at:
        _ask_before(letter, by, now)
    change.record("schedule_letter", letter, details={"publish_at": at.isoformat() if at else None})


@transaction.atomic
def publish_if_due(letter_id: int, *, now: datetime) -> bool:
    """Publish a scheduled letter that is due. Returns False if there is nothing to do.

    A letter that cannot be published stays scheduled and is tried again. Its page shows the reason to organizers, and
    they get one email for each reason.
    """
    due = Letter.objects.filter(pk=letter_id, status=Letter.Status.DRAFT, publish_at__lte=now)
    letter = due.select_for_update(no_key=True).first()
    if letter is None:
        return False
    try:
        letter.collective.require_not_suspended()
        _require_active_writer(letter.collective)
        publish_letter(letter, by=None, now=now)
    except Refused as refused:
        if refused.code == Refusal.WAITS_FOR_SITE:
            # The organizers may have changed the text since they asked.
            _ask_before(letter, None, now)
        if letter.publish_refused != refused.code:
            due.update(publish_refused=refused.code)
            record("fail_publication", letter, by=None, now=now, reason=refused.code)
            _announce(NotificationKind.NOT_PUBLISHED, letter, letter.publish_at, refused.code, now=now)
        return False
    _announce(NotificationKind.PUBLISHED, letter, now=now)
    return True


def _ask_before(letter: Letter, by: User | None, now: datetime) -> None:
    revision = letter.revisions.latest("number")
    if waits_as := must_wait(letter, revision, Revision.Kind.FIRST):
        ask_for_review(letter, revision, kind=waits_as, is_before=True, by=by, now=now)


def _announce(kind: NotificationKind, letter: Letter, *cause: object, now: datetime) -> None:
    announce(kind, letter.pk, *cause, collective=letter.collective, letter=letter, now=now)


def _require_active_writer(collective: Collective) -> None:
    """Raise Refused("nobody_left") if no active member could undo what the clock does.

    All writers may have left, or staff have closed the account that scheduled the letter.
    """
    if not collective.memberships.filter(role__in=WRITING, user__is_active=True).exists():
        raise Refused(Refusal.NOBODY_LEFT)
