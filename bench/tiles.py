"""Compare the files of a letter's log with a static file as long as a tile, which the same web server sends."""

import argparse
from itertools import repeat

from bench import site as browsers
from bench.report import Report, Shoot, in_turns
from bench.site import Site

# More entries than one tile has.
SIGNATURES = 300
KEY = "a key of the bench, which signs nothing else"
# About as long as a tile.
STATIC_FILE = "letters/tlog.js"
LIMIT = "static file"


def compare_files(site: Site, report: Report, options: argparse.Namespace) -> None:
    """Read each file in turns, uncompressed."""
    shoots = {name: _reading(site, path) for name, path in paths_of_log().items()}
    series = in_turns(shoots, rounds=options.rounds, seconds=options.seconds)
    for name, own in series.items():
        if name != LIMIT:
            report.compare(name, own, series[LIMIT])
    report.note(f"limit: {LIMIT}", series[LIMIT])


def _reading(site: Site, path: str) -> Shoot:
    request = browsers.get(path).replace(b"Accept-Encoding:", b"X-Not-Sent:")
    return lambda seconds: site.fire(repeat(request), expect=200, seconds=seconds)


def paths_of_log() -> dict[str, str]:
    """Sign the log of a new letter. Return the paths of its files, and of the static file, by what they are."""
    # Django must have been set up.
    from django.templatetags.static import static  # noqa: PLC0415

    log = f"/log/{_signed_log()}"
    return {
        LIMIT: static(STATIC_FILE),
        "tile of a log": f"{log}/tile/0/000",
        "entries of a log": f"{log}/tile/entries/000",
        "checkpoint of a log": f"{log}/checkpoint",
    }


def _signed_log() -> str:
    from django.test.utils import override_settings  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from bench.sequencing import CONFIRMED  # noqa: PLC0415
    from letters.models import LedgerLog  # noqa: PLC0415
    from letters.public.ledger.signing import sign_logs  # noqa: PLC0415
    from letters.public.public_pages.operations import sequence_letter  # noqa: PLC0415
    from letters.shared.sql import execute  # noqa: PLC0415

    letter_id = browsers.copied_letter("with-a-log", 0)
    execute(CONFIRMED, {"letter": letter_id, "many": SIGNATURES})
    while sequence_letter(letter_id, now=timezone.now()):
        pass
    with override_settings(READ_LEDGER_KEYS=lambda: [KEY]):
        sign_logs(now=timezone.now())
    return LedgerLog.objects.get(letter=letter_id).name
