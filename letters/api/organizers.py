"""Answer programs with a personal token. Each read sends what a page of the organizers shows, from the same queries.

Privacy: a read sends no address, days instead of times, and nothing that the page of the same name leaves out.
"""

from typing import Annotated, Literal

from django.conf import settings
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils import timezone
from ninja import Field, Query

from letters.api import schemas_of_organizers as schemas
from letters.api.answers import form_of
from letters.api.schemas import Collective, Correction
from letters.api.tokens import own_letter, token_of, token_read
from letters.models import WRITING, Display, Indexing, Letter, Membership, Scope, Signature, Update, newest_titles
from letters.organizer.dashboard import queries as dashboard
from letters.organizer.letter_editor.queries import manuscript
from letters.organizer.personal_tokens.queries import letters_of
from letters.organizer.updates import queries as updates_queries
from letters.public.public_pages.data import on_paper
from letters.shared.absolute_urls import with_whole_addresses

# As on the pages: every member sees the letters, their numbers and their lists; only writers see drafts of texts.
MEMBERS = list(Membership.Role)
PAGE_LENGTH = 100
After = Annotated[
    str,
    Query(
        max_length=80,
        pattern=r"^[-\w]*$",
        description="List only what comes after this. It is in the link to the next page.",
    ),
]
Number = Annotated[int, Field(ge=1, lt=2**31)]


def _whole(name: str, query: str = "", **kwargs: str) -> str:
    return f"{settings.SITE_URL}{reverse(f'api_{name}', kwargs=kwargs)}{query}"


@token_read("/letters/", schemas.OwnLetters, Scope.LETTERS, name="own_letters")
def own_letters(request: HttpRequest, after: After = "") -> schemas.OwnLetters:
    """List the letters of the token's collective, drafts included."""
    token = token_of(request)
    letters = letters_of(token, MEMBERS).filter(slug__gt=after).annotate(known_as=newest_titles()).order_by("slug")
    found = list(letters[: PAGE_LENGTH + 1])
    page = found[:PAGE_LENGTH]
    return schemas.OwnLetters(
        collective=Collective(name=token.membership.collective.name),
        letters=[_in_list(each) for each in page],
        more=_whole("own_letters", f"?after={page[-1].slug}") if len(found) > PAGE_LENGTH else None,
    )


def _in_list(letter: Letter) -> schemas.OwnLetterInList:
    return schemas.OwnLetterInList(
        slug=letter.slug,
        status=Letter.Status(letter.status),
        language=letter.language,
        title=letter.known_as,  # type: ignore[attr-defined]  # annotated above
        published_on=letter.day_of(letter.published_at),
        published=letter.signature_count,
    )


@token_read("/letters/{slug:slug}/", schemas.OwnLetter, Scope.LETTERS, name="own_letter")
def letter(request: HttpRequest, slug: str) -> schemas.OwnLetter:
    """Return a letter with its newest text, published or not, and its settings. For tokens of owners and editors."""
    found = own_letter(request, slug, WRITING)
    written = manuscript(found)
    return schemas.OwnLetter(
        slug=found.slug,
        status=Letter.Status(found.status),
        language=found.language,
        timezone=found.zone().key,
        revision=written.revision.number,
        is_public=not written.is_open,
        texts=[
            schemas.OwnText(
                language=each.language,
                title=each.title,
                addressee=each.addressee,
                summary=each.summary,
                body=each.body,
            )
            for each in (written.texts[language.code] for language in written.languages)
        ],
        published_on=found.day_of(found.published_at),
        publish_at=found.publish_at,
        opens_at=found.opens_at,
        closes_at=found.closes_at,
        goal=found.goal,
        names_from=found.names_from,
        reviewed=found.reviewed,
        indexing=Indexing(found.indexing),
        form=form_of(found),
    )


@token_read("/letters/{slug:slug}/signatures/", schemas.OwnSignatures, Scope.SIGNATURES, name="own_signatures")
def signatures(
    request: HttpRequest,
    slug: str,
    shown: Annotated[
        Literal["published", "held", "withdrawn", "rejected"], Query(description="Which of the organizers' lists.")
    ] = "published",
    after: After = "",
) -> schemas.OwnSignatures:
    """Return a page of a list that organizers see, newest first. Unconfirmed signatures are in none of them."""
    found = own_letter(request, slug, MEMBERS)
    page = dashboard.signatures(found, shown=shown, after=after)
    older = f"?shown={shown}&after={page.onward}"
    return schemas.OwnSignatures(
        shown=shown,
        signatures=[_signature(found, each) for each in page.signatures],
        older=_whole("own_signatures", older, slug=slug) if page.onward else None,
    )


