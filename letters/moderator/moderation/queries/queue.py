"""Read the review queue: the signatures that one person may decide about, riskiest first.

Performance: the queue of the site has one partial index, and the queue of a letter another. Both hold only signatures
that wait, so a page costs the same however many are published.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, F, OuterRef, Q, Subquery, When
from django.db.models.functions import Now

from letters.models import (
    COUNTED,
    IN_QUEUE,
    MODERATING,
    NOT_BARRED,
    Display,
    Letter,
    NameReport,
    RejectionAppeal,
    ReviewDecision,
    Signature,
    SignatureQuerySet,
    SignerQuestion,
    State,
    Translation,
    User,
    Wave,
    newest_titles,
    not_barred_to,
)
from letters.models.lifecycle import is_in
from letters.moderator.moderation.queries.lists import MAX_COUNTED
from letters.shared.tokens import read_handle

# The condition of both indexes. The planner uses them only if it is written exactly so.
WAITS = f"""confirmed_at IS NOT NULL AND (
    {is_in([State.HELD])} OR {is_in([COUNTED])} AND NOT concern = ''
    OR {is_in([State.REJECTED])} AND concern = 'recheck'
)"""
FREE = """NOT EXISTS (
    SELECT FROM letters_reviewclaim AS claim WHERE claim.signature_id = signature.id AND claim.until > %(now)s
)"""
ORDER = "risk DESC, confirmed_at, id"
# Privacy: site moderators must not learn of a draft, even if its first signatories have signed it.
OF_SITE = f"""
SELECT id, risk, confirmed_at FROM letters_signature AS signature
WHERE {WAITS} AND {FREE} AND {NOT_BARRED}
    AND EXISTS (SELECT FROM letters_letter WHERE id = letter_id AND status <> 'draft')
