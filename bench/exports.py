"""Measure exports of a letter's signatures: duration and memory, each in its own process.

python -m bench.exports <slug> csv|xlsx     for the site of the environment (DATABASE_URL and the rest)
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import django
from django.utils import timezone

FORMATS = ["csv", "xlsx"]


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


def measure_exports(slug: str) -> Iterator[tuple[str, Made]]:
    """Measure each format for a letter. Call within bench.site.running_site, without a worker."""
    for file_format in FORMATS:
        command = [sys.executable, "-m", "bench.exports", slug, file_format]
        ran = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True, env=os.environ)
        yield file_format, Made(**json.loads(ran.stdout.splitlines()[-1]))


def make(slug: str, file_format: str) -> Made:
    """Request a file as an owner does, and make it as the worker does."""
    from letters.models import Export, Letter, User  # noqa: PLC0415
    from letters.organizer.exports import files  # noqa: PLC0415 -- Django must have been set up
    from letters.organizer.exports.operations import Wanted, ask_export  # noqa: PLC0415
    from letters.organizer.exports.tasks import make_exports  # noqa: PLC0415

    letter = Letter.objects.select_related("collective").get(slug=slug)
    owner = User.objects.filter(memberships__collective=letter.collective, memberships__role="owner").latest("pk")
    wanted = Wanted(Export.Kind.SIGNATURES, Export.Format(file_format))
    export = ask_export(letter, wanted=wanted, by=owner, now=timezone.now())
    base, begun = _peak_megabytes(), time.perf_counter()
    make_exports()
    seconds = time.perf_counter() - begun
    export.refresh_from_db()
    if not export.finished_at:
        raise RuntimeError(f"The export of {slug} was not made: {export.error or 'no reason is known'}")
    size = (files.folder() / export.file_name).stat().st_size / 1e6
    return Made(export.rows, seconds, _peak_megabytes(), base, size)


def _peak_megabytes() -> float:
    """Read Linux's figure for this program alone. getrusage includes the parent."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "petition.settings")
    django.setup()
    print(json.dumps(asdict(make(sys.argv[1], sys.argv[2]))))
