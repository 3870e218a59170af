"""Templates are easy to read: short lines, and conditions in presenters."""

from pathlib import Path

MAX_LINE_LENGTH = 160
TEMPLATES = Path("letters/templates")


def test_no_line_of_a_template_is_long() -> None:
    long = [
        f"{path}:{number}"
        for path in sorted(TEMPLATES.rglob("*.*"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > MAX_LINE_LENGTH
    ]
    assert long == []
