"""docs/threat-model.md: each threat has the same parts, and the code and tests that it names exist."""

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
THREATS = re.split(r"^### ", PAGE.split("\n## Strangers", 1)[1], flags=re.MULTILINE)[1:]
NAMED = re.compile(r"`([^`\s]+)`")


def _part(threat: str, name: str) -> str:
    found = re.search(rf"\*\*{name}\*\*:(.*?)(?=\*\*\w+\*\*:|\n#|\Z)", threat, re.DOTALL)
    return found[1] if found else ""


@pytest.mark.parametrize("threat", THREATS, ids=lambda threat: threat.split("\n", 1)[0])
def test_each_threat_has_a_defence_or_a_gap_and_a_test_that_exists(threat: str) -> None:
    assert "**What we do**" in threat or "**What does not hold**" in threat
    tests = NAMED.findall(_part(threat, "Tests"))
    assert tests
    assert [test for test in tests if not (ROOT / "tests" / test).exists()] == []


def test_the_code_that_the_threats_name_exists() -> None:
    named = {name for threat in THREATS for name in NAMED.findall(_part(threat, "Code"))}
    assert len(named) > 50
    assert sorted(name for name in named if not _exists(name)) == []


def test_the_tests_that_show_our_promises_exist() -> None:
    named = [name for name in NAMED.findall(PAGE.split("\n## Promises", 1)[1]) if not name.isupper()]
    assert named
    assert [name for name in named if not ((ROOT / "tests" / name).exists() or f"def {name}(" in _tests())] == []


def _exists(name: str) -> bool:
    """A path, or a name that the code or a template defines."""
    if re.search(r"[/.](?![A-Z])", name) and "/" in name:
        return any((folder / name).exists() for folder in _FOLDERS)
    return re.search(rf"\b{re.escape(name.rsplit('.', 1)[-1])}\b", _code()) is not None


_FOLDERS = (ROOT, ROOT / "letters", *(ROOT / "letters").glob("*/"))


@cache
def _code() -> str:
    paths = [path for folder in ("letters", "petition") for path in (ROOT / folder).rglob("*.py")]
    names = [path.name for path in (ROOT / "letters").rglob("*.*")]
    return "\n".join([*names, *(path.read_text(encoding="utf-8") for path in paths)])


@cache
def _tests() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
