"""Run the drill and write its table: `python -m drill [--rate 50] [--only RABBIT] [--write docs/drill.md]`."""

import argparse
import logging
import os
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

os.environ.update(LAPTOP="1", SECRET_KEY="none", VAR_DIR="var/none", DJANGO_SETTINGS_MODULE="petition.settings")

import django

django.setup()
# The mail server logs each command.
logging.disable(logging.WARNING)

from drill.crowd import Crowd, Record  # noqa: E402
from drill.faults import Fault, faults, versions  # noqa: E402
from drill.machines import SAMPLE, Machines, running_machines  # noqa: E402
from drill.report import Row, as_markdown  # noqa: E402
from tests.stack import until  # noqa: E402

SECONDS_BEFORE, SECONDS_AFTER, SECONDS_TO_SETTLE = 5, 10, 240
# So many people confirm before the first fault.
WARM = 20


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m drill", description="Stop each part of a site while people sign.")
    parser.add_argument("--rate", type=float, default=50, help="how many people sign each second")
    parser.add_argument("--only", default="", help="only faults with one of these words, separated by commas")
    parser.add_argument("--write", type=Path, help="the file for the table")
    chosen = parser.parse_args()
    folder = Path(f"/var/tmp/undersigned-drill-{os.getpid()}")  # noqa: S108 -- short, for sockets
    folder.mkdir(mode=0o755)
    rows = []
    with running_machines(folder) as machines:
        crowd = Crowd(machines.port, machines.sink, SAMPLE, rate=chosen.rate)
        crowd.start()
        # The first requests of each process are slow.
        until(lambda: len(crowd.record.confirmed) >= WARM, 300)
        print(f"The site runs in {folder}.", flush=True)
        for name, fault in faults().items():
            if any(word in name.lower() for word in chosen.only.lower().split(",")):
                rows.append(drill(name, fault, machines, crowd))
                print(rows[-1], dict(rows[-1].refused), flush=True)
        crowd.stop()
        text = as_markdown(rows, rate=chosen.rate, at=datetime.now(UTC), parts=versions(machines))
    print(text)
    if chosen.write:
        chosen.write.write_text(text, encoding="utf-8")
    return int(not all(row.holds for row in rows))


def drill(name: str, fault: Fault, machines: Machines, crowd: Crowd) -> Row:
    """Let people sign before, during and after the fault, then wait until all that was acknowledged is public."""
    record = crowd.record = Record(highest=crowd.record.highest)
    crowd.go_on()
    since = time.monotonic()
    time.sleep(SECONDS_BEFORE)
    fault(machines)
    time.sleep(SECONDS_AFTER)
    crowd.rest()
    ended = time.monotonic()
    settled = True
    try:
        until(lambda: is_settled(record, machines), SECONDS_TO_SETTLE)
    except AssertionError:
        settled = False
    return Row(
        name,
        signed=len(record.signed),
        refused=Counter(record.refused),
        without_email=len([each for each in record.signed if each not in record.mailed]),
        twice=sum(number > 1 for number in record.mailed.values()),
        unpublished=len(missing(record, machines)),
        falls=record.falls,
        pause=record.longest_pause(since, ended),
        settled=time.monotonic() - ended if settled else None,
    )


def is_settled(record: Record, machines: Machines) -> bool:
    time.sleep(0.5)
    return (
        all(each in record.mailed for each in [*record.signed])
        and all(each in record.confirmed for each in [*record.mailed])
        and not missing(record, machines)
        and record.highest >= len(machines.published_names())
    )


def missing(record: Record, machines: Machines) -> set[str]:
    """Return the names of those whose confirmation was acknowledged, and who are not published."""
    names = {f"{email.partition('@')[0].title()} Sample" for email in [*record.confirmed]}
    return names - machines.published_names()


if __name__ == "__main__":
    sys.exit(main())