ORDER BY {ORDER} LIMIT %(most)s
"""  # noqa: S608 -- our own statement
OF_LETTERS = f"""
SELECT candidate.* FROM unnest(%(letters)s::bigint[]) AS mine (letter) CROSS JOIN LATERAL (
    SELECT id, risk, confirmed_at FROM letters_signature AS signature
    WHERE letter_id = mine.letter AND {WAITS} AND {FREE} AND {NOT_BARRED} ORDER BY {ORDER} LIMIT %(most)s
) AS candidate ORDER BY {ORDER} LIMIT %(most)s
"""  # noqa: S608 -- our own statement


@dataclass(frozen=True)
class Scope:
    """The signatures that a person may decide about, on one page."""

    person: User
    # The ids of letters; None for the whole site.
    letters: frozenset[int] | None
    # The letters that the person moderates as a member of their collectives.
    own: frozenset[int]
    moderates_site: bool = False

    def candidates(self) -> str:
        """Return SQL that selects the next signatures that nobody has claimed.

        It needs `values`, `now` and `most`.
        """
        return OF_SITE if self.letters is None else OF_LETTERS

    def values(self) -> dict[str, Any]:
        return {"letters": sorted(self.letters or []), "moderator": self.person.pk}

    def within(self) -> Q:
        return Q() if self.letters is None else Q(letter__in=self.letters)

    def sees_name_of(self, signature: Signature) -> bool:
        """Return whether the person may read the name.

        Privacy: "only the organizers" excludes people who moderate the site.
        """
        return signature.display == Display.PUBLIC or signature.letter_id in self.own


def scope_of(person: User, slug: str = "") -> Scope:
    """Return all that a person moderates, or one letter. Raises Letter.DoesNotExist if they may not moderate it."""
    public = Letter.objects.public()
    own = frozenset(public.cared_for_by(person, MODERATING).values_list("pk", flat=True))
    is_of_site = person.moderates_site_now()
    if not slug:
        return Scope(person, None if is_of_site else own, own, is_of_site)
    letter = public.get(slug=slug)
    if letter.pk not in own and not is_of_site:
        raise Letter.DoesNotExist
    return Scope(person, frozenset({letter.pk}), own, is_of_site)


def moderated_letter(person: User, slug: str) -> Letter:
    """Return a letter that a person moderates, as a member or for the site. Raises Letter.DoesNotExist."""
    scope_of(person, slug)
    return Letter.objects.public().select_related("collective").annotate(known_as=newest_titles()).get(slug=slug)


def claimed_by(person: User, scope: Scope, *, now: datetime) -> list[Signature]:
    """Return the signatures of the queue that this person has claimed, riskiest first, each with its letter."""
    claimed = Signature.objects.filter(claim__moderator=person, claim__until__gt=now, claim__is_on_hold=False)
    mine = claimed.filter(IN_QUEUE, scope.within(), not_barred_to(person))
    return list(with_letters(mine).order_by("-risk", "confirmed_at", "pk"))


def with_letters(signatures: SignatureQuerySet) -> SignatureQuerySet:
    """Add the letter of each, its title as `letter_title`, and the domains of people who say that the name is theirs.

    Add the signer's answer to the newest question as `answer`, a link, or as `proved`, the domain of an address. Both
    are "" if nobody answered in time, and None without a question. Performance: none of these costs a query of its own.
    """
    titles = Translation.objects.filter(
        revision=OuterRef("letter__current_revision"), language=OuterRef("letter__language")
    )
    # None once the address is deleted, and the domain with it.
    domain = Case(When(address__isnull=False, then=F("domain")))
    named = NameReport.objects.filter(signature=OuterRef("pk")).order_by("pk").values_list(domain)
    told = SignerQuestion.objects.told(Now()).filter(signature=OuterRef("pk")).order_by("-pk")
    titled = signatures.annotate(
        letter_title=Subquery(titles.values("title")[:1]),
        named_domains=ArraySubquery(named),
        answer=Subquery(told.values("link")[:1]),
        proved=Subquery(told.values("domain")[:1]),
    )
    return titled.select_related("letter__collective", "doubt")


def waves_in(scope: Scope) -> list[Wave]:
    """Return the waves that are not over, with the letter of each."""
    titles = Translation.objects.filter(
        revision=OuterRef("letter__current_revision"), language=OuterRef("letter__language")
    )
    waves = Wave.objects.filter(scope.within(), over_at=None).annotate(
        letter_title=Subquery(titles.values("title")[:1])
    )
    return list(waves.select_related("letter").order_by("pk")[:5])


def waiting_in(scope: Scope) -> int:
    """Count the signatures that wait, up to MAX_COUNTED, claimed or not."""
    waiting = Signature.objects.filter(IN_QUEUE, scope.within(), not_barred_to(scope.person))
    waiting = waiting.exclude(letter__status=Letter.Status.DRAFT)
    return waiting[:MAX_COUNTED].count()


def appeals_about(signatures: Sequence[Signature]) -> dict[int, RejectionAppeal]:
    """Return the appeals that wait, by the id of the signature."""
    appealed = [each.pk for each in signatures if each.concern == Signature.Concern.RECHECK]
    if not appealed:
        return {}
    waiting = RejectionAppeal.objects.waiting().filter(signature__in=appealed)
    return {each.signature_id: each for each in waiting.select_related("decision__because")}


def has_appeals_against(person: User, scope: Scope) -> bool:
    """Return whether an appeal against a decision of this person waits for another moderator."""
    against = RejectionAppeal.objects.waiting().barred_to(person)
    return (against if scope.letters is None else against.filter(signature__letter__in=scope.letters)).exists()


# The handles that name a signature or a decision in a form. Privacy: an id would reveal the order of an imported list.
# Each is for one person, so a form that is passed on works for nobody else.


def signature_purpose(person: User) -> str:
    return f"review:{person.pk}"


def decision_purpose(person: User) -> str:
    return f"decision:{person.pk}"


def signature_of(person: User, handle: str) -> Signature:
    """Return the signature that a handle names, with its letter. Raises Signature.DoesNotExist."""
    found = Signature.objects.select_related("letter__collective").filter(letter__in=Letter.objects.public())
    return found.get(pk=read_handle(signature_purpose(person), handle) or 0)


def decision_of(person: User, handle: str) -> ReviewDecision:
    """Return the decision that a handle names, with its letter. Raises ReviewDecision.DoesNotExist."""
    found = ReviewDecision.objects.select_related("letter__collective")
    return found.get(pk=read_handle(decision_purpose(person), handle) or 0)


def newest_decision_by(person: User, signature: Signature) -> ReviewDecision | None:
    """Return this person's decision about a signature, if it is the newest and was not undone."""
    newest = ReviewDecision.objects.filter(signature=signature).order_by("-pk").first()
    return newest if newest and newest.decided_by_id == person.pk and not newest.undone_at else None
