import logging
import shutil
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
    postpone_export,
    require_still_allowed,
)
from letters.organizer.exports.pdf.writing import Signatory, write_pdf
from letters.shared.clock import database_now
from letters.shared.markdown import TooComplicated
from letters.shared.refused import Refusal, Refused
from letters.shared.sandbox import Failed

log = logging.getLogger(__name__)

UNSETTABLE = {"too_much": Refusal.TOO_COMPLICATED, "broken": Refusal.NOT_SETTABLE}


def make_exports() -> None:
    """Make all requested exports, one after the other."""
    while export := claim_export(now=database_now()):
        _make(export)


def _make(export: Export) -> None:
    name = files.name_of(export)
    try:
        require_still_allowed(export)
        write = _write_letter if export.kind == Export.Kind.LETTER else _write
        rows = write(export, name)
        finish_export(export, file_name=name, rows=rows, now=database_now())
    except TakenOver:
        log.warning("Another worker took over export %s; this worker stops.", export.pk)
        _remove(name)
    except Refused as refused:
        _remove(name)
        fail_export(export, error=refused.code, now=database_now())
    except Exception as failure:
        # For example a full disk or a missing key. The export is tried again later, and other exports do not wait for
        # it.
        log.exception("Export %s failed at attempt %s.", export.pk, export.attempts)
        _remove(name)
        postpone_export(export, error=type(failure).__name__, now=database_now())


def _write(export: Export, name: str) -> int:
    """Write the signatures to a file, and return the number of rows."""
    rows = 0
    with files.opened(name, queries.SIGNATURES) as write:
        for chunk in queries.chunks(export):
            write(chunk.rows)
            rows += len(chunk.rows)
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
        write_pdf(files.empty(name), head, signatories(), progress=note)
    except TooComplicated as problem:
        raise Refused(Refusal.TOO_COMPLICATED) from problem
    except Failed as failed:
        # A text that cannot be typeset fails every time.
        if failed.code in UNSETTABLE:
            raise Refused(UNSETTABLE[failed.code]) from failed
        raise
    return done


def _remove(name: str) -> None:
    (files.folder() / name).unlink(missing_ok=True)


def tidy_exports(*, now: datetime) -> None:
    """Delete expired files, and the remains of killed workers."""
    expire_exports(now=now)
    kept = set(Export.objects.exclude(file_name="").values_list("file_name", flat=True))
    owed = set(Export.objects.owed().values_list("pk", flat=True))
    for path in files.folder().iterdir():
        # Temporary files of workbooks do not name their export, so they are kept while any export is being made.
        belongs = files.export_of(path.name) in owed if files.export_of(path.name) else bool(owed)
        if path.name in kept or belongs:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
