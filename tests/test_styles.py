"""Style sheets are in layers, each page loads only those of its family, and there are seven sizes of type."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from letters.models import Letter, User
from tests.people import Reader

FOLDER = Path(settings.BASE_DIR) / "letters" / "static" / "letters"
SHEETS = sorted(FOLDER.glob("*.css"))
SIZES = {"tiny", "small", "normal", "large", "heading", "title", "display"}
# All sizes are relative to these, on the screen and on paper; marks of notes are relative to the text around them.
MEASURES = {"html": {"100%", "clamp(1.0625rem, 0.98rem + 0.4vw, 1.25rem)", "11pt"}, ".text sup": {"0.7em"}}


def plain(sheet: Path) -> str:
    return re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.DOTALL)


def outermost(css: str) -> list[str]:
    """Yield the selector or at-rule before each outermost block."""
    found, depth, start = [], 0, 0
    for place, letter in enumerate(css):
        if letter == "{":
            if depth == 0:
                found.append(css[start:place].rsplit(";", maxsplit=1)[-1].strip())
            depth += 1
        elif letter == "}":
            depth -= 1
            start = place + 1
    return found


def loaded(page: str) -> list[str]:
    return re.findall(r'<link rel="stylesheet" href="/static/letters/([a-z]+)\.[0-9a-f]{12}\.css">', page)


def sizes(css: str) -> list[tuple[str, str]]:
    """Yield each font size, after its selector."""
    rules = re.findall(r"([^{};]+)\{([^{}]*)\}", css)
    return [
        (selector.strip(), size)
        for selector, body in rules
        for size in re.findall(r"(?<![-\w])font(?:-size)?:\s*(?:600 )?([^;]+?)(?:/[\d.]+ [^;]+)?(?:;|\s*$)", body)
    ]


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_every_rule_is_in_a_layer(sheet: Path) -> None:
    layers = [
        inner
        for name in outermost(plain(sheet))
        for inner in (re.findall(r"@media print \{\s*(@layer \w+)", plain(sheet)) if "print" in name else [name])
    ]
    assert layers
    assert all(re.fullmatch(r"@layer (elements|parts|public|organizer|paper)", layer) for layer in layers), layers


def test_the_order_of_the_layers_is_declared_before_all_rules() -> None:
    assert plain(FOLDER / "base.css").strip().startswith("@layer elements, parts, public, organizer, paper;")


def test_there_are_seven_sizes_of_type() -> None:
    root = plain(FOLDER / "base.css").partition(":root {")[2].partition("}")[0]
    assert {name for name in re.findall(r"--([a-z]+):", root) if name in SIZES} == SIZES
    asked = [(sheet.name, *found) for sheet in SHEETS for found in sizes(plain(sheet))]
    assert len(asked) > 50
    others = [
        (name, selector, size)
        for name, selector, size in asked
        if size not in {f"var(--{size})" for size in SIZES} | {"inherit"} | MEASURES.get(selector, set())
    ]
    assert not others


def test_public_pages_load_no_styles_of_organizers(letter: Letter, reader: Reader) -> None:
    pages = ["/", letter.get_absolute_url(), "/letters/night-trains/signatures/", "/letters/night-trains/link/"]
    for page in [*pages, "/nothing/here/"]:
        assert loaded(reader.get(page).content.decode()) == ["base"], page


def test_organizers_pages_load_theirs_too(letter: Letter, organizer: User, reader: Reader, client: Client) -> None:
    client.force_login(organizer)
    assert loaded(client.get("/organize/").content.decode()) == ["base", "organizer"]
    assert loaded(reader.get("/accounts/login/").content.decode()) == ["base", "organizer"]


def test_only_the_words_of_letters_have_old_style_figures() -> None:
    """In an address or a code, an old-style 0 or 1 looks like an o or an i."""
    rules = [rule for sheet in SHEETS for rule in re.findall(r"([^{};]+)\{([^{}]*oldstyle-nums[^{}]*)\}", plain(sheet))]
    assert [selector.strip() for selector, _ in rules] == [".text"]
    assert "font-variant-numeric: lining-nums" in plain(FOLDER / "base.css").partition("body {")[2].partition("}")[0]
    exceptions = re.findall(
        r"\.text :is\(([^()]*(?:\([^()]*\))?[^()]*)\) \{ font-variant-numeric: lining-nums",
        plain(FOLDER / "base.css"),
    )
    assert {"table", "code", 'a[href^="http"]'} <= set(", ".join(exceptions).split(", "))


def test_every_class_with_a_style_is_on_a_page() -> None:
    """Otherwise a class that is renamed only in some places loses its style without anyone noticing."""
    styled = {name for sheet in SHEETS for name in re.findall(r"\.([a-z][a-z-]+)(?![\w(]*\")", _selectors(sheet))}
    folder = Path(settings.BASE_DIR) / "letters"
    places = [*(folder / "templates").rglob("*.html"), *FOLDER.glob("*.js"), *folder.rglob("*.py")]
    words = set(re.findall(r"[a-z][a-z-]+", "\n".join(path.read_text(encoding="utf-8") for path in places)))
    assert len(styled) > 200
    assert styled - words == set()


def _selectors(sheet: Path) -> str:
    return "\n".join(re.findall(r"([^{};]+)\{", plain(sheet)))


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_no_rule_knows_left_from_right(sheet: Path) -> None:
    """Pages in Arabic run from right to left: a rule names start and end, and four values mean left and right."""
    value = r"((?:calc|var)\((?:[^()]|\([^()]*\))*\)|[^\s;{}()]+)"
    four = rf"(?:margin|padding|inset|border-width): {value} {value} {value} {value}(?=[;}} ])"
    css = plain(sheet)
    assert [found[0] for found in re.finditer(four, css) if found[2] != found[4]] == []
    assert re.findall(r"(?:margin|padding|border|text-align|float)[\w-]*(?:-|: )(?:left|right)\b", css) == []
