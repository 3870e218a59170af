"""Read and write the parts of docs/architecture.md that are generated from tables in the code.

Each is between two marks.
"""

import re
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "architecture.md"


def parts(name: str) -> tuple[str, str, str]:
    """Return the page up to this part, the part, and what follows."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->\n"
    found = re.fullmatch(f"(.*{begin})(.*)({end}.*)", PAGE.read_text(), re.DOTALL)
    assert found, f"{PAGE.name} has no place for: {name}"
    return found[1], found[2], found[3]


def write(name: str, part: str) -> None:
    before, _, after = parts(name)
    PAGE.write_text(before + part + after)
