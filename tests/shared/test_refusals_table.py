"""Every refusal is a member of one type, is raised somewhere, and has words in each language of the interface."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from django import forms
from django.conf import settings
from django.utils import translation

from letters.shared.explaining import add_refusal, explain, sentence
from letters.shared.explanation import Action
from letters.shared.limits import TooMany
from letters.shared.refusals import EXPLANATIONS
from letters.shared.refused import Refusal, Refused

ROOT = Path(__file__).parents[2]
TABLES = {"refused.py", *(f"refusals{of}.py" for of in ("", "_of_moderation", "_of_moves", "_of_updates"))}
RAISED = {"Refused", "TooMany", "ProofWanted"}
# A variable or a call that is raised holds a member: mypy checks its type.
TYPED = (ast.Name, ast.Call, ast.Subscript)


def sources() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted([*(ROOT / "letters").rglob("*.py"), *(ROOT / "petition").rglob("*.py")]):
        if path.name not in TABLES:
            yield path, ast.parse(path.read_text())


def members(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Refusal":
            yield node.attr


def made(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RAISED:
            yield node


def test_each_refusal_in_the_code_is_a_member() -> None:
    found = [(path, call.args[0]) for path, tree in sources() for call in made(tree) if call.args]
    loose = [
        f"{path.relative_to(ROOT)}:{code.lineno}"
        for path, code in found
        if not isinstance(code, TYPED) and not (isinstance(code, ast.Attribute) and code.attr in Refusal.__members__)
    ]
    assert len(found) > 80
    assert not loose


def raising(tree: ast.AST) -> Iterator[str]:
    """Return the members that are raised, returned, or collected to be raised later, not those that are compared."""
    compared = {id(node) for each in ast.walk(tree) if isinstance(each, ast.Compare) for node in ast.walk(each)}
    for node in ast.walk(tree):
        if id(node) not in compared and isinstance(node, ast.Attribute):
            yield from members(node)


# Views raise no refusals themselves, except those about limits.
RAISES_LIMITS = re.compile(r"raise TooMany|count_for_network\(")


def test_each_member_is_raised_somewhere() -> None:
    never = set(Refusal.__members__)
    for path, tree in sources():
        if path.name not in {"views.py", "middleware.py"} or RAISES_LIMITS.search(path.read_text()):
            never -= set(raising(tree))
    assert not never


@pytest.mark.parametrize("language", [code for code, name in settings.LANGUAGES])
@pytest.mark.parametrize("refusal", list(Refusal))
def test_each_refusal_has_a_sentence_in_each_language(refusal: Refusal, language: str) -> None:
    for doing in get_args(Action):
        with translation.override("en"):
            english = sentence(refusal, doing)
        with translation.override(language):
            said = sentence(refusal, doing)
        assert said.endswith((".", "»", "”"))
        assert language == "en" or said != english


def test_the_table_has_no_other_rows() -> None:
    assert set(EXPLANATIONS) == set(Refusal)


def test_an_unknown_code_is_no_refusal() -> None:
    with pytest.raises(ValueError, match="nonsense"):
        Refusal("nonsense")


class Form(forms.Form):
    slug = forms.CharField()


def test_a_sentence_is_shown_beside_its_field() -> None:
    form = Form({"slug": "us"})
    add_refusal(form, Refused(Refusal.SLUG_TAKEN))
    assert form.errors == {"slug": [sentence(Refusal.SLUG_TAKEN)]}


def test_a_sentence_without_its_field_is_above_the_form() -> None:
    form = Form({"slug": "us"})
    add_refusal(form, Refused(Refusal.NO_REASON))
    assert form.non_field_errors() == [sentence(Refusal.NO_REASON)]


@pytest.mark.parametrize(
    "refused", [Refused(Refusal.NOT_YOURS), Refused(Refusal.GONE), TooMany(Refusal.MANY_PICTURES, seconds=9)]
)
def test_no_page_explains_what_the_middleware_answers(refused: Refused) -> None:
    with pytest.raises(Refused) as raised:
        explain(refused)
    assert raised.value is refused
