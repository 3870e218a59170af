"""Names keep the characters that their bearers use: from the form to the database, the page and the public file."""

import csv
import io
import json
import re
import unicodedata
from html import unescape

import pytest

from letters.models import Letter, Signature
from letters.shared.csv_rows import safe_cell
from letters.signer.signing.operations import confirm_signature
from tests.people import NOW, Reader, Signer, publish

# Invented people with real kinds of names. Escapes where a character is invisible or could be mistaken for another.
NAMES = [
    # Apostrophes, okinas and other letters that look like them
    *["Siobh\u00e1n O'Brien", "Siobh\u00e1n O\u2019Brien", "N\u0101lani Kea\u02bbala", "Ka\u2018ahumanu Keli\u02bbi"],
    *["D'Angelo Russo", "Jeanne d\u2019Arc-Dupont", "Mu\u02bfadh al-\u02bfAbd", "G\u02bbofur Yo\u02bbldosh"],
    *["T\u02bcaimah Ah-Kwin", "Nu\u02bcukalofa Fa\u02bbasavalu", "Sant\u2019Anna Conti", "`Abd al-R\u0101ziq"],
    # Hyphens, dots, middots, numbers, one letter
    *["Anne-Marie Lef\u00e8vre", "Smith\u2010Jones", "Mar\u2011y Ann", "J. R. R. T\u00f8nnesen", "Marta Col\u00b7lell"],
    *["Llu\u00eds Sal\u2027la", "\u30b8\u30e7\u30f3\u30fb\u30b9\u30df\u30b9", "John Smith III", "X \u00c6 A-12", "O"],
    *[
        "E",
        "U Nu",
        "Dr. med. Eva Klein",
        "Prof. Ada, Countess of L.",
        "Jo\u00e3o (Jota) Silva",
        "Mary \u201cMo\u201d Ray",
    ],
    *["@lice", "3lena", "Sarah & Tom Fox", "Ren\u00e9e <3", "Null", "Test", "None", "True"],
    # Particles, upper and lower case
    *["ludwig van den berg", "McDONALD", "de la Cruz y P\u00e9rez", "Vincent vanDyk", "von der Heide, Kurt"],
    *["bell hooker", "K. d. lang-Meyer", "Ibn S\u012bn\u0101 al-Balkh\u012b", "bin Laden-Haddad", "ter Braak"],
    # Latin with marks, composed and not
    *["\u0141ukasz \u017b\u00f3\u0142\u0107", "Nguy\u1ec5n Th\u1ecb Ph\u01b0\u01a1ng", "\u015eeyma I\u015f\u0131k"],
    *[
        "\u0130nci \u00c7al\u0131\u015fkan",
        "Bj\u00f6rk \u00de\u00f3rsd\u00f3ttir",
        "\u0218tefan \u021aepe\u0219",
        "Dvo\u0159\u00e1k",
    ],
    *[
        "\u1e6chomas\u0323\u0331",
        "S\u0327\u0323elma",
        "M\u0308otley",
        "R\u0302a\u0325m",
        "\u0186k\u0254\u0301mf\u0254\u0300",
    ],
    *[
        "\u00c5se \u00d8rsted",
        "Gro\u00df",
        "GRO\u1e9e",
        "\u0132smay",
        "\u01c4ivo",
        "L\u00f8\u0301vborg",
        "Adw\u0254a \u014ama",
    ],
    # Cyrillic, Greek, Georgian, Armenian
    *[
        "\u0410\u0434\u0430 \u041b\u0430\u0432\u043b\u0435\u0439\u0441",
        "\u0419\u043e\u0441\u0438\u0444 \u0401\u043b\u043a\u0438\u043d",
    ],
    *[
        "\u041c\u0430\u0440\u2019\u044f\u043d\u0430 \u0407\u0436\u0430\u043a",
        "\u0393\u03b9\u03ce\u03c1\u03b3\u03bf\u03c2 \u039d\u03af\u03ba\u03bf\u03c2",
    ],
    *[
        "\u10dc\u10d8\u10dc\u10dd \u10d9\u10d0\u10da\u10d0\u10eb\u10d4",
        "\u0531\u0580\u0561\u0574 \u054d\u0561\u0580\u0563\u057d\u0575\u0561\u0576",
    ],
    # Hebrew and Arabic, with points, joiners and marks of direction in the middle
    *[
        "\u05e9\u05c1\u05b0\u05dc\u05b9\u05de\u05b9\u05d4",
        "\u05d2\u05f3\u05d5\u05e8\u05d2\u05f3 \u05db\u05d4\u05df",
        "\u05d9\u05d5\u05e1\u05e3 \u05d1\u05be\u05dc\u05d5\u05d9",
    ],
    *[
        "\u0645\u062d\u0645\u062f \u0627\u0644\u0623\u0645\u064a\u0646",
        "\u0639\u0628\u062f \u0627\u0644\u0644\u0647",
        "\u0622\u0645\u0646\u0629 \u0646\u064f\u0648\u0631",
    ],
    *[
        "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627 \u06a9\u0627\u0638\u0645\u06cc",
        "\u0641\u0627\u0637\u0645\u0647\u200c\u0633\u0627\u062f\u0627\u062a",
        "\u06af\u0644\u200c\u0646\u0627\u0632",
    ],
    *[
        "\u0645\u0640\u062d\u0640\u0645\u0640\u062f",
        "Ali \u200f\u0639\u0644\u064a\u200f Khan",
        "\u0639\u0645\u0631 (Omar)",
    ],
    # Indic scripts, with joiners and non-joiners
    *[
        "\u0905\u0926\u093f\u0924\u093f \u0936\u0930\u094d\u092e\u093e",
        "\u0915\u094d\u200d\u0937\u092e\u093e",
        "\u0930\u094d\u200c\u0939\u0940",
    ],
    *[
        "\u0d28\u0d28\u0d4d\u200d",
        "\u0d05\u0d1e\u0d4d\u0d1c\u0d28 \u0d15\u0d41\u0d30\u0d4d\u200d",
        "\u0dc1\u0dca\u200d\u0dbb\u0dd3 \u0dbd\u0d82\u0d9a\u0dcf",
    ],
    *[
        "\u0ba4\u0bae\u0bbf\u0bb4\u0bcd\u0b9a\u0bc6\u0bb2\u0bcd\u0bb5\u0bbf",
        "\u0c30\u0c3e\u0c2e\u0c41\u0c21\u0c41",
        "\u09b8\u09c1\u09ae\u09bf\u09a4\u09cd\u09b0\u09be",
        "\u0a17\u0a41\u0a30\u0a2a\u0a4d\u0a30\u0a40\u0a24",
    ],
    # Southeast Asia, Tibet, Ethiopia
    *[
        "\u0e2a\u0e21\u0e0a\u0e32\u0e22 \u0e43\u0e08\u0e14\u0e35",
        "\u1019\u1031\u102c\u1004\u103a\u1019\u1031\u102c\u1004\u103a",
        "\u179f\u17bb\u1781 \u179f\u17bb\u1797\u17b6\u1796",
        "\u0f56\u0f66\u0f9f\u0f53\u0f0b\u0f60\u0f5b\u0f72\u0f53",
    ],
    *[
        "\u12a0\u1260\u1260 \u1262\u1242\u120b",
        "\u13e3\u13b3\u13a9",
        "\u1403\u14c4\u1483\u144e\u1450\u1466",
        "\u2d30\u2d4e\u2d30\u2d63\u2d49\u2d56",
    ],
    # China, Japan, Korea: wide spaces, rare letters, old letters
    *[
        "\u5c71\u7530\u3000\u592a\u90ce",
        "\u4f50\u3005\u6728 \u82b1\u5b50",
        "\u9ad9\u6a4b",
        "\U00020bb7\u7530",
        "\u9089\u908a",
    ],
    *[
        "\u738b\u5c0f\u660e",
        "\u6b27\u9633\u00b7\u9752",
        "\u674e\u3007\u4e00",
        "\uae40\ubbfc\uc900",
        "\ub0a8\uad81 \ubbfc",
        "\u30a2\u30c0\u30fb\u30e9\u30d6\u30ec\u30b9",
    ],
    *[
        "\u963f\u8fea\u529b\u00b7\u827e\u5408\u4e70\u63d0",
        "\u845b\U000e0100\u57ce",
    ],
    # Signs
    *[
        "Zo\u00eb \U0001f468\u200d\U0001f469\u200d\U0001f467",
        "Ada \u2764\ufe0f",
        "\u01c3X\u00f3\u00e5",
        "N\u01c0\u01c0Kabo",
    ],
]


