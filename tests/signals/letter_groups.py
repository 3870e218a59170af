"""Write the groups of three letters that occur in any language: `python -m tests.signals.letter_groups`.

Run it after an update of Babel that adds languages. See letters/moderator/signals/keyboard_mash.py.
"""

from base64 import b85encode
from collections.abc import Iterator
from itertools import product
from zlib import compress

from babel import Locale, localedata

from letters.moderator.signals.data_files import DATA
from letters.moderator.signals.keyboard_mash import ALPHABETS, EDGE, groups_of
from letters.moderator.signals.words import folded, words_in

LINE = 100
HEADING = "# Which groups of three letters occur in any language: bits, compressed, in base 85. See mash.py.\n"


def texts_of(locale: Locale) -> Iterator[str]:
    """Yield the names of countries, languages, scripts, currencies, months, days and cities."""
    for names in (locale.territories, locale.languages, locale.scripts, locale.currencies):
        yield from names.values()
    yield from locale.months["format"]["wide"].values()
    yield from locale.days["format"]["wide"].values()
    yield from (str(zone.get("city", "")) for zone in locale.time_zones.values())


def seen_groups() -> set[str]:
    languages = [Locale.parse(name) for name in localedata.locale_identifiers() if "_" not in name]
    languages += [Locale.parse(name) for name in localedata.locale_identifiers() if name.endswith("_Cyrl")]
    words = {word for language in languages for text in texts_of(language) for word in words_in(folded(text))}
    return {group for word in words if len(word) > 2 for group in groups_of(word)}


def write() -> None:
    seen = seen_groups()
    for alphabet in ALPHABETS:
        bits = bytearray(len(EDGE + alphabet.letters) ** 3 // 8 + 1)
        for place, group in enumerate(map("".join, product(EDGE + alphabet.letters, repeat=3))):
            bits[place // 8] |= (group in seen) << place % 8
        text = b85encode(compress(bytes(bits), 9)).decode()
        lines = [text[start : start + LINE] for start in range(0, len(text), LINE)]
        (DATA / f"letter_groups_{alphabet.name}.txt").write_text(HEADING + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write()
