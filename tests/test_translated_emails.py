"""A translated email has no sentence in English, apart from what people wrote in English."""

import re
from collections.abc import Callable, Iterable
from html import unescape

import pytest
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.utils import translation

from letters.models import User
from letters.shared.languages import direction
from tests.carry_over.conftest import NOTE
from tests.interface_languages import TRANSLATED
from tests.test_emails import ACCOUNT_EMAILS, HEAD, UNSEEN, account_email, html_of, preheader_of, written

__all__ = ["written"]

Written = Callable[[str], list[EmailMultiAlternatives]]

# What organizers and site moderators of these tests wrote, in the language in which they wrote it.
BY_PEOPLE = {
    *["The minister has asked us in", NOTE, "It names a person.", "It advertises a shop.", "Not theirs."],
    *["Name no private person.", "Friends of the Night Train", "- Friends of the Night Train", "On Friday, with Ada."],
}
# A time begins with the day of the week, which has no article: "fino a lunedì 14 dicembre", not "fino al lunedì".
ARTICLE = re.compile(
    r"\b(il|al|dal|del|nel) (lunedì|martedì|mercoledì|giovedì|venerdì|sabato)\b|\b(la|alla|dalla) domenica\b"
)
TAG, WORD = re.compile(r"<[^>]*>"), re.compile(r"[^\W\d_]{2,}")
# Names of people and of the site may be equal in both languages. A sentence has more words.
SENTENCE = 4


def sentences_of(message: EmailMultiAlternatives) -> set[str]:
    """Return every line and text node of an email that has as many words as a sentence."""
    html = html_of(message)
    nodes = [str(message.subject), preheader_of(html), *str(message.body).splitlines()]
    nodes += TAG.split(UNSEEN.sub("", HEAD.sub("", html)))
    tidied = {" ".join(unescape(node).split()) for node in nodes}
    return {node for node in tidied if len(WORD.findall(node)) >= SENTENCE and "://" not in node.replace("\u200b", "")}


def sentences_in(messages: Iterable[EmailMultiAlternatives]) -> set[str]:
    return {sentence for message in messages for sentence in sentences_of(message)}


def written_twice(written: Written, language: str) -> dict[str, list[EmailMultiAlternatives]]:
    """Return the same emails in English and in another language."""
    emails = {}
    for spoken in ("en", language):
        with transaction.atomic():
            emails[spoken] = written(spoken)
            transaction.set_rollback(True)
    return emails


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_translated_email_has_a_sentence_in_english(written: Written, language: str) -> None:
    emails = written_twice(written, language)
    runs = direction(language)
    for each in emails[language]:
        assert f'<html lang="{language}" dir="{runs}"' in html_of(each)
    assert len(emails[language]) == len(emails["en"]) > 40
    english, translated = (sentences_in(emails[spoken]) for spoken in ("en", language))
    assert english & translated - BY_PEOPLE == set()
    assert len(translated) > 200
    assert language != "it" or [sentence for sentence in translated if ARTICLE.search(sentence)] == []


@pytest.mark.parametrize("language", TRANSLATED)
@pytest.mark.parametrize("prefix", ACCOUNT_EMAILS)
def test_no_translated_email_about_an_account_has_a_sentence_in_english(
    prefix: str, organizer: User, language: str
) -> None:
    emails = {}
    for spoken in ("en", language):
        with translation.override(spoken):
            emails[spoken] = sentences_of(account_email(prefix, organizer))
    assert emails["en"] & emails[language] == set()
    assert len(emails[language]) > 3
