"""Request an export, let a worker claim, advance and finish it, and download it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from letters.base.audit_log.operations import record
from letters.base.changes.operations import change_letter
from letters.models import WRITING, Export, ExportPart, ExportQuerySet, Letter, User
from letters.organizer.exports import queries
from letters.shared import wakeups
from letters.shared.refused import Refusal, Refused
from letters.shared.sealing import seal_bytes

# No other worker may claim the export during its lease. Each step extends it.
LEASE = timedelta(minutes=2)
# Assembling a workbook with a million rows takes a minute or two without a step in between.
MAX_STEP = timedelta(minutes=15)
PAUSE = timedelta(seconds=30)
MAX_ATTEMPTS = 5
# Full disk: how many exports of one letter can be made in a day. For a large letter, each takes a hundred megabytes of
# the database for a day.
MAX_A_DAY = 20
# How many exports one account can request in a day, over all letters.
MAX_OF_AN_ACCOUNT_A_DAY = 60
EXPORT_LIFETIME = timedelta(hours=24)
FORMATS = {
    Export.Kind.SIGNATURES: {Export.Format.CSV, Export.Format.XLSX},
    Export.Kind.LETTER: {Export.Format.PDF},
}


class TakenOver(Exception):
    """Another worker has claimed the export, because this one paused for longer than its lease."""


@dataclass(frozen=True)
class Wanted:
    kind: Export.Kind
    format: Export.Format
    # The language of a letter; empty for its own.
    language: str = ""


def ask_export(letter: Letter, *, wanted: Wanted, by: User, now: datetime) -> Export:
    """Request a file. If the same file is already being made, return that one.

    Raises Refused("not_yours"); Refused("no_such_format"); Refused("no_such_language") for a language in which the
    letter is not published; Refused("too_many_today") beyond MAX_A_DAY; and Refused("too_many_of_yours") beyond
    MAX_OF_AN_ACCOUNT_A_DAY.
    """
    change = change_letter(letter, WRITING, by=by, now=now, lock=False)
    if wanted.format not in FORMATS[wanted.kind]:
        raise Refused(Refusal.NO_SUCH_FORMAT)
    language = (wanted.language or letter.language) if wanted.kind == Export.Kind.LETTER else ""
    if language and language not in letter.languages():
        raise Refused(Refusal.NO_SUCH_LANGUAGE)
    which = {"letter": letter, "kind": wanted.kind, "format": wanted.format, "language": language}
    if under_way := Export.objects.owed().filter(**which).first():
        return under_way
    _check_daily_limits(letter, by, now)
    try:
        with transaction.atomic():
            export = Export.objects.create(**which, asked_by=by, created_at=now, next_attempt_at=now)
            details = {"export": export.pk, "kind": wanted.kind.value, "format": wanted.format.value}
            change.record("ask_export", letter, details=details)
            change.after_commit(lambda: wakeups.wake("letters.export", queue="exports"))
            return export
    except IntegrityError:
        # Race: the unique constraint stops the second of two clicks. A row that has ended since then will do too.
        return Export.objects.filter(**which).latest("pk")


def _check_daily_limits(letter: Letter, by: User, now: datetime) -> None:
    newest = Export.objects.filter(letter=letter).order_by("-pk").values_list("created_at", flat=True)
    made = list(newest[:MAX_A_DAY])
    theirs = Export.objects.filter(asked_by=by, created_at__gt=now - timedelta(days=1))
    if len(made) == MAX_A_DAY and made[-1] > now - timedelta(days=1):
        raise Refused(Refusal.TOO_MANY_TODAY)
    if theirs.count() >= MAX_OF_AN_ACCOUNT_A_DAY:
        raise Refused(Refusal.TOO_MANY_OF_YOURS)


@transaction.atomic
def claim_export(*, now: datetime) -> Export | None:
    """Claim the export that has waited longest, or return None if none is due. A repeated attempt starts over."""
    due = Export.objects.owed().filter(next_attempt_at__lte=now)
    export = due.select_for_update(skip_locked=True, of=("self",)).select_related("letter__collective", "asked_by")
    claimed = export.order_by("next_attempt_at").first()
    if claimed is None:
        return None
    claimed.attempts += 1
    claimed.next_attempt_at = now + LEASE
    claimed.last_number, claimed.reached, claimed.rows = claimed.letter.last_number, 0, 0
    claimed.save(update_fields=["attempts", "next_attempt_at", "last_number", "reached", "rows"])
    return claimed


def require_still_allowed(export: Export) -> None:
    """Raise Refused("not_yours") if the person has lost their role, and Refused("gave_up") after too many attempts."""
    if export.attempts > MAX_ATTEMPTS:
        raise Refused(Refusal.GAVE_UP)
    export.letter.collective.require_role(export.asked_by, WRITING)


def advance_export(export: Export, *, reached: int, rows: int, now: datetime, lease: timedelta = LEASE) -> None:
    """Store the progress, and extend the lease. Raises TakenOver."""
    if not _claimed(export).update(reached=reached, rows=rows, next_attempt_at=now + lease):
        raise TakenOver


def keep_part(export: Export, place: int, content: bytes) -> None:
    """Store a part of the file. Nobody reads it before the export is finished."""
    values = {"size": len(content), "content": seal_bytes(content)}
    ExportPart.objects.create(export=export, attempt=export.attempts, place=place, **values)


@transaction.atomic
def finish_export(export: Export, *, file_name: str, rows: int, now: datetime) -> None:
    """Make the file available for download. Raises TakenOver."""
    expires_at = now + EXPORT_LIFETIME
    values = {"finished_at": now, "file_name": file_name, "rows": rows, "expires_at": expires_at}
    if not _claimed(export).update(**values, reached=export.last_number):
        raise TakenOver
    details = {"export": export.pk, "kind": export.kind, "rows": rows}
    record("make_export", export.letter, by=export.asked_by, now=now, details=details)


def postpone_export(export: Export, *, error: str, now: datetime) -> None:
    """Note a failed attempt. The export is tried again."""
    _claimed(export).update(error=error[:100], next_attempt_at=now + PAUSE)


@transaction.atomic
def fail_export(export: Export, *, error: str, now: datetime) -> None:
    """Give up. The person may request the file again."""
    if _claimed(export).update(failed_at=now, error=error[:100]):
        details = {"export": export.pk, "kind": export.kind, "error": error}
        record("fail_export", export.letter, by=None, now=now, details=details)


def _claimed(export: Export) -> ExportQuerySet:
    return Export.objects.owed().filter(pk=export.pk, attempts=export.attempts)


@transaction.atomic
def fetch_export(export: Export, *, by: User, now: datetime) -> queries.StoredFile:
    """Record a download, and return the file.

    Raises Refused("not_yours"), or Refused("no_file") if the file is not there yet or has expired.
    """
    change = change_letter(export.letter, WRITING, by=by, now=now, lock=False)
    file = queries.stored_file(export)
    if not file or not export.expires_at or export.expires_at <= now:
        raise Refused(Refusal.NO_FILE)
    details = {"export": export.pk, "kind": export.kind, "format": export.format, "rows": export.rows}
    change.record("download_export", export.letter, details=details)
    return file


def expire_exports(*, now: datetime) -> int:
    """Delete expired files, and what replaced or killed workers left of others. Returns how many files expired."""
    expired = Export.objects.exclude(file_name="").filter(expires_at__lte=now).update(file_name="")
    queries.useless_parts().delete()
    return expired
