"""The reads of the API. Each sends what a public page shows, from the same queries."""

from datetime import date
from functools import partial
from typing import Annotated, Literal

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils import timezone
from ninja import Field, Query

from letters.api import schemas
from letters.api.answers import as_json, form_of, letter_of, policy, read
from letters.base.public_letters.pages import text_or_404
from letters.base.switches.queries import is_on
from letters.models import History, Letter, Revision, Switch, Translation, Update
from letters.public.public_pages import data, queries
from letters.public.public_pages.count_history import history_of
from letters.public.public_pages.limits import count_for_network
from letters.public.public_pages.organisations import organisations_of
from letters.public.public_pages.pages import Page
from letters.shared.absolute_urls import with_whole_addresses
from letters.shared.languages import interface_language
from letters.shared.refused import Refusal

Before = Annotated[
    int | None,
    Query(
        ge=1,
        lt=2**31,
        description="Only what comes after this number in the list. Take it from “older” of the page before.",
    ),
]
After = Annotated[
    str, Query(max_length=64, description="Only what comes after this. Take it from “more” of the page before.")
]
InLanguage = Annotated[
    str | None,
    Query(
        pattern=schemas.LANGUAGE,
        max_length=12,
        description="The language of the text; the letter's own by default.",
    ),
]
Number = Annotated[int, Field(ge=1, lt=2**31)]
Spoken = Literal["en", "it", "fr", "de", "es", "ar"]


def _whole(path: str) -> str:
    return settings.SITE_URL + path


def _html(html: str) -> str:
    return with_whole_addresses(html, settings.SITE_URL)


@read("/letters/", schemas.Letters, name="letters")
def letters(request: HttpRequest, language: Annotated[Spoken, Query(description="For titles.")] = "en") -> Page:
    """List the letters that can be signed now, as the home page does. Titles are in the language if there is one."""
    found = queries.open_letters(timezone.now(), language)
    paused = not is_on(Switch.Name.TAKE_SIGNATURES)
    versions = [(entry.letter.pk, entry.letter.version) for entry in found]
    return Page(("api letters", language, paused, *versions), partial(_letters, found, paused))


def _letters(found: list[queries.OpenLetter], paused: bool) -> HttpResponseBase:
    return as_json(schemas.Letters(letters=[_entry(each) for each in found], paused=paused))


def _entry(entry: queries.OpenLetter) -> schemas.LetterInList:
    letter = entry.letter
    return schemas.LetterInList(
        slug=letter.slug,
        url=_whole(entry.url),
        language=entry.text.language,
        title=entry.text.title,
        addressee=entry.text.addressee,
        description=entry.description,
        collective=schemas.Collective(name=letter.collective.name),
        is_sample=letter.is_sample,
        published_on=letter.day_of(letter.published_at),
        closes_at=letter.closes_at,
        published=letter.signature_count,
        version=letter.version,
    )


@read("/letters/{slug:slug}/", schemas.Letter, name="letter", problems=(404, 410))
def letter(request: HttpRequest, slug: str, language: InLanguage = None) -> Page:
    """Return a letter with its current text, and the list of all its texts."""
    found, now = letter_of(slug), timezone.now()
    text = _text_of(found, language)
    refusal = found.refusal(now) or ("" if is_on(Switch.Name.TAKE_SIGNATURES) else Refusal.PAUSED)
    depends_on = ("api letter", found.pk, found.version, refusal, found.day_of(now), text.language)
    return Page(depends_on, partial(_letter, found, text, refusal))


def _text_of(letter: Letter, language: str | None, revision: Revision | None = None) -> Translation:
    return text_or_404(letter, language or letter.language, revision)


