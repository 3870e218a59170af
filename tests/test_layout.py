"""The code stays easy to navigate: short files, short functions, and no shared module with one user."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
MAX_LINES = 400
MAX_FUNCTION_LINES = 20
# This share of all functions is at most MAX_FUNCTION_LINES long.
SHARE = 0.95
# Modules of letters/shared with one user, and why each stays there.
ONE_USER = {
    "email_styles": "the settings name it, for the emails of all packages",
}


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from (path for path in (ROOT / folder).rglob("*.py") if "migrations" not in path.parts)


def test_no_file_is_long() -> None:
    paths = sources("letters", "petition", "bench")
    lines = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in paths}
    assert {path for path, count in lines.items() if count > MAX_LINES} == set()


def test_functions_are_short() -> None:
    lengths = sorted(
        (node.end_lineno or node.lineno) - node.lineno + 1
        for path in sources("letters", "petition", "bench")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    assert lengths[int(len(lengths) * SHARE)] <= MAX_FUNCTION_LINES


def test_shared_modules_have_two_users() -> None:
    modules = {path.stem for path in (ROOT / "letters/shared").glob("*.py")} - {"__init__"}
    users: dict[str, set[str]] = {module: set() for module in modules}
    for path in sources("letters", "petition"):
        for module in modules & _shared_modules_in(path):
            users[module].add(_package_of(path))
    # A shared module also serves the users of the shared modules that build on it.
    for _ in modules:
        for module, found in users.items():
            users[module] = found.union(*(users[other] for other in modules & found))
    assert {module for module, found in users.items() if len(found - modules) < 2} == set(ONE_USER)


def _shared_modules_in(path: Path) -> set[str]:
    text = path.read_text()
    together = " ".join(re.findall(r"from letters\.shared import (.*)", text))
    return {*re.findall(r"letters\.shared\.(\w+)", text), *re.findall(r"\w+", together)} - {path.stem}


def _package_of(path: Path) -> str:
    """Return the package of a module, or for a shared module its own name."""
    parts = path.relative_to(ROOT).parts
    return path.stem if parts[:2] == ("letters", "shared") else "/".join(parts[:-1][:3])
