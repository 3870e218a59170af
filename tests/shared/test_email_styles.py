"""Templates of emails have classes; the emails that are sent have inline styles."""

import re
from pathlib import Path

import pytest
from django.template import Context, Engine, Template
from django.template.loader import get_template

from letters.shared import email_styles
from letters.shared.email_styles import DARK, STYLESHEET, inlined
from tests.sentences import sentences_of_template

EMAILS = sorted(STYLESHEET.parent.glob("*.html"))
CLASSES = re.compile(r'class="([^"]*)"')

DARK_CLASSES = set(
    re.findall(r"\.([a-z-]+)", re.sub(r"/\*.*?\*/", "", DARK.read_text(encoding="utf-8"), flags=re.DOTALL))
)


def source_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", EMAILS, ids=lambda path: path.name)
def test_an_email_carries_its_styles_and_only_the_classes_of_dark_colours(path: Path) -> None:
    html = inlined(source_of(path))
    kept = {name for found in CLASSES.findall(html) for name in found.split()}
    assert kept <= DARK_CLASSES
    used = {name for found in CLASSES.findall(source_of(path)) for name in found.split()}
    assert used & DARK_CLASSES == kept
    assert html.count("style=") >= len([name for name in CLASSES.findall(source_of(path)) if name != "paper"])


def test_only_the_layout_has_a_style_sheet_and_it_holds_nothing_but_dark_colours() -> None:
    assert [path.name for path in EMAILS if "<style" in inlined(source_of(path))] == ["base.html"]
    html = inlined(source_of(STYLESHEET.parent / "base.html"))
    (sheet,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    assert re.fullmatch(r"\s*@media \(prefers-color-scheme: dark\) \{.*\}\s*", sheet, re.DOTALL)
    assert set(re.findall(r"[{;] *([a-z-]+):", sheet)) == {"background", "color", "border-color"}
    assert not re.search(r"url\(|@import", sheet)


@pytest.mark.parametrize("path", EMAILS, ids=lambda path: path.name)
def test_inlining_changes_no_sentence(path: Path) -> None:
    source = source_of(path)
    assert set(sentences_of_template(inlined(source))) == set(sentences_of_template(source))


def test_all_styles_of_emails_are_in_one_place() -> None:
    assert [path.name for path in EMAILS if "style=" in source_of(path)] == []


def test_each_class_has_a_rule_and_each_rule_a_class() -> None:
    used = {name for path in EMAILS for found in CLASSES.findall(source_of(path)) for name in found.split()}
    rules = re.sub(r"\{[^}]*\}|/\*.*?\*/", "", STYLESHEET.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert used == set(re.findall(r"\.([a-z-]+)", rules)) | DARK_CLASSES


def test_text_that_people_typed_gets_none_of_our_styles() -> None:
    template = Template(inlined('<div class="news">{{ html|safe }}</div>'))
    html = template.render(Context({"html": '<p class="button">Night trains</p>'}))
    assert html.startswith('<div class="news" style="font-family:')
    assert html.endswith('"><p class="button">Night trains</p></div>')


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
