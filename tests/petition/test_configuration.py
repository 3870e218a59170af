"""docs/configuration.md names every setting, with its default."""

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings

from petition.environment import PROVIDERS

# Read in a loop or built from another name, not by a call with the name in it.
SIGN_IN = {f"{prefix}_CLIENT_{part}" for prefix in ("GITHUB", "GOOGLE", "ORCID", "OIDC") for part in ("ID", "SECRET")}
BUILT = {"EMAIL_PROVIDER_KEY", "EMAIL_PROVIDER_URL", *SIGN_IN}
# Read only by petition/local.py.
OF_MAKE_RUN = {"HOST"}


def rows() -> dict[str, str]:
    """Return the row in the tables of each variable."""
    text = Path(settings.BASE_DIR / "docs" / "configuration.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\| (`[A-Z].*)$", text, re.MULTILINE)
    return {name: line for line in lines for name in re.findall(r"`([A-Z_]+)`", line.split("|")[0])}


def calls() -> dict[str, ast.Call]:
    """Return the call in the settings that reads each variable."""
    files = Path(settings.BASE_DIR / "petition" / "settings").glob("*.py")
    return {
        node.args[0].value: node
        for path in files
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "environment"
        and node.func.attr != "refuse"
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }


def defaults() -> dict[str, str]:
    found = {name: call.args[1] for name, call in calls().items() if len(call.args) > 1}
    return {
        name: str(value.value) for name, value in found.items() if isinstance(value, ast.Constant) and value.value != ""
    }


def test_every_setting_that_is_read_is_described() -> None:
    assert len(calls()) > 40
    assert calls().keys() - rows().keys() == set()
    assert BUILT - rows().keys() == set()


def test_every_setting_that_is_described_is_read() -> None:
    assert rows().keys() - calls().keys() == BUILT | OF_MAKE_RUN


@pytest.mark.parametrize(("name", "default"), sorted(defaults().items()))
def test_the_default_is_the_one_in_the_settings(name: str, default: str) -> None:
    assert f"`{default}`" in rows()[name].split("|")[2]


def test_every_email_provider_is_named() -> None:
    assert all(f"`{provider}`" in rows()["EMAIL_PROVIDER"] for provider in PROVIDERS)


def test_the_readme_asks_for_the_same_eight_settings() -> None:
    readme = (settings.BASE_DIR / "README.md").read_text(encoding="utf-8")
    table = (settings.BASE_DIR / "docs" / "configuration.md").read_text(encoding="utf-8").split("## ")[1]
    needed = re.findall(r"^\| `([A-Z_]+)` \|", table, re.MULTILINE)
    assert len(needed) == 8
    assert re.findall(r"^\| `([A-Z_]+)` \|", readme, re.MULTILINE) == needed
