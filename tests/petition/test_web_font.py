"""The font of letters: made from what Typst contains, small, with italics and both kinds of figures."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from fontTools.ttLib import TTFont

from petition import web_font

# How much more a first visit may weigh than without the font.
HEAVIEST = 60_000
SHEET = Path(settings.BASE_DIR) / "letters/static/letters/base.css"


def font(name: str) -> TTFont:
    return TTFont(BytesIO((web_font.made_fonts() / f"{name}.woff2").read_bytes()))


def characters(ranges: str) -> set[str]:
    ends = [each.strip().removeprefix("U+").split("-") for each in ranges.split(",")]
    return {chr(code) for first, *last in ends for code in range(int(first, 16), int((last or [first])[0], 16) + 1)}


def rules() -> dict[str, dict[str, str]]:
    """Return what the style sheet says about each file."""
    found = re.findall(r"@font-face \{([^}]*)\}", SHEET.read_text())
    said = [dict(part.strip().split(": ", 1) for part in rule.split(";") if part.strip()) for rule in found]
    return {re.findall(r"face/(.+)\.woff2", rule["src"])[0]: rule for rule in said}


def test_roman_italic_and_bold_of_an_english_letter_weigh_less_than_60_kilobytes() -> None:
    files = [web_font.made_fonts() / f"{name}.woff2" for name in ("roman", "italic", "bold")]
    assert 20_000 < sum(file.stat().st_size for file in files) < HEAVIEST


@pytest.mark.parametrize("name", [name for name, *_ in web_font.FILES])
def test_each_font_file_is_requested_only_for_its_characters(name: str) -> None:
    [(style, ranges)] = [(style, ranges) for known, style, ranges, _ in web_font.FILES if known == name]
    rule = rules()[name]
    assert characters(rule["unicode-range"]) == characters(ranges)
    assert (rule["font-style"] == "italic", rule["font-weight"] == "700") == (style == "Italic", style == "Bold")
    assert rule["font-display"] == "swap"
    assert rule["font-family"] == f'"{web_font.FAMILY}"'


def test_english_and_italian_need_no_other_font() -> None:
    shown = set(map(chr, font("roman").getBestCmap()))
    assert set("àèéìòùÀÈÉ«»€·•\u2013\u2014\u2018\u2019\u201c\u201d\u2026") | characters("U+0020-007E") <= shown
    assert shown == set(map(chr, font("italic").getBestCmap()))


def test_numbers_can_be_lining_old_style_and_in_columns() -> None:
    roman = font("roman")
    tags = {record.FeatureTag for record in roman["GSUB"].table.FeatureList.FeatureRecord}
    assert {"lnum", "onum"} <= tags
    assert len({roman["hmtx"][roman.getBestCmap()[ord(digit)]][0] for digit in "0123456789"}) == 1


def test_its_licence_is_beside_it_and_in_every_file() -> None:
    path = finders.find(f"{web_font.FOLDER}/{web_font.LICENCE}")
    assert path
    beside = Path(path).read_text()
    assert "SIL Open Font License, Version 1.1" in beside
    assert "Copyright © 2012-2024 The Libertinus Project Authors" in beside
    for name, *_ in web_font.FILES:
        assert "SIL Open Font License" in (font(name)["name"].getDebugName(13) or "")


def test_it_is_made_once() -> None:
    made = [(file, file.stat().st_ctime_ns) for file in web_font.made_fonts().iterdir()]
    assert made == [(file, file.stat().st_ctime_ns) for file in web_font.made_fonts().iterdir()]


@pytest.mark.parametrize("path", ["letters/base.css", "letters/face/other.woff2", "letters/face/../base.css", ""])
def test_the_finder_knows_no_other_file(path: str) -> None:
    assert web_font.WebFontFinder().find(path) == []


@pytest.mark.parametrize(
    "head", [b"", b"OTTO", b"OTTO\x00\x00", b"OTTO\xff\xff" + b"\x00" * 700, b"OTTO\x00\x02" + b"\x00" * 80]
)
def test_bytes_that_only_begin_like_a_font_are_rejected(head: bytes) -> None:
    assert web_font._length(head) == 0
