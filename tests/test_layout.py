"""The code stays easy to navigate: short files and functions, nothing twice, and no shared module with one user."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
MAX_LINES = 400
MAX_FUNCTION_LINES = 20
PROGRAMS = ("letters", "petition", "undersigned_witness", "bench")
# As many lines of one function may not be in another one, or twice in the same.
MAX_SAME_LINES = 10
# This share of all functions is at most MAX_FUNCTION_LINES long.
SHARE = 0.95
# Modules of letters/shared with one user, and why each stays there.
ONE_USER = {
    "restricting": "migrations use it",
}


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from (path for path in (ROOT / folder).rglob("*.py") if "migrations" not in path.parts)


def test_no_file_is_long() -> None:
    paths = sources(*PROGRAMS)
    lines = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in paths}
    assert {path for path, count in lines.items() if count > MAX_LINES} == set()


def test_functions_are_short() -> None:
    lengths = sorted(
        (node.end_lineno or node.lineno) - node.lineno + 1
        for path in sources(*PROGRAMS)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    assert lengths[int(len(lengths) * SHARE)] <= MAX_FUNCTION_LINES


def test_no_logic_is_written_twice() -> None:
    """Lines count as the same if they differ only in the names of variables, in comments or in line breaks."""
    assert repeated({"a": _LOOP.format(name="a", each="row"), "b": _LOOP.format(name="b", each="line")}) == [["a", "b"]]
    assert repeated({str(path.relative_to(ROOT)): path.read_text() for path in sources(*PROGRAMS)}) == []


_LOOP = """
def {name}():
    for {each} in rows:
""" + "\n".join(f"        use({{each}}, {number})" for number in range(MAX_SAME_LINES - 1))


def repeated(modules: Mapping[str, str]) -> list[list[str]]:
    """Return the modules that share MAX_SAME_LINES or more lines of code inside functions."""
    places: dict[tuple[str, ...], list[str]] = {}
    for name, text in modules.items():
        for function in _outermost_functions(ast.parse(text)):
            lines = _lines_of(function)
            for first in range(len(lines) - MAX_SAME_LINES + 1):
                places.setdefault(tuple(lines[first : first + MAX_SAME_LINES]), []).append(name)
    return [found for found in places.values() if len(found) > 1]


def _outermost_functions(node: ast.AST) -> Iterator[ast.FunctionDef]:
    for each in ast.iter_child_nodes(node):
        if isinstance(each, ast.FunctionDef):
            yield each
        else:
            yield from _outermost_functions(each)


def _lines_of(function: ast.FunctionDef) -> list[str]:
    """Return the lines of a function's body without docstrings, and with one name for all its variables."""
    names = [each for each in ast.walk(function) if isinstance(each, ast.Name)]
    own = {each.id for each in names if isinstance(each.ctx, ast.Store)}
    own |= {each.arg for each in ast.walk(function) if isinstance(each, ast.arg)}
    for each in names:
        each.id = "_" if each.id in own else each.id
    lines = [line.strip() for statement in function.body for line in ast.unparse(statement).splitlines()]
    return [line for line in lines if not line.startswith(('"', "'"))]


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
