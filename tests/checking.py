"""Run the scripts of docs/check-a-letter.md as a reader would: from the page, alone, and without our program."""

import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs/check-a-letter.md"


def script(name: str) -> str:
    """Return the code block between the markers of the page."""
    found = re.search(rf"<!-- {name}: begin -->\s+```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found, f"{PAGE.name} has no {name}"
    return found[1]


def run(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of them.

    -I keeps the working directory and PYTHONPATH out of its reach, so it can import nothing of this program.
    """
    command = [sys.executable, "-I", "-c", script(name), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd="/")


def checked(name: str, *arguments: str) -> str:
    """Return what it prints, if it finds nothing wrong."""
    done = run(name, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def objection(name: str, *arguments: str) -> str:
    """Return the last line of what it objects to."""
    done = run(name, *arguments)
    assert done.returncode, f"It found nothing wrong: {done.stdout}"
    return done.stderr.strip().splitlines()[-1]
