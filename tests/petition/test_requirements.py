"""Every package that the program needs is declared, and an incomplete audit fails."""

import ast
import re
import shlex
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from django.conf import settings

BASE = Path(settings.BASE_DIR)
OURS = {"letters", "petition", "undersigned_witness", "tests", "bench", "drill"}
PINNED = re.compile(r"^([A-Za-z0-9_.-]+)==", re.MULTILINE)


def plain(name: str) -> str:
    """Compare names as package indexes do (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(*files: str) -> set[str]:
    lines = [line for file in files for line in (BASE / file).read_text(encoding="utf-8").splitlines()]
    return {plain(found[0]) for line in lines if (found := re.match(r"[A-Za-z0-9][A-Za-z0-9_.-]*", line))}


def imported(*folders: str) -> Iterator[tuple[str, str]]:
    """Return each package outside the standard library that a file imports, with the file."""
    paths = [path for folder in folders for path in (BASE / folder).rglob("*.py")]
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
            yield from ((name.partition(".")[0], str(path.relative_to(BASE))) for name in names)


@pytest.mark.parametrize(
    ("folders", "files"),
    [
        (("letters", "petition", "undersigned_witness"), ("requirements.in",)),
        (("petition",), ("requirements.in", "requirements-local.in")),
        (("tests", "bench", "drill"), ("requirements.in", "requirements-local.in", "requirements-dev.in")),
    ],
)
def test_everything_that_is_imported_is_declared(folders: tuple[str, ...], files: tuple[str, ...]) -> None:
    # Code that only a laptop runs may use packages that only a laptop installs.
    at_home = {
        "petition/embedded.py",
        "petition/local.py",
        "petition/child_processes.py",
        "letters/moderator/rehearsal/people.py",
    }
    laptop = at_home if files == ("requirements.in",) else set()
    known, by_module = declared(*files), packages_distributions()
    missing = {
        (module, path)
        for module, path in imported(*folders)
        if module not in sys.stdlib_module_names | OURS
        and path not in laptop
        and known.isdisjoint(map(plain, by_module.get(module, [module])))
    }
    assert not missing


@pytest.mark.parametrize("name", ["requirements", "requirements-local", "requirements-dev"])
def test_everything_that_is_declared_is_locked(name: str) -> None:
    locked = {*map(plain, PINNED.findall((BASE / f"{name}.txt").read_text(encoding="utf-8")))}
    assert declared(f"{name}.in") <= locked


def test_make_run_installs_no_tool_of_developers() -> None:
    rule = re.search(r"^\$\(READY\):(.+(?:\n\t.+)+)", (BASE / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert rule
    assert {*re.findall(r"requirements\S*\.txt", rule[1])} == {"requirements-local.txt"}
    for_developers = declared("requirements-dev.in")
    assert {"pytest", "mypy", "playwright"} <= for_developers
    locked = {*map(plain, PINNED.findall((BASE / "requirements-local.txt").read_text(encoding="utf-8")))}
    assert not for_developers & locked


def audit_command() -> list[str]:
    """Return what `make audit` runs, without its program."""
    recipe = re.search(
        r"^audit:.*\n\t\S*pip-audit (.*)$", (BASE / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert recipe
    return shlex.split(recipe[1])


@pytest.mark.parametrize("unchecked", ["first", "last"])
def test_an_audit_that_could_not_check_a_package_fails(
    unchecked: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from pip_audit import _cli
    from pip_audit._service import Dependency, PyPIService, SkippedDependency
    from pip_audit._service.interface import VulnerabilityResult

    asked: list[str] = []

    def query(self: PyPIService, spec: Dependency) -> tuple[Dependency, list[VulnerabilityResult]]:
        asked.append(spec.name)
        is_unchecked = unchecked == "first" or len(asked) == 2
        return (SkippedDependency(name=spec.name, skip_reason="not found") if is_unchecked else spec), []

    monkeypatch.setattr(PyPIService, "query", query)
    pins = tmp_path / "pins.txt"
    pins.write_text(f"a==1 --hash=sha256:{'0' * 64}\nb==1 --hash=sha256:{'0' * 64}\n", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["pip-audit", *audit_command()[:-1], str(pins)])
    with pytest.raises(SystemExit) as end:
        _cli.audit()
    assert end.value.code not in {0, None}
    assert "No known vulnerabilities" not in "".join(capsys.readouterr())


def test_the_audit_checks_every_locked_package() -> None:
    assert audit_command()[-2:] == ["-r", "requirements-dev.txt"]
