"""Read personal tokens, and what each opens."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from letters.models import Collective, Letter, LetterQuerySet, PersonalToken, Scope, User, newest_titles
from letters.organizer.collectives.queries import name_of, titles_of

MAX_LISTED = 200


@dataclass(frozen=True)
class ListedToken:
    """A token as the page lists it."""

    token: PersonalToken
    # What it may read, in words.
    scopes: list[str]
    # Who created it; empty if it is the reader's own.
    who: str
    # The title of its letter; empty if it opens all letters of the collective, or one that others now keep as a draft.
    title: str
    is_over: bool


def tokens_of(collective: Collective, *, to: User, owns: bool, now: datetime) -> list[ListedToken]:
    """Return a person's own tokens, newest first; owners see those of all members."""
    tokens = PersonalToken.objects.filter(membership__collective=collective)
    if not owns:
        tokens = tokens.filter(membership__user=to)
    found = list(tokens.select_related("membership__user").order_by("-pk")[:MAX_LISTED])
    # Privacy: of a letter that has moved to another collective, no more than the title that readers know.
    titles = titles_of({each.letter_id for each in found if each.letter_id}, collective)
    return [_listed(each, titles, collective, to, now) for each in found]


def _listed(
    token: PersonalToken, titles: Mapping[int, tuple[str, str]], collective: Collective, to: User, now: datetime
) -> ListedToken:
    person = token.membership.user
    who = "" if person == to else name_of(person, collective.pk, to=to)
    scopes = [str(Scope(each).label) for each in token.scopes]
    title, _slug = titles.get(token.letter_id or 0, ("", ""))
    return ListedToken(token, scopes, who, title, token.expires_at <= now)


def letters_to_choose(collective: Collective) -> list[tuple[str, str]]:
    """Return the slug and the title of each letter to which a token can be limited."""
    letters = collective.letters.filter(binned_at=None).annotate(known_as=newest_titles()).order_by("-pk")
    return list(letters.values_list("slug", "known_as")[:MAX_LISTED])


def token_with(digest: bytes, now: datetime) -> PersonalToken | None:
    """Return the token with this hash, if it works now.

    The query is the same for a token that never existed, was revoked or has expired.
    """
    known = PersonalToken.objects.valid(now).select_related("membership__user", "membership__collective")
    found: PersonalToken | None = known.filter(digest=digest).first()
    return found


def letters_of(token: PersonalToken, roles: Collection[str]) -> LetterQuerySet:
    """Select the letters that a token opens to a member with one of these roles.

    Security: the role is asked now. A letter that has moved to another collective is not among them.
    """
    person, collective = token.membership.user, token.membership.collective
    letters = Letter.objects.cared_for_by(person, roles).filter(collective=collective)
    return letters.filter(pk=token.letter_id) if token.letter_id else letters
