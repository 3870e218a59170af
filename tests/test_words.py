"""The site, its catalogue and its docs use one vocabulary. See docs/glossary.md: these words have retired."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.apps import apps
from django.conf import settings

from tests.sentences import sentences_of_site

# Words that no text uses any more, and what to write instead.
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
    r"news": "update, updates",
    r"(emails?|invitations?|mail|thank-you email|to this address)( that)? (come|comes|came) back": "bounced",
    r"calculations?": "browser check (in docs: proof of work)",
    r"everybody": "everyone",
    r"teammates?": "member",
    r"(take|takes|taken|took) (it |that )?back": "withdraw, withdrawn",
    r"to another part(?! of)": "a different role",
    r"anew": "again",
    r"meanwhile (changed|written|published)|(changed|written|published) .{0,20}meanwhile": "since you opened this page",
    r"stands? (above|below|here)": "is",
    r"(the log of a mail (gateway|server)|mail (gateway|server)'s log)": "a mail log",
    r"as many as it can have|as it may": "which is the limit",
    r"somebody|anybody": "someone, anyone",
    r"standing": "current, or active (of a signature)",
}
# The same in Italian. Each word says what the English word says, and only that.
RETIRED_ITALIAN = {
    r"novità|notizie": "aggiornamenti",
    r"chi organizza": "gli organizzatori",
    r"revision[ei]": "versione",
    r"proprietari[oa]?": "titolare, titolari",
    r"rest(a|ano|eranno) al testo": "resta legata al testo",
    r"list[ae]": "elenco",
    r"mail": "email",
    r"resping(i|ere|ile|iamo)|respint[aeio]": "rifiutare, rifiutata",
}
# The whole label of a link, a button or a heading.
RETIRED_LABELS = {
    "All news": "All updates",
    "Awaiting a moderator": "Waiting for a moderator",
    "Came back": "Bounced",
    "Go on": "Continue, or Next page",
    "History": "Text history (of a letter), or Activity (of a collective)",
    "Look at it": "Preview",
    "Look again": "Update",
    "Mail": "Email",
    "Mailbox": "Test mailbox",
    "Make one": "Create an account",
    "News": "Updates",
    "Pass it on": "Share this letter",
    "Take it back": "Withdraw this letter",
    "They say:": "Their reason:",
    "Too often": "Try again later",
    "What is what?": "Check the columns",
}


def _patterns(retired: dict[str, str]) -> dict[re.Pattern[str], str]:
    return {
        re.compile(rf"(?<![\w/`.-])(?:{words})(?![\w`-])", re.IGNORECASE): better for words, better in retired.items()
    }


# Words that no name, comment or docstring uses either.
RETIRED_IN_CODE = re.compile(r"(some|any|every)body|(?<![a-z-])(standing|deeds?)(?![a-z])", re.IGNORECASE)

PATTERNS, ITALIAN_PATTERNS = _patterns(RETIRED), _patterns(RETIRED_ITALIAN)
ROOT = Path(settings.BASE_DIR)
# The glossary lists the retired words itself.
DOCS = [ROOT / "README.md", *sorted(set((ROOT / "docs").glob("*.md")) - {ROOT / "docs" / "glossary.md"})]
CODE = [
    path
    for folder in ("letters", "petition", "undersigned_witness", "tests", "bench", "deploy")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in {".py", ".js", ".css", ".html", ".txt", ".md", ".sh", ".conf", ".yml"} and path != Path(__file__)
]


def test_no_page_and_no_email_uses_a_retired_word() -> None:
    assert [f"{sentence} → {better}" for sentence in _sentences() for better in _better(sentence)] == []


def test_no_label_is_a_retired_one() -> None:
    assert sorted(set(RETIRED_LABELS) & {*_sentences(), *_read_by_staff()}) == []


def test_nothing_that_staff_read_uses_a_retired_word() -> None:
    read = list(_read_by_staff())
    assert "Email to this address bounced" in read
    assert "Stop or start one activity of the running site. Without arguments, show all switches." in read
    assert [f"{sentence} → {better}" for sentence in read for better in _better(sentence)] == []


def test_no_italian_sentence_uses_a_retired_word() -> None:
    said = [text for message in _catalogue() for text in message]
    assert len(said) > 1000
    assert [f"{sentence} → {better}" for sentence in said for better in _better(sentence, ITALIAN_PATTERNS)] == []


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_the_docs_use_no_retired_word(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [
        f"line {number}: {line} → {better}" for number, line in enumerate(lines, 1) for better in _better(line)
    ] == []


def test_no_name_and_no_comment_in_code_uses_a_word_that_retired_there() -> None:
    assert len(CODE) > 1000
    assert [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in CODE
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if RETIRED_IN_CODE.search(line)
    ] == []


@pytest.mark.parametrize(
    ("sentence", "better"),
    [
        ("A mail is on its way.", ["email"]),
        ("The mail server is away, and so is the mail worker.", []),
        ("Type the six digits from that email.", ["code"]),
        ("How it fares", ["Overview"]),
        ("All news", ["update, updates"]),
        ("The newest signatures", []),
        ("An email to this address came back.", ["bounced"]),
        ("Come back when it opens.", []),
        ("Somebody signed.", ["someone, anyone"]),
    ],
)
def test_a_retired_word_is_found(sentence: str, better: list[str]) -> None:
    assert _better(sentence) == better


def _better(text: str, patterns: dict[re.Pattern[str], str] = PATTERNS) -> list[str]:
    return [better for pattern, better in patterns.items() if pattern.search(text)]


def _sentences() -> Iterator[str]:
    for sentence in sentences_of_site():
        yield from (sentence,) if isinstance(sentence, str) else sentence


def _read_by_staff() -> Iterator[str]:
    """The labels of models and their choices in the admin, and what the commands and system checks print."""
    for model in apps.get_app_config("letters").get_models():
        yield str(model._meta.verbose_name_plural)
        for field in model._meta.get_fields():
            yield from (str(label) for _, label in getattr(field, "choices", None) or [])
    for path in [
        *ROOT.glob("*/management/commands/*.py"),
        *ROOT.glob("letters/admin/*.py"),
        ROOT / "petition" / "checks.py",
    ]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def _catalogue() -> Iterator[tuple[str, ...]]:
    with (ROOT / "letters" / "locale" / "it" / "LC_MESSAGES" / "django.po").open("rb") as file:
        for message in read_po(file, locale="it"):
            if message.id:
                yield (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
