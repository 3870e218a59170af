"""The site, its catalogue and its docs use one vocabulary. See docs/glossary.md: these words have retired."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.sentences import sentences_of_site

# What nobody reads any more, anywhere, and what to write instead.
RETIRED = {
    r"e-mails?": "email",
    r"mails": "emails",
    r"(a|an|by|each|its|no|our|that|the|this|your) mail(?! (gateway|log|program|provider|scanner|server|worker)s?)": (
        "email"
    ),
    r"(six|newest|right|the) digits": "code",
    r"how it fares": "Overview",
    r"it was not so": "Remove this record",
    r"to how many it goes": "Recipients",
    r"why you say no": "Reason for rejecting",
    r"signatures? to look at": "Signatures to review",
    r"not yet\. please look at this again": "There is a problem",
    r"there is no way back": "You cannot undo this",
    r"set right what is wrong": "Correct anything we got wrong",
    r"hoped for": "Goal",
    r"what you have written stands here": "What you typed is still here",
    r"first signers?": "first signatory, first signatories",
    r"no signatures any more": "You can no longer sign",
    r"the ticked": "selected",
    r"postm[ae]n": "mail worker",
    r"handovers?": "letter delivery",
    r"rosters?": "signatory import",
}
# The whole label of a link, a button or a heading.
RETIRED_LABELS = {
    "Go on": "Continue, or Next page",
    "Look at it": "Preview",
    "Look again": "Update",
    "Mail": "Email",
    "Make one": "Create an account",
    "Pass it on": "Share this letter",
    "Take it back": "Withdraw this letter",
    "They say:": "Their reason:",
    "Too often": "Try again later",
    "What is what?": "Check the columns",
}
PATTERNS = {re.compile(rf"(?<![\w/`.-]){words}(?![\w`-])", re.IGNORECASE): better for words, better in RETIRED.items()}
ROOT = Path(settings.BASE_DIR)
# The glossary lists the retired words itself.
DOCS = [ROOT / "README.md", *sorted(set((ROOT / "docs").glob("*.md")) - {ROOT / "docs" / "glossary.md"})]


def test_no_page_and_no_email_uses_a_retired_word() -> None:
    assert [f"{sentence} → {better}" for sentence in _sentences() for better in _better(sentence)] == []


def test_no_label_is_a_retired_one() -> None:
    assert sorted(set(RETIRED_LABELS) & set(_sentences())) == []


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_the_docs_use_no_retired_word(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [
        f"line {number}: {line} → {better}" for number, line in enumerate(lines, 1) for better in _better(line)
    ] == []


@pytest.mark.parametrize(
    ("sentence", "better"),
    [
        ("A mail is on its way.", ["email"]),
        ("The mail server is away, and so is the mail worker.", []),
        ("Type the six digits from that email.", ["code"]),
        ("How it fares", ["Overview"]),
    ],
)
def test_a_retired_word_is_found(sentence: str, better: list[str]) -> None:
    assert _better(sentence) == better


def _better(text: str) -> list[str]:
    return [better for pattern, better in PATTERNS.items() if pattern.search(text)]


def _sentences() -> Iterator[str]:
    for sentence in sentences_of_site():
        yield from (sentence,) if isinstance(sentence, str) else sentence
