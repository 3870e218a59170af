"""Emails have classes in their templates, and styles on their elements in a mailbox."""

import re
from pathlib import Path

import pytest
from django.template import Context, Engine, Template
from django.template.loader import get_template

from letters.shared import email_styles
from letters.shared.email_styles import STYLESHEET, inlined
from tests.sentences import sentences_of_template

EMAILS = sorted(STYLESHEET.parent.glob("*.html"))
CLASSES = re.compile(r'class="([^"]*)"')


def source_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", EMAILS, ids=lambda path: path.name)
def test_an_email_carries_its_styles_and_no_class(path: Path) -> None:
    html = inlined(source_of(path))
    assert "class=" not in html
    assert "<style" not in html
    assert html.count("style=") >= len(CLASSES.findall(source_of(path)))


@pytest.mark.parametrize("path", EMAILS, ids=lambda path: path.name)
def test_inlining_changes_no_sentence(path: Path) -> None:
    source = source_of(path)
    assert set(sentences_of_template(inlined(source))) == set(sentences_of_template(source))


def test_all_styles_of_emails_are_in_one_place() -> None:
    assert [path.name for path in EMAILS if "style" in source_of(path)] == []


def test_each_class_has_a_rule_and_each_rule_a_class() -> None:
    used = {name for path in EMAILS for found in CLASSES.findall(source_of(path)) for name in found.split()}
    rules = re.sub(r"\{[^}]*\}|/\*.*?\*/", "", STYLESHEET.read_text(encoding="utf-8"))
    assert used == set(re.findall(r"\.([a-z-]+)", rules))


def test_what_people_typed_gets_no_style_of_ours() -> None:
    template = Template(inlined('<div class="news">{{ html|safe }}</div>'))
    html = template.render(Context({"html": '<p class="button">Night trains</p>'}))
    assert html == '<div style="overflow-wrap:anywhere"><p class="button">Night trains</p></div>'


def test_an_email_is_inlined_once_and_not_each_time_it_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []

    def counted(source: str) -> str:
        loaded.append(source)
        return source

    monkeypatch.setattr(email_styles, "inlined", counted)
    (loader,) = Engine.get_default().template_loaders
    loader.reset()
    for _ in range(2):
        get_template("letters/mail/_button.html").render({})
    assert len(loaded) == 1
    loader.reset()
