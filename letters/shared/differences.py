"""Compare two texts word by word, in any script.

Denial of service: someone can write a text of 100,000 characters that is slow to compare. So words that occur once in
both texts are matched first, which is cheap. Only the text between them is compared word by word, within a budget of
WORK; beyond it a passage counts as rewritten.
"""

import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import groupby

from letters.shared.text import compose

# The maximum number of word pairs to compare: about a second of work.
WORK = 2_000_000
# Two paragraphs with this similarity are versions of each other.
ALIKE = 0.4
# The counterpart of a changed paragraph is searched within this many paragraphs.
LOOK_AHEAD = 6
MAX_DEPTH = 12
# More parts than this make a paragraph count as rewritten, and further paragraphs are only counted: browsers render
# them slowly, and nobody reads them.
MAX_PARTS = 1000
MAX_PARAGRAPHS = 1000

# Scripts without spaces between words, where each character is compared: Thai, Lao, Burmese, Khmer, Japanese, Chinese.
NO_SPACES = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
# Ranges of combining marks, which must stay with the character before them.
WHERE_MARKS_ARE = [range(0x20000), range(0xE0100, 0xE01F0)]
PARAGRAPHS = re.compile(r"\n\s*\n")


@dataclass(frozen=True)
class Part:
    """Words that are the "same", "gone" or "new"."""

    kind: str
    text: str


@dataclass(frozen=True)
class Paragraph:
    """A paragraph, or a number of them: "skipped" if they are unchanged, "more" if they are too many to show."""

    # "same", "changed", "gone", "new", "skipped" or "more".
    kind: str
    parts: tuple[Part, ...] = ()
    number: int = 0


@dataclass
class _Budget:
    """The number of word pairs that may still be compared."""

    left: int = field(default_factory=lambda: WORK)

    def has(self, work: int) -> bool:
        """Spend this amount of work if that much is left. Returns whether it was spent."""
        if work > self.left:
            return False
        self.left -= work
        return True


# A position in the old and in the new sequence; and a run of equal or different positions.
_Pair = tuple[int, int]
_Run = tuple[str, range, range]


@lru_cache(maxsize=64)
def differences(old: str, new: str) -> tuple[Paragraph, ...]:
    """Return the new text with changes marked. Unchanged paragraphs appear only beside changed ones."""
    before, after, budget = _paragraphs(old), _paragraphs(new), _Budget()
    paragraphs: list[Paragraph] = []
    for kind, left, right in _Comparison(before, after, budget).runs():
        if kind == "same":
            paragraphs += [Paragraph("same", (Part("same", after[place]),)) for place in right]
        else:
            paragraphs += _changed([before[place] for place in left], [after[place] for place in right], budget)
    shown = tuple(_without_what_stays(paragraphs))
    more = len(shown) - MAX_PARAGRAPHS
    return (*shown[:MAX_PARAGRAPHS], Paragraph("more", number=more)) if more > 0 else shown


def words_of(text: str) -> list[str]:
    """Split a text into words, spaces and punctuation. Joined, they make the same text again."""
    return _word().findall(text)


def changed_words(old: str, new: str) -> tuple[int, int]:
    """Return how many words of the old text were removed or added, whichever is more, and how many words it had.

    Beyond the budget, a passage counts as rewritten, so the number may be too high but never too low.
    """
    before, after = _only_words(old), _only_words(new)
    runs = list(_Comparison(before, after, _Budget()).runs())
    gone, came = (sum(len(run[side]) for run in runs if run[0] != "same") for side in (1, 2))
    return max(gone, came), len(before)


def same_words(old: str, new: str) -> bool:
    """Return whether two lines differ at most in case, spaces and punctuation."""
    return _only_words(old.casefold()) == _only_words(new.casefold())


def _only_words(text: str) -> list[str]:
    return [word for word in words_of(compose(text)) if word[0].isalnum()]


def _paragraphs(text: str) -> list[str]:
    whole = compose(text).replace("\r\n", "\n").strip()
    return PARAGRAPHS.split(whole) if whole else []


