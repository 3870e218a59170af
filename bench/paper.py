"""Measure how long the PDF of a letter with very many signatories takes, and its memory: `python -m bench.paper 99`."""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import django

# Names in many scripts, because each script needs its own fonts.
NAMES = ["Ada Lovelace", "Ольга Петрова", "محمد الأمين", "王小明", "Đặng Thị Hà", "अनिल कुमार", ""]


@dataclass(frozen=True)
class Paper:
    """The cost of one document."""

    seconds: float
    # The peak memory of the process.
    megabytes: int
    pages: int


def set_on_paper(names: int) -> Paper:
    """Write the PDF in its own process, so that memory starts at zero."""
    command = [sys.executable, "-m", "bench.paper", str(names)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ).stdout
    return Paper(**json.loads(answer))


def main(names: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "petition.settings")
    django.setup()
    from letters.organizer.exports.pdf.writing import Letterhead, Signatory, write_pdf  # noqa: PLC0415 -- needs the settings

    def signatories() -> Iterator[Signatory]:
        for number in range(1, names + 1):
            yield Signatory(number, NAMES[number % len(NAMES)], "engineer, Institute of Trains" if number % 2 else "")

    head = Letterhead(
        language="en",
        title="Keep the night trains running",
        addressee="To the ministers of transport",
        collective="Friends of the Night Train",
        body="Four *sleeper* lines are to end in December.\n\n" * 20,
        dated="March 3, 2025",
        signed_by=f"Signed by {names:,} people",
        small_print=("https://undersigned.example/letters/night-trains/",),
        withheld="name withheld",
        made_at=datetime.now(UTC),
    )
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        pages = write_pdf(Path(folder) / "letter.pdf", head, signatories())
        seconds = time.perf_counter() - begun
    # Linux counts in kilobytes.
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"seconds": round(seconds, 1), "megabytes": megabytes, "pages": pages}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