def _letter(letter: Letter, text: Translation, refusal: str) -> HttpResponseBase:
    languages = [(each, _whole(letter.get_absolute_url(each))) for each in letter.languages()]
    return as_json(
        schemas.Letter(
            slug=letter.slug,
            url=_whole(letter.get_absolute_url(text.language)),
            language=text.language,
            languages=[schemas.LanguageOfLetter(language=each, url=url) for each, url in languages],
            collective=schemas.Collective(name=letter.collective.name),
            is_sample=letter.is_sample,
            title=text.title,
            addressee=text.addressee,
            summary=text.summary,
            html=_html(text.html),
            sha256=text.fingerprint,
            published_on=letter.day_of(letter.published_at),
            opens_at=letter.opens_at,
            closes_at=letter.closes_at,
            refusal=refusal or None,
            published=letter.signature_count,
            organisations=0 if letter.is_sealed else letter.organisation_count,
            goal=letter.goal,
            version=letter.version,
            form=form_of(letter),
            revisions=[
                _revision_in_list(letter, each, text.language)
                for each in queries.past_texts(History.of(letter), text.language)
            ],
        )
    )


def _revision_in_list(letter: Letter, past: queries.PastText, language: str) -> schemas.RevisionInList:
    revision, text = past.revision, past.text
    return schemas.RevisionInList(
        number=revision.number,
        kind=Revision.Kind(revision.kind),
        published_on=letter.day_of(revision.public_since),
        note=revision.note_in(language),
        signatures=revision.signature_count,
        sha256=text.fingerprint if text else None,
        url=_whole(letter.url_of("past_text", text.language if text else "", number=revision.number)),
    )


@read("/letters/{slug:slug}/revisions/{int:number}/", schemas.Revision, name="revision", problems=(404, 410))
def revision(request: HttpRequest, slug: str, number: Number, language: InLanguage = None) -> Page:
    """Return one published text of a letter. It never changes."""
    letter = letter_of(slug)
    try:
        found = queries.published_revision(letter, number)
    except Revision.DoesNotExist as missing:
        raise Http404 from missing
    text = _text_of(letter, language, found)
    # The notes about a change may be translated later, which changes the version of the letter.
    depends_on = ("api revision", found.pk, letter.slug, letter.version, text.language)
    return Page(depends_on, partial(_revision, letter, found, text))


def _revision(letter: Letter, revision: Revision, text: Translation) -> HttpResponseBase:
    return as_json(
        schemas.Revision(
            number=revision.number,
            kind=Revision.Kind(revision.kind),
            published_on=letter.day_of(revision.public_since),
            note=revision.note_in(text.language),
            language=text.language,
            title=text.title,
            addressee=text.addressee,
            summary=text.summary,
            html=_html(text.html),
            sha256=text.fingerprint,
            url=_whole(letter.url_of("past_text", text.language, number=revision.number)),
        )
    )


@read("/letters/{slug:slug}/count/", schemas.Count, name="count", problems=(404, 410))
def count(request: HttpRequest, slug: str) -> Page:
    """Return the letter's counts, as its page shows them at this moment."""
    letter = letter_of(slug)
    today = letter.day_of(timezone.now())
    return Page(("api count", letter.pk, letter.version, today), partial(_count, letter, today))


def _count(letter: Letter, today: date | None) -> HttpResponseBase:
    return as_json(schemas.Count.model_validate(data.count_of(letter, interface_language(letter.language), today)))


@read(
    "/letters/{slug:slug}/count/history/", schemas.CountHistory, name="count_history", problems=(404, 410)
)  # fmt: skip
def count_history(request: HttpRequest, slug: str) -> Page:
    """Return the new signatures of each day, with the counts of the same moment."""
    letter = letter_of(slug)
    return Page(("api history", letter.pk, letter.version), partial(_count_history, letter))


def _count_history(letter: Letter) -> HttpResponseBase:
    return as_json(schemas.CountHistory.model_validate(history_of(letter)))


@read("/letters/{slug:slug}/signatures/", schemas.Signatures, name="signatures", problems=(404, 410, 429))
def signatures(request: HttpRequest, slug: str, before: Before = None) -> Page:
    """Return a page of the public list, newest signature first, with the columns of the list as CSV."""
    letter = letter_of(slug)
    depends_on = ("api signatures", letter.pk, letter.version, before)
    return Page(depends_on, partial(_signatures, request, letter, before), is_long=before is not None)


