"""Make the bundles that are due, sign them, and send them to the places in MIRRORS."""

import logging
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

from letters.base.public_letters.queries import public_letters
from letters.models import Bundle, Letter, Mirror
from letters.public.mirrors import checking, files, queries
from letters.public.mirrors.archive import write_zip
from letters.public.mirrors.contents import WritePdf, contents, tombstone
from letters.public.mirrors.operations import (
    Written,
    name_places,
    note_found,
    note_made,
    note_not_compared,
    note_not_made,
    note_not_pushed,
    note_pushed,
    note_signed,
)
from letters.public.mirrors.pushing import places, push
from letters.public.mirrors.record import Record, is_signing, record_of, signed_note
from letters.public.mirrors.snapshots import one_moment
from letters.shared.clock import database_now
from letters.shared.mirror_places import MirrorPlace
from letters.shared.tlog import BadProof

log = logging.getLogger(__name__)

# A task ends after this long, so that exports of organizers have their turn. The clock starts the next one soon.
MAX_TURN = timedelta(seconds=45)
# Names and record of a bundle belong together, but entries are signed only every few seconds. So a worker looks for a
# moment in which all are signed, for six seconds at most.
TRIES, PAUSE_SECONDS = 25, 0.25
# So many copies elsewhere are looked at in one turn: each may take up to 15 seconds.
MAX_CHECKS = 50


def make_bundles(*, write_pdf: WritePdf, clock: Callable[[], datetime] = database_now) -> None:
    """Make the bundle of each letter that has changed, one after the other."""
    began = clock()
    for letter in queries.due_letters(began):
        try:
            make_bundle(letter.pk, write_pdf=write_pdf, clock=clock)
        except Exception:
            # For example a full disk, or a text that cannot be typeset. Other letters do not wait for this one.
            log.exception("No bundle of letter %s could be made.", letter.pk)
            now = clock()
            note_not_made(letter, day=_day(letter, now), now=now)
        if clock() - began > MAX_TURN:
            break
    files.delete_abandoned(clock())


def make_bundle(letter_id: int, *, write_pdf: WritePdf, clock: Callable[[], datetime] = database_now) -> None:
    """Make the bundle of a letter, unless the newest one is new enough or another worker is making one."""
    with files.building(letter_id) as is_ours, files.unfinished() as path:
        if is_ours and (written := _written(letter_id, path, write_pdf, clock())):
            files.keep(path, note_made(written, now=clock()))


def _written(letter_id: int, path: Path, write_pdf: WritePdf, now: datetime) -> Written | None:
    """Write the bundle to a file; None if there is nothing to make now."""
    for tries_left in reversed(range(TRIES)):
        with one_moment():
            letter = public_letters().filter(pk=letter_id).first()
            bundle = queries.bundle_of(letter) if letter else None
            if letter is None or queries.is_current(letter, bundle) or queries.may_wait(letter, bundle, now):
                return None
            again = bundle if bundle and bundle.version == letter.version else None
            record = record_of(letter, again)
            if record.is_whole or not tries_left:
                return _write(letter, record, again, path, write_pdf=write_pdf, now=now)
        time.sleep(PAUSE_SECONDS)
    return None


def _write(
    letter: Letter, record: Record, again: Bundle | None, path: Path, *, write_pdf: WritePdf, now: datetime
) -> Written:
    # A version that is made again, because its file is gone, gets the same bytes.
    day = again.day if again else _day(letter, now)
    is_down = letter.status == Letter.Status.TAKEN_DOWN
    inside = tombstone(letter, day=day) if is_down else contents(letter, record, day=day, write_pdf=write_pdf)
    sums = write_zip(path, inside, day=day)
    return Written(letter, day, files.sha256_of(path), sums, path.stat().st_size, began_at=now, record=record)


def _day(letter: Letter, now: datetime) -> date:
    return now.astimezone(letter.zone()).date()


def sign_bundles() -> None:
    """Sign what is not signed yet. This runs where the key is: in the worker of the queue "publishing"."""
    for bundle in queries.unsigned():
        if note := signed_note(bundle):
            note_signed(bundle, note)


def push_bundles(*, clock: Callable[[], datetime] = database_now) -> None:
    """Send each place in MIRRORS the bundles that it does not have yet."""
    for place in places():
        for bundle in queries.owed_to(place.name, clock(), need_note=is_signing()):
            _push(bundle, place, clock)


def _push(bundle: Bundle, place: MirrorPlace, clock: Callable[[], datetime]) -> None:
    try:
        push(bundle, files.path_of(bundle), place)
    except Exception as failure:  # noqa: BLE001 -- other letters and other places do not wait for this one
        # Security: a traceback could show the address of the place with its password.
        log.error(  # noqa: TRY400
            "Letter %s could not be sent to %s (%s).", bundle.letter_id, place.name, type(failure).__name__
        )
        note_not_pushed(bundle, place.name, now=clock())
    else:
        note_pushed(bundle, place.name, now=clock())


def check_mirrors(*, find: checking.Find, clock: Callable[[], datetime] = database_now) -> None:
    """Look at copies elsewhere, and compare their records with ours."""
    began = clock()
    if any(place.public for place in places()) or Mirror.objects.filter(added_by=None).exists():
        for letter_id in queries.letters_with_bundles():
            name_places(letter_id, [url for place in places() if (url := place.public_address(letter_id))], now=began)
    for mirror in queries.mirrors_to_check(began, MAX_CHECKS):
        try:
            note_found(mirror, checking.look_at(mirror.letter, mirror.url, find=find), now=clock())
        except BadProof:
            # It says nothing about the copy, and other copies do not wait for it.
            log.exception("The record of letter %s cannot be read, so nothing is compared with it.", mirror.letter_id)
            note_not_compared(mirror, now=clock())
        if clock() - began > MAX_TURN:
            break