def test_there_are_a_hundred_names_and_no_two_are_one() -> None:
    assert len({unicodedata.normalize("NFC", name) for name in NAMES}) == len(NAMES) >= 100


@pytest.mark.django_db
def test_every_name_goes_through_form_database_page_and_file_unchanged(
    letter: Letter, signer: Signer, reader: Reader, no_limits: None
) -> None:
    for place, name in enumerate(NAMES):
        answer = signer.sign(letter, name=name, email=f"signer{place}@example.org", sure_name=name)
        assert answer.status_code == 303, name
    wanted = [unicodedata.normalize("NFC", name) for name in NAMES]
    signatures = list(Signature.objects.order_by("pk"))
    assert [signature.name for signature in signatures] == wanted
    for signature in signatures:
        confirm_signature(signature, verified="link", now=NOW)
    publish()
    # In the file, a cell that a spreadsheet would run begins with an apostrophe.
    content = reader.get(letter.url_of("signatures_csv")).getvalue().decode("utf-8-sig")
    rows = [{**row} for row in csv.DictReader(io.StringIO(content))]
    assert sorted(row["name"] for row in rows) == sorted(str(safe_cell(name)) for name in wanted)
    as_data = json.loads(reader.get(letter.url_of("all_signatures_json")).getvalue())
    assert sorted(row["name"] for row in as_data["signatures"]) == sorted(wanted)
    assert names_on_pages(reader, letter) == {*wanted}


def names_on_pages(reader: Reader, letter: Letter) -> set[str]:
    found: set[str] = set()
    for before in range(len(NAMES) + 1, 0, -20):
        text = reader.get(f"{letter.url_of('signatures')}?before={before}").content.decode()
        found |= {unescape(name) for name in re.findall("<bdi>(.*?)</bdi>", text)}
    return found & {unicodedata.normalize("NFC", name) for name in NAMES}
