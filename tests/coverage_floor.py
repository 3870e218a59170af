"""Fail if the tests cover less of the code than before: `python -m tests.coverage_floor FILE`, with SlipCover's JSON.

Lines and branches are counted together. Processes that tests start are not measured, so neither is the witness, which
its tests run as a process of its own.
"""

import json
import sys
from pathlib import Path

# Percent. Raise it when more is covered. Commands and processes that operators start are tested, but not measured.
FLOOR = 95
# Sometimes a worker of pytest-xdist loses what it measured, and then the rest says nothing about the tests.
INCOMPLETE = 70
WORST = 10


def say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")


def main(measured: Path) -> int:
    """Print what is covered, and return the exit code."""
    if not measured.exists():
        say("Coverage: nothing was measured.")
        return 0
    report = json.loads(measured.read_text(encoding="utf-8"))
    percent = report["summary"]["percent_covered"]
    say(f"Coverage: {percent:.1f} % of lines and branches; at least {FLOOR} % are expected.")
    if percent >= FLOOR:
        return 0
    if percent < INCOMPLETE:
        say("Part of the measurement is missing, so this is no failure.")
        return 0
    files = sorted(report["files"].items(), key=lambda file: len(file[1]["missing_lines"]), reverse=True)
    for path, file in files[:WORST]:
        say(f"  {path}: {len(file['missing_lines'])} lines are not covered")
    return 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