@cache
def _word() -> re.Pattern[str]:
    marks = "".join(re.escape(chr(each)) for places in WHERE_MARKS_ARE for each in places if _is_mark(each))
    one = f"[{marks}\u200c\u200d\U0001f3fb-\U0001f3ff]*"
    # An emoji may be a sequence of characters joined by U+200D.
    joined = rf"(?:(?<=\u200d)[^\w\s]{one})*"
    return re.compile(rf"\s+|[{NO_SPACES}]{one}|(?:(?![{NO_SPACES}])\w{one})+|.{one}{joined}", re.DOTALL)


def _is_mark(code: int) -> bool:
    return unicodedata.category(chr(code)).startswith("M")


def _without_what_stays(paragraphs: list[Paragraph]) -> Iterator[Paragraph]:
    """Keep an unchanged paragraph only before and after changed ones, and count the others."""
    for stays, group in groupby(enumerate(paragraphs), key=lambda each: each[1].kind == "same"):
        places = list(group)
        if not stays:
            yield from (paragraph for _, paragraph in places)
            continue
        first = [places.pop(0)[1]] if places[0][0] > 0 else []
        last = [places.pop()[1]] if places and places[-1][0] < len(paragraphs) - 1 else []
        skipped = [Paragraph("skipped", number=len(places))] if places else []
        yield from [*first, *skipped, *last]


# Comparing paragraphs


def _changed(old: list[str], new: list[str], budget: _Budget) -> Iterator[Paragraph]:
    """Yield a run of replaced paragraphs, each with its counterpart if there is one nearby."""
    bags = [_bag(text) for text in old], [_bag(text) for text in new]
    done = 0
    for place, text in enumerate(new):
        near = range(done, min(done + LOOK_AHEAD, len(old)))
        match = next((each for each in near if _alikeness(bags[0][each], bags[1][place]) >= ALIKE), None)
        if match is None:
            yield Paragraph("new", (Part("new", text),))
            continue
        yield from (Paragraph("gone", (Part("gone", gone),)) for gone in old[done:match])
        yield from _rewritten(old[match], text, budget)
        done = match + 1
    yield from (Paragraph("gone", (Part("gone", gone),)) for gone in old[done:])


def _rewritten(old: str, new: str, budget: _Budget) -> Iterator[Paragraph]:
    parts = tuple(_parts(old, new, budget))
    if len(parts) <= MAX_PARTS:
        yield Paragraph("changed", parts)
    else:
        yield Paragraph("gone", (Part("gone", old),))
        yield Paragraph("new", (Part("new", new),))


@dataclass(frozen=True)
class _Bag:
    """The number of occurrences of each word in a paragraph, without spaces and punctuation."""

    words: Counter[str]
    size: int


def _bag(text: str) -> _Bag:
    words = Counter(word for word in words_of(text.casefold()) if word[0].isalnum())
    return _Bag(words, words.total())


def _alikeness(old: _Bag, new: _Bag) -> float:
    """Return a similarity from 0 to 1."""
    # Denial of service: a paragraph with every word may meet thirty thousand
    # short ones, so iterate over the shorter one.
    few, many = sorted([old.words, new.words], key=len)
    return sum(min(times, many[word]) for word, times in few.items()) / max(old.size, new.size, 1)


# Comparing words


def _parts(old: str, new: str, budget: _Budget) -> Iterator[Part]:
    before, after = words_of(old), words_of(new)
    gone: list[str] = []
    added: list[str] = []
    runs = list(_Comparison(before, after, budget).runs())
    for place, (kind, left, right) in enumerate(runs):
        text = "".join(after[each] for each in right)
        if kind == "same" and (text.strip() or not 0 < place < len(runs) - 1):
            yield from _flush(gone, added)
            yield Part("same", text)
        else:
            # A space between two changed words belongs to both, so that they read as one change.
            gone += [before[each] for each in left]
            added += [after[each] for each in right]
    yield from _flush(gone, added)


def _flush(gone: list[str], added: list[str]) -> Iterator[Part]:
    yield from (Part(kind, "".join(words)) for kind, words in (("gone", gone), ("new", added)) if words)
    gone.clear()
    added.clear()


# Comparing sequences


