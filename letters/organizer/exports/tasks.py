import logging
from collections.abc import Iterator
from datetime import datetime

from letters.models import Export
from letters.organizer.exports import files, paper, queries
from letters.organizer.exports.operations import (
    LEASE,
    MAX_STEP,
    TakenOver,
    advance_export,
    claim_export,
    expire_exports,
    fail_export,
    finish_export,
    keep_part,
    postpone_export,
    require_still_allowed,
)
from letters.organizer.exports.pdf.writing import Signatory, write_pdf
from letters.shared.clock import database_now
from letters.shared.markdown import TooComplicated
from letters.shared.refused import Refusal, Refused
from letters.shared.sandbox import Failed

log = logging.getLogger(__name__)

# How many parts of a file are stored until the lease is extended.
PARTS_A_STEP = 64
UNSETTABLE = {"too_much": Refusal.TOO_COMPLICATED, "broken": Refusal.NOT_SETTABLE}


def make_exports() -> None:
    """Make all requested exports, one after the other."""
    _delete_left_over()
    while export := claim_export(now=database_now()):
        _make(export)


def _make(export: Export) -> None:
    name = files.name_of(export)
    try:
        require_still_allowed(export)
        write = _write_letter if export.kind == Export.Kind.LETTER else _write
        rows = write(export, name)
        _store(export, name, rows)
        finish_export(export, file_name=name, rows=rows, now=database_now())
    except TakenOver:
        log.warning("Another worker took over export %s; this worker stops.", export.pk)
    except Refused as refused:
        fail_export(export, error=refused.code, now=database_now())
    except Exception as failure:
        # For example a full disk or a missing key. The export is tried again later, and other exports do not wait for
        # it.
        log.exception("Export %s failed at attempt %s.", export.pk, export.attempts)
        postpone_export(export, error=type(failure).__name__, now=database_now())
    finally:
        files.delete(name)


def _write(export: Export, name: str) -> int:
    """Write the signatures to a file, and return the number of rows."""
    rows = 0
    with files.opened(name, queries.SIGNATURES) as write:
        for chunk in queries.chunks(export):
            write(chunk.rows)
            rows += chunk.number
            advance_export(export, reached=chunk.reached, rows=rows, now=database_now())
        # Closing the file takes long without a step.
        advance_export(export, reached=export.last_number, rows=rows, now=database_now(), lease=MAX_STEP)
    return rows


def _write_letter(export: Export, name: str) -> int:
    """Write the PDF of the letter, and return the number of signatories."""
    done, all_read = 0, False

    def signatories() -> Iterator[Signatory]:
        nonlocal all_read
        for some in queries.signatories(export, paper.marks(export.language)):
            yield from some
        all_read = True

    def note(names: int) -> None:
        nonlocal done
        done = names
        # Joining the parts after the last one takes long without a step.
        lease = MAX_STEP if all_read else LEASE
        advance_export(export, reached=names, rows=names, now=database_now(), lease=lease)

    try:
        head = paper.letterhead(export, now=database_now())
        write_pdf(files.create_empty(name), head, signatories(), progress=note)
    except TooComplicated as problem:
        raise Refused(Refusal.TOO_COMPLICATED) from problem
    except Failed as failed:
        # A text that cannot be typeset fails every time.
        if failed.code in UNSETTABLE:
            raise Refused(UNSETTABLE[failed.code]) from failed
        raise
    return done


def _store(export: Export, name: str, rows: int) -> None:
    """Copy the file into the database, part by part."""
    for place, part in enumerate(files.parts_of(name, queries.PART_BYTES)):
        keep_part(export, place, part)
        if place % PARTS_A_STEP == PARTS_A_STEP - 1:
            advance_export(export, reached=export.last_number, rows=rows, now=database_now())


def _delete_left_over() -> None:
    """Delete what killed workers of this machine left, and files of releases that kept them here.

    Race: list the files first. An export whose file is there by then is owed until its file is no longer needed.
    """
    if present := files.present():
        owed = set(Export.objects.owed().values_list("pk", flat=True))
        for path in present:
            # Temporary folders of workbooks do not name their export, so they stay while any export is being made.
            named = files.export_of(path)
            if not (named in owed if named else owed):
                files.delete(path.name)


def tidy_exports(*, now: datetime) -> None:
    """Delete expired files."""
    expire_exports(now=now)
    _delete_left_over()
