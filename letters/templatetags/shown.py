"""Template tags for content that has a language of its own."""

from collections.abc import Mapping
from typing import Protocol

from django import template
from django.utils import timezone
from django.utils.formats import localize
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from letters.base.retention.queries import day_to_show
from letters.models import Addition, Letter, Revision, Signature, Update, UpdateTranslation
from letters.shared import languages, letter_parts, shown_domains, text
from letters.shared.differences import Part
from letters.shared.late_translations import added_sentence, since_sentence

register = template.Library()


@register.filter
def direction(code: str) -> str:
    """Return "rtl" or "ltr"."""
    return languages.direction(code)


@register.filter
def linked(sentence: str) -> SafeString:
    """Turn web addresses in plain text that an organizer typed into links."""
    return text.linked(sentence)


@register.filter
def shown_domain(domain: str) -> str:
    """Return an internet domain so that no character can pass for another one."""
    return shown_domains.shown_domain(domain)


@register.filter
def with_parts(html: str) -> SafeString:
    """Mark the opening paragraph of a letter's text, which is stored as safe HTML."""
    return mark_safe(letter_parts.with_parts(html))  # noqa: S308 -- it was cleaned when it was stored


@register.filter
def text_in(update: Update, language: str) -> Update | UpdateTranslation:
    """Return the text of an update for a reader of this language."""
    return update.text_in(language)


@register.simple_tag
def url_in(update: Update, language: str) -> str:
    """Return the URL of an update's public page, in one of the letter's languages."""
    return update.url(language)


@register.filter
def note_in(revision: Revision, language: str) -> str:
    """Return the organizers' note about what changed, for a reader of this language."""
    return revision.note_in(language)


@register.filter
def note_language(revision: Revision, language: str) -> str:
    """Return the language of that note."""
    return language if language in (revision.notes or {}) else revision.letter.language


@register.simple_tag
def said_of_addition(addition: Addition, letter: Letter, *, since: bool = False) -> str:
    """Say how many people had signed before a translation was added and, with `since`, how many have signed after."""
    said = added_sentence(letter.day_of(addition.revision.public_since), before=addition.before)
    return f"{said} {since_sentence(addition.since)}" if since and addition.since is not None else said


@register.filter
def language_name(code: str) -> str:
    """Name a language as its speakers do."""
    return languages.language_name(code)


@register.filter
def public_comment(signature: Signature, letter: Letter) -> str:
    """Return the comment if everyone may read it beside the name; otherwise ""."""
    return signature.public_comment(letter)


class Described(Protocol):
    role: str
    affiliation: str


@register.filter
def role_and_affiliation(person: Described) -> str:
    """Return role and affiliation: Engineer, Night Trains Ltd"""
    return ", ".join(filter(None, [person.role, person.affiliation]))


@register.filter
def tallied(numbers: Mapping[str, int], suffix: str = "") -> str:
    """Return reasons with numbers: full mailbox (20+), unknown address (10+)"""
    return ", ".join(f"{reason} ({localize(number)}{suffix})" for reason, number in numbers.items())


@register.simple_tag
def difference(part: Part, page_language: str) -> SafeString | str:
    """Mark words as removed, added or unchanged.

    Accessibility: people who cannot see the colours hear where a change begins and ends.
    """
    if part.kind == "gone":
        tag, begins, ends = "del", gettext("removed:"), gettext("end of removed text")
    elif part.kind == "new":
        tag, begins, ends = "ins", gettext("added:"), gettext("end of added text")
    else:
        return part.text
    unseen = '<span class="unseen" lang="{}">{}</span>'
    before, after = (format_html(unseen, page_language, words) for words in (f"{begins} ", f" {ends} "))
    return format_html("<{tag}>{}{}{}</{tag}>", before, part.text, after, tag=tag)


@register.simple_tag
def deletion_of(letter: Letter) -> dict[str, object]:
    """Return what is deleted next about the signers of a letter that has ended, and on which day; {} if nothing is."""
    planned = None if letter.is_sealed else day_to_show(letter, now=timezone.now())
    return {"what": planned[0].value, "day": planned[1]} if planned else {}