def _signature(letter: Letter, signature: Signature) -> schemas.OwnSignature:
    """Privacy: show what the table of the page shows. For a signer who shows no name, leave out day and language."""
    is_known = signature.display != Display.NOBODY
    return schemas.OwnSignature(
        number=signature.number,
        name=signature.name,
        only_organizers_see_the_name=bool(signature.name) and signature.display == Display.ORGANIZERS,
        affiliation=signature.affiliation,
        role=signature.role,
        confirmed_domain=signature.domain if is_known else "",
        country=signature.country if is_known else "",
        language=signature.language if is_known else "",
        comment=signature.comment,
        comment_is_hidden=bool(signature.comment) and signature.comment_hidden,
        signed_on=letter.day_of(signature.published_at or signature.signed_at) if is_known else None,
    )


@token_read("/letters/{slug:slug}/counts/", schemas.OwnCounts, Scope.COUNTS, name="own_counts")
def counts(request: HttpRequest, slug: str) -> schemas.OwnCounts:
    """Return the numbers of the letter's overview."""
    found, now = own_letter(request, slug, MEMBERS), timezone.now()
    is_exact = not found.is_sealed and found.awaiting_review < Letter.MAX_AWAITING
    more: dict[str, object] = {"new_today": None, "new_yesterday": None}
    more |= {"languages": None, "countries": None, "websites": None}
    # Privacy: until the names appear, organizers see what readers see.
    if not found.is_sealed:
        newest, origins = dashboard.newest(found, now=now), dashboard.origins(found)
        more = {
            "new_today": newest.today,
            "new_yesterday": newest.yesterday,
            "languages": _shares(origins.languages),
            "countries": _shares(origins.countries),
            "websites": _shares(origins.hosts),
        }
    return schemas.OwnCounts.model_validate(
        {
            "published": found.signature_count,
            "organisations": 0 if found.is_sealed else found.organisation_count,
            "awaiting_confirmation": found.awaiting_confirmation_in_tens,
            "awaiting_review": found.awaiting_review if is_exact else found.awaiting_review_in_tens,
            "awaiting_review_is_rounded": not is_exact,
            "withdrawn": found.withdrawn_count,
            "removed": found.removed_count,
            "on_paper": on_paper(found),
            "goal": found.goal,
            "names_from": found.names_from if found.is_sealed else None,
            "signed_more_than": found.release.shown if found.is_sealed else None,
            "as_of": found.day_of(now),
            **more,
        }
    )


def _shares(shares: dashboard.Shares) -> dict[str, object]:
    known = [{"value": value, "signatures": number} for value, number in shares.known]
    return {"known": known, "others": shares.others, "unknown": shares.unknown}


@token_read("/letters/{slug:slug}/updates/", schemas.OwnUpdates, Scope.UPDATES, name="own_updates")
def updates(request: HttpRequest, slug: str) -> schemas.OwnUpdates:
    """List the newest updates, drafts included, without their texts. For tokens of owners and editors."""
    found = own_letter(request, slug, WRITING)
    listed = [
        schemas.OwnUpdateInList(
            id=each.pk,
            state=Update.State(each.state),
            language=each.language,
            title=each.title,
            is_public=each.is_public,
            began_on=found.day_of(each.began_at),
        )
        for each in updates_queries.updates_of(found)
    ]
    return schemas.OwnUpdates(updates=listed)


@token_read("/letters/{slug:slug}/updates/{int:update_id}/", schemas.OwnUpdate, Scope.UPDATES, name="own_update")
def update(request: HttpRequest, slug: str, update_id: Number) -> schemas.OwnUpdate:
    """Return an update with its texts. For tokens of owners and editors."""
    found = own_letter(request, slug, WRITING)
    try:
        shown = updates_queries.update_of(found, update_id)
    except Update.DoesNotExist as missing:
        raise Http404 from missing
    if shown.binned_at:
        raise Http404
    return schemas.OwnUpdate(
        id=shown.pk,
        state=Update.State(shown.state),
        is_public=shown.is_public,
        began_on=found.day_of(shown.began_at),
        texts=[
            schemas.OwnTextOfUpdate(
                language=each.language,
                title=each.title,
                body=each.body,
                html=with_whole_addresses(each.html, settings.SITE_URL),
            )
            for each in map(shown.text_in, shown.languages())
        ],
        corrections=[
            Correction(language=each.language, text=each.text, published_on=found.day_of(each.published_at))
            for each in shown.corrections.all()
        ],
    )