def _signatures(request: HttpRequest, letter: Letter, before: int | None) -> HttpResponseBase:
    if before is not None:
        count_for_network(request, "pages of lists", settings.LIMIT_SEARCHES, Refusal.MANY_SEARCHES)
    page, onward = data.signatures_of(letter, before)
    shape = schemas.Signatures.model_validate({**page, "older": _older(request, onward)})
    return as_json(shape, is_long=before is not None, headers=policy((Refusal.MANY_SEARCHES, settings.LIMIT_SEARCHES)))


@read("/letters/{slug:slug}/organisations/", schemas.Organisations, name="organisations", problems=(404, 410, 429))
def organisations(request: HttpRequest, slug: str, after: After = "") -> Page:
    """Return a page of the organisations that have signed. They are listed and counted apart from people."""
    letter = letter_of(slug)
    depends_on = ("api organisations", letter.pk, letter.version, after)
    return Page(depends_on, partial(_organisations, request, letter, after), is_long=bool(after))


def _organisations(request: HttpRequest, letter: Letter, after: str) -> HttpResponseBase:
    if after:
        count_for_network(request, "pages of lists", settings.LIMIT_SEARCHES, Refusal.MANY_SEARCHES)
    listed, onward = organisations_of(letter, after)
    shape = schemas.Organisations.model_validate(
        {
            "organisations": 0 if letter.is_sealed else letter.organisation_count,
            "version": letter.version,
            "list": listed,
            "more": f"{_whole(request.path)}?after={onward}" if onward else None,
        }
    )
    stated = policy((Refusal.MANY_SEARCHES, settings.LIMIT_SEARCHES))
    return as_json(shape, is_long=bool(after), headers=stated)


def _older(request: HttpRequest, before: int | None) -> str | None:
    return f"{_whole(request.path)}?before={before}" if before else None


@read("/letters/{slug:slug}/updates/", schemas.Updates, name="updates", problems=(404, 410))
def updates(request: HttpRequest, slug: str, before: Before = None) -> Page:
    """List the letter's public updates, newest first, without their texts."""
    letter = letter_of(slug)
    depends_on = ("api updates", letter.pk, letter.version, before)
    return Page(depends_on, partial(_updates, request, letter, before), is_long=before is not None)


def _updates(request: HttpRequest, letter: Letter, before: int | None) -> HttpResponseBase:
    page = queries.public_updates(letter, before=before)
    listed = [
        schemas.UpdateInList(
            id=each.pk,
            language=each.language,
            title=each.title,
            published_on=letter.day_of(each.began_at),
            languages=each.languages(),
            url=_whole(each.url()),
        )
        for each in page.updates
    ]
    shape = schemas.Updates(updates=listed, older=_older(request, page.older_before))
    return as_json(shape, is_long=before is not None)


@read("/letters/{slug:slug}/updates/{int:update_id}/", schemas.Update, name="update", problems=(404, 410))
def update(request: HttpRequest, slug: str, update_id: Number, language: InLanguage = None) -> Page:
    """Return one public update; in the language it was written in, if nobody has translated it."""
    letter = letter_of(slug)
    try:
        found = queries.public_update(letter, update_id)
    except Update.DoesNotExist as missing:
        raise Http404 from missing
    if language is not None and language not in {*letter.languages(), *found.languages()}:
        raise Http404
    depends_on = ("api update", found.pk, letter.version, language)
    return Page(depends_on, partial(_update, letter, found, language or found.language))


def _update(letter: Letter, update: Update, language: str) -> HttpResponseBase:
    text = update.text_in(language)
    corrections = [
        schemas.Correction(language=each.language, text=each.text, published_on=letter.day_of(each.published_at))
        for each in update.corrections.all()
    ]
    return as_json(
        schemas.Update(
            id=update.pk,
            language=text.language,
            title=text.title,
            html=_html(text.html),
            published_on=letter.day_of(update.began_at),
            corrections=corrections,
            url=_whole(update.url(language if language in letter.languages() else "")),
        )
    )
