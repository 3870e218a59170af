"""Differences between two texts are readable, in every script, and fast to find."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letters.shared import differences as module
from letters.shared.differences import MAX_PARAGRAPHS, WORK, Paragraph, differences, words_of


def marked(old: str, new: str) -> list[str]:
    """Return the paragraphs, with [-removed-] and [+added+] words, and a number in place of hidden ones."""
    signs = {"same": "{}", "gone": "[-{}-]", "new": "[+{}+]"}
    return [
        "".join(signs[part.kind].format(part.text) for part in paragraph.parts) or str(paragraph.number)
        for paragraph in differences(old, new)
    ]


def test_a_changed_word_is_marked_in_its_place() -> None:
    assert marked("Four lines are to end.", "Five lines are to stay.") == [
        "[-Four-][+Five+] lines are to [-end-][+stay+]."
    ]


def test_words_that_change_together_are_marked_together() -> None:
    assert marked("Keep the four night lines running", "Keep the five day lines running") == [
        "Keep the [-four night-][+five day+] lines running"
    ]


def test_paragraphs_come_and_go() -> None:
    assert marked("One is here.\n\nTwo goes.\n\nThree stays.", "One is here.\n\nThree stays.\n\nFour comes.") == [
        *["One is here.", "[-Two goes.-]", "Three stays.", "[+Four comes.+]"]
    ]


def test_a_rewritten_paragraph_is_not_shown_as_confetti() -> None:
    assert marked("We ask the minister to resign.", "Trains are good for the climate and the purse.") == [
        "[+Trains are good for the climate and the purse.+]",
        "[-We ask the minister to resign.-]",
    ]


def test_only_paragraphs_near_a_change_are_shown() -> None:
    paragraphs = [f"Paragraph {number}" for number in range(20)]
    changed = [*paragraphs[:10], "Paragraph ten", *paragraphs[11:]]
    assert marked("\n\n".join(paragraphs), "\n\n".join(changed)) == [
        *["9", "Paragraph 9", "Paragraph [-10-][+ten+]", "Paragraph 11", "8"]
    ]


def test_texts_that_are_the_same_show_nothing() -> None:
    assert differences("One\n\nTwo", "One\r\n\r\nTwo\n") == (Paragraph("skipped", number=2),)
    assert differences("", "") == ()


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("请保留夜车。", "请保留早车。", "请保留[-夜-][+早+]车。"),
        ("夜行列車を残して", "夜行列車を守って", "夜行列車を[-残し-][+守っ+]て"),
        ("หยุดรถไฟกลางคืน", "หยุดรถไฟกลางวัน", "หยุดรถไฟกลาง[-คื-][+วั+]น"),
        ("نريد قطارات الليل", "نريد قطارات النهار", "نريد قطارات [-الليل-][+النهار+]"),
        ("हमें रात की रेल चाहिए", "हमें दिन की रेल चाहिए", "हमें [-रात-][+दिन+] की रेल चाहिए"),
        ("Ngọc đi tàu đêm", "Ngọc đi tàu ngày", "Ngọc đi tàu [-đêm-][+ngày+]"),
    ],
)
def test_words_are_compared_in_every_script(old: str, new: str, shown: str) -> None:
    assert marked(old, new) == [shown]


@pytest.mark.parametrize("whole", ["रेलगाड़ियाँ", "\U0001f469\u200d\U0001f680", "e\u0301", "\u0645\u06cc\u200c\u062e"])
def test_a_visible_character_is_never_split(whole: str) -> None:
    assert words_of(f"{whole} ") == [whole, " "]


texts = st.text(st.sampled_from("ab \n.é\u0301夜กำ👩\u200d🚀")) | st.text()


@given(texts)
def test_the_words_together_are_the_text(text: str) -> None:
    assert "".join(words_of(text)) == text


@given(texts, texts)
def test_reversing_the_differences_gives_the_old_text(old: str, new: str) -> None:
    def read(*kinds: str) -> str:
        parts = [part for each in differences(old, new) for part in each.parts if part.kind in kinds]
        return "".join("".join(part.text.split()) for part in parts)

    if not any(each.kind == "skipped" for each in differences(old, new)):
        assert read("same", "gone") == read_alone(old)
        assert read("same", "new") == read_alone(new)


def read_alone(text: str) -> str:
    return "".join("".join(part.text.split()) for each in differences("", text) for part in each.parts)


MAX_LENGTH = 100_000
SLOW = {
    "one word to a paragraph": ("a\n\n" * 33_000, "b\n\n" * 33_000),
    "two in turn": ("a\n\nb\n\n" * 16_000, "b\n\na\n\nc\n\n" * 11_000),
    "three words in turn": ("a b " * 25_000, "b a c " * 16_000),
    "backwards": (" ".join(map(str, range(17_000))), " ".join(map(str, range(17_000, 0, -1)))),
    "in pairs": ("x y " * 25_000, "".join(f"x {n} " for n in range(14_000))),
    "marks alone": ("\u0301" * MAX_LENGTH, "\u0302" * MAX_LENGTH),
    "spaces alone": (" \n\t" * 33_000, "\n \n" * 33_000 + "a"),
    "signs without spaces": ("夜早" * 50_000, "早夜車" * 33_000),
    "every word at once, then one to a paragraph": (
        " ".join(f"w{n}" for n in range(14_000)),
        "x\n\n" * 33_000,
    ),
    "paragraphs that are alike": (
        "\n\n".join(f"the same and {n}" for n in range(5_500)),
        "\n\n".join(f"the same but {n}" for n in range(5_500)),
    ),
}


class Counted(str):
    """A word or paragraph that counts how often it is compared or looked up."""

    __slots__ = ()
    steps = 0

    def __eq__(self, other: object) -> bool:
        Counted.steps += 1
        return str.__eq__(self, other)

    def __hash__(self) -> int:
        Counted.steps += 1
        return str.__hash__(self)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> type[Counted]:
    def all_counted(cut: Any) -> Any:
        return lambda text: list(map(Counted, cut(text)))

    monkeypatch.setattr(Counted, "steps", 0)
    for name in ("words_of", "_paragraphs"):
        monkeypatch.setattr(module, name, all_counted(getattr(module, name)))
    return Counted


@pytest.mark.parametrize("name", SLOW)
def test_no_text_takes_more_than_its_share_of_work(name: str, counted: type[Counted]) -> None:
    # Without the limits, most of these take hundreds of millions of steps.
    found = differences.__wrapped__(*SLOW[name])
    assert counted.steps <= 2 * WORK
    assert len(found) <= MAX_PARAGRAPHS + 1


def test_the_work_that_is_left_bounds_what_is_compared(counted: type[Counted], monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = "a b " * 100, "b a c " * 100
    generous = steps_of(old, new, counted)
    monkeypatch.setattr(module, "WORK", 0)
    assert steps_of(old, new, counted) < generous / 20


def steps_of(old: str, new: str, counted: type[Counted]) -> int:
    counted.steps = 0
    differences.__wrapped__(old, new)
    return counted.steps
