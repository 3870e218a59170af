"""Measure exports of a letter's signatures: duration and memory, each in its own process.

python -m bench.exports <slug> limit|public|csv|xlsx     for the site of the environment (DATABASE_URL and the rest)
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import django
from django.db import connection
from django.utils import timezone

# The limit: the same rows, as the database sends them, thrown away. Then the file of the public list, and the files of
# organizers.
FORMATS = ("limit", "public", "csv", "xlsx")
LIMIT = """
COPY (
    SELECT number, name, display, affiliation, role, country, comment, domain, language,
        signed_at, confirmed_at, published_at
    FROM letters_signature WHERE letter_id = %s AND number IS NOT NULL AND state = 'published' ORDER BY number
) TO STDOUT WITH (FORMAT csv)
"""


@dataclass(frozen=True)
class Made:
    """The cost of one file."""

    rows: int
    seconds: float
    # The peak memory of the process, Python and Django included.
    peak_megabytes: float
    # The memory before the first row.
    base_megabytes: float
    file_megabytes: float

    @property
    def rate(self) -> float:
        return self.rows / self.seconds

    @property
    def growth_megabytes(self) -> float:
        return self.peak_megabytes - self.base_megabytes


def measure_exports(slug: str, formats: Sequence[str] = FORMATS) -> Iterator[tuple[str, Made]]:
    """Measure each format for a letter. Call within bench.site.running_site, without a worker."""
    for file_format in formats:
        command = [sys.executable, "-m", "bench.exports", slug, file_format]
        ran = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True, env=os.environ)
        yield file_format, Made(**json.loads(ran.stdout.splitlines()[-1]))


def make(slug: str, file_format: str) -> Made:
    """Make a file as the worker does."""
    from letters.models import Letter  # noqa: PLC0415 -- Django must have been set up

    letter = Letter.objects.select_related("collective", "current_revision").get(slug=slug)
    makers = {"limit": _read, "public": _public}
    base, begun = _peak_megabytes(), time.perf_counter()
    rows, size = makers[file_format](letter) if file_format in makers else _organizers(letter, file_format)
    return Made(rows, time.perf_counter() - begun, _peak_megabytes(), base, size / 1e6)


def _read(letter: Any) -> tuple[int, int]:
    """Read the rows, and throw them away."""
    rows = size = 0
    with connection.cursor() as cursor, cursor.cursor.copy(LIMIT, [letter.pk]) as lines:
        for line in lines:
            rows += 1
            size += len(line)
    return rows, size


def _public(letter: Any) -> tuple[int, int]:
    """Build the file of the public list."""
    from letters.public.public_pages import files, tasks  # noqa: PLC0415

    tasks.build_list(letter.pk, now=timezone.now())
    built = files.newest_list(letter.pk)
    if built is None:
        raise RuntimeError(f"The list of {letter.slug} was not built")
    return letter.signature_count, built.path.stat().st_size


def _organizers(letter: Any, file_format: str) -> tuple[int, int]:
    """Request a file as an owner does, and make it as the worker does."""
    from letters.models import Export, User  # noqa: PLC0415
    from letters.organizer.exports import queries  # noqa: PLC0415
    from letters.organizer.exports.operations import Wanted, ask_export  # noqa: PLC0415
    from letters.organizer.exports.tasks import make_exports  # noqa: PLC0415

    owner = User.objects.filter(memberships__collective=letter.collective, memberships__role="owner").latest("pk")
    wanted = Wanted(Export.Kind.SIGNATURES, Export.Format(file_format))
    export = ask_export(letter, wanted=wanted, by=owner, now=timezone.now())
    make_exports()
    export.refresh_from_db()
    if not export.finished_at:
        raise RuntimeError(f"The export of {letter.slug} was not made: {export.error or 'no reason is known'}")
    return export.rows, (file.size if (file := queries.stored_file(export)) else 0)


def _peak_megabytes() -> float:
    """Read Linux's figure for this program alone. getrusage includes the parent."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "petition.settings")
    django.setup()
    print(json.dumps(asdict(make(sys.argv[1], sys.argv[2]))))