@dataclass
class _Comparison:
    old: Sequence[str]
    new: Sequence[str]
    budget: _Budget

    def runs(self) -> Iterator[_Run]:
        """Yield equal and different runs in order, each as long as possible."""
        pairs = list(self._pairs(range(len(self.old)), range(len(self.new)), 0))
        at_old = at_new = 0
        for _, group in groupby(enumerate(pairs), key=lambda each: (each[1][0] - each[0], each[1][1] - each[0])):
            run = [pair for _, pair in group]
            (from_old, from_new), length = run[0], len(run)
            if from_old > at_old or from_new > at_new:
                yield "changed", range(at_old, from_old), range(at_new, from_new)
            at_old, at_new = from_old + length, from_new + length
            yield "same", range(from_old, at_old), range(from_new, at_new)
        if at_old < len(self.old) or at_new < len(self.new):
            yield "changed", range(at_old, len(self.old)), range(at_new, len(self.new))

    def _pairs(self, left: range, right: range, depth: int) -> Iterator[_Pair]:
        """Yield the positions of equal elements in these ranges, in order."""
        old, new, start, end = self.old, self.new, 0, 0
        while start < min(len(left), len(right)) and old[left[start]] == new[right[start]]:
            yield left[start], right[start]
            start += 1
        left, right = left[start:], right[start:]
        while end < min(len(left), len(right)) and old[left[-1 - end]] == new[right[-1 - end]]:
            end += 1
        tail = zip(left[len(left) - end :], right[len(right) - end :], strict=True)
        yield from self._inner_pairs(left[: len(left) - end], right[: len(right) - end], depth)
        yield from tail

    def _inner_pairs(self, left: range, right: range, depth: int) -> Iterator[_Pair]:
        """Do the same for ranges without a common beginning or end."""
        anchors = self._anchors(left, right) if depth < MAX_DEPTH else []
        if anchors:
            at_old, at_new = left.start, right.start
            for in_old, in_new in anchors:
                yield from self._pairs(range(at_old, in_old), range(at_new, in_new), depth + 1)
                yield in_old, in_new
                at_old, at_new = in_old + 1, in_new + 1
            yield from self._pairs(range(at_old, left.stop), range(at_new, right.stop), depth + 1)
        elif self.budget.has(len(left) * len(right)):
            yield from self._longest_common(left, right)

    def _anchors(self, left: range, right: range) -> list[_Pair]:
        """Return the elements that occur once in each range, as far as their order is the same (patience diff)."""
        old, new = self.old, self.new
        counts = Counter(old[each] for each in left), Counter(new[each] for each in right)
        places = {new[each]: each for each in right if counts[1][new[each]] == 1}
        anchors = [(each, places[old[each]]) for each in left if counts[0][old[each]] == 1 and old[each] in places]
        # The longest increasing subsequence: the last position for each length, and its predecessor.
        ends: list[int] = []
        chains: list[int] = []
        before: list[int] = []
        for index, (_, place) in enumerate(anchors):
            length = bisect_left(ends, place)
            before.append(chains[length - 1] if length else -1)
            ends[length : length + 1], chains[length : length + 1] = [place], [index]
        rising, at = [], chains[-1] if chains else -1
        while at >= 0:
            rising.append(anchors[at])
            at = before[at]
        return rising[::-1]

    def _longest_common(self, left: range, right: range) -> Iterator[_Pair]:
        """Yield the longest common subsequence, with the table of lengths."""
        old, new = self.old, self.new
        lengths = [[0] * (len(right) + 1)]
        for i in reversed(left):
            row, below = [0], lengths[-1]
            for place, j in enumerate(reversed(right)):
                row.append(below[place] + 1 if old[i] == new[j] else max(below[place + 1], row[place]))
            lengths.append(row)
        i, j = 0, 0
        while i < len(left) and j < len(right):
            here, below = lengths[len(left) - i], lengths[len(left) - i - 1]
            rest = len(right) - j
            if old[left[i]] == new[right[j]]:
                yield left[i], right[j]
                i, j = i + 1, j + 1
            elif below[rest] >= here[rest - 1]:
                i += 1
            else:
                j += 1
