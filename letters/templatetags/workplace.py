"""The menu of signed-in people, and the state of the letter that a page is about."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

from django import template
from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery, Sum, Value
from django.template import RequestContext
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from letters.models import (
    MODERATING,
    NUMBERED_IN_QUEUE,
    OWNING,
    WRITING,
    Collective,
    Letter,
    LetterQuerySet,
    LetterReview,
    Membership,
    RejectionAppeal,
    Signature,
    SignatureQuerySet,
    User,
    not_barred_to,
)
from letters.shared.refused import Refusal

register = template.Library()

EVERYONE = list(Membership.Role)
Words = Promise | str


@dataclass(frozen=True)
class Place:
    """A page in the menu, and the pages below it, by their URL names."""

    name: str
    title: Words
    roles: Collection[str] = field(default_factory=lambda: WRITING)
    below: tuple[str, ...] = ()
    is_public_only: bool = False
    is_of_collective: bool = False


@dataclass(frozen=True)
class MenuItem:
    title: Words
    url: str
    # "page" for the page itself, "true" for one below it.
    current: str = ""
    number: int = 0


@dataclass(frozen=True)
class Group:
    title: Words
    pages: list[MenuItem]


ANSWER = _("Addressee’s answer")  # noqa: RUF001 -- as the page is titled
OVERVIEW = Place("dashboard", _("Overview"), EVERYONE)
ACTIVITY = Place("record_of_collective", _("Activity"), OWNING, is_of_collective=True)
UPDATES = ("new_update", "edit_update", "translate_update", "preview_update", "send_update")
OF_A_LETTER: list[tuple[Words, list[Place]]] = [
    ("", [OVERVIEW]),
    (
        _("Write"),
        [
            Place("edit_letter", _("Text"), below=("withdraw_letter", "draft_links", "offer_letter")),
            Place("letter_translations", _("Translations"), below=("translate_letter",)),
            Place("letter_pictures", _("Pictures")),
            Place("set_up_letter", _("Form and dates"), below=("readdress_letter",)),
        ],
    ),
    (
        _("Gather"),
        [
            Place("first_signatories", _("First signatories"), below=("invite_list",)),
            Place("organize_signatures", _("Signatures"), EVERYONE, below=("featured_signers",)),
            Place("moderate_letter", _("Review"), MODERATING, below=("moderate_list",), is_public_only=True),
            Place("organize_organisations", _("Organisations"), EVERYONE, is_public_only=True),
            Place("paper_counts", _("On paper"), below=("correct_paper_count",), is_public_only=True),
        ],
    ),
    (
        _("Communicate"),
        [
            Place("write_to_signers", _("Updates"), below=UPDATES),
            Place("letter_answers", ANSWER, below=("new_answer", "edit_answer")),
            Place("letter_delivery", _("Delivery")),
        ],
    ),
    (
        _("Records"),
        [
            Place("letter_history", _("Text history"), below=("ask_to_carry_over",)),
            Place("exports", _("Exports")),
            Place("letter_mirrors", _("Copies"), is_public_only=True),
            ACTIVITY,
        ],
    ),
]
OF_A_COLLECTIVE = [
    Place("collective", _("Members"), EVERYONE),
    Place("describe_collective", _("Description"), OWNING),
    Place("collective_domains", _("Domains"), OWNING, below=("change_domain",)),
    Place("webhooks", _("Webhooks"), OWNING, below=("webhook", "send_webhook_again")),
    Place("personal_tokens", _("Personal tokens"), EVERYONE, below=("new_personal_token",)),
    ACTIVITY,
]
OF_EVERYONE = [
    Place("organize", _("Your letters"), below=("start_letter",)),
    Place("moderate", _("Signatures to review")),
    Place("moderate_organisations", _("Organisations to review")),
    Place("collectives", _("Your collectives"), below=("new_collective", "join")),
]
OF_THE_SITE = [
    Place("letters_to_review", _("Letters to review"), below=("review_letter",)),
    Place("site_letters", _("Letters on this site"), below=("site_letter", "site_paper_counts")),
    Place("site_names", _("Names that look alike")),
    Place("site_domains", _("Verified domains")),
    Place("site_activity", _("Activity of the site")),
]
OF_SUPERUSERS = [Place("site_moderators", _("Site moderators")), Place("site_status", _("Status"))]
OF_THE_ACCOUNT = [
    Place("account_home", _("Your account"), below=("account_close",)),
    Place("account_email", _("Email address")),
    Place("emails_you_get", _("Emails you get")),
    Place("account_change_password", _("Password"), below=("account_set_password",)),
    Place("mfa_index", _("Two-step sign-in")),
    Place("usersessions_list", _("Browsers")),
]


@register.simple_tag(takes_context=True)
def menu(context: RequestContext) -> list[Group]:
    """Return the menu of this page: of its letter or its collective, or else of the whole site.

    It leads only to pages that this person may open.
    """
    letter, collective = context.get("letter"), context.get("collective")
    user = context.request.user
    is_of_site = isinstance(user, User) and user.moderates_site
    # People who moderate the site have no pages of their own about the letters of others.
    if isinstance(letter, Letter) and not (is_of_site and not _role(context, letter.collective)):
        return _of_letter(context, letter)
    runs_site = isinstance(user, User) and user.is_superuser
    places = [*OF_EVERYONE, *(OF_THE_SITE if is_of_site else []), *(OF_SUPERUSERS if runs_site else [])]
    groups = [Group("", [_menu_item(context, each) for each in places])]
    if isinstance(collective, Collective) and (role := _role(context, collective)):
        pages = [each for each in OF_A_COLLECTIVE if role in each.roles]
        return [*groups, Group(collective.name, [_menu_item(context, each, collective.slug) for each in pages])]
    return [*groups, Group(_("Account"), [_menu_item(context, each) for each in OF_THE_ACCOUNT])]


def _of_letter(context: RequestContext, letter: Letter) -> list[Group]:
    role = _role(context, letter.collective)
    is_public = letter.status != Letter.Status.DRAFT
    groups = [Group("", [MenuItem(_("All letters"), reverse("organize"))])]
    for title, places in OF_A_LETTER:
        pages = [each for each in places if role in each.roles and (is_public or not each.is_public_only)]
        of_which = [letter.collective.slug if each.is_of_collective else letter.slug for each in pages]
        if pages:
            entries = [_menu_item(context, *each) for each in zip(pages, of_which, strict=True)]
            groups.append(Group(title, entries))
    return groups


def _menu_item(context: RequestContext, place: Place, slug: str = "") -> MenuItem:
    request = context.request
    url = reverse(place.name, kwargs={"slug": slug} if slug else None)
    is_below = request.resolver_match is not None and request.resolver_match.url_name in place.below
    letter = context.get("letter")
    number = _to_review_of(context, letter) if place.name == "moderate_letter" and isinstance(letter, Letter) else 0
    if place.name == "letters_to_review":
        number = _waiting_on_site(context).letters
    if place.name == "moderate":
        number = _to_review(context)
    return MenuItem(place.title, url, "page" if request.path == url else "true" if is_below else "", number)


def _to_review(context: RequestContext) -> int:
    """Return how many signatures wait for this person, over all their letters: as many as the review queue says.

    Performance: one query. It adds up the numbers of letters, and counts only the few with a number that wait too.
    """
    user = context.request.user
    if not isinstance(user, User):
        return 0
    if user.moderates_site:
        return _waiting_on_site(context).signatures
    mine = Letter.objects.public().cared_for_by(user, MODERATING)
    numbered = _count(Signature.objects.filter(NUMBERED_IN_QUEUE, not_barred_to(user), letter__in=mine))
    row = User.objects.filter(pk=user.pk).values_list(Subquery(_held(mine)), Subquery(numbered))
    return sum(number or 0 for number in row.get())


def _to_review_of(context: RequestContext, letter: Letter) -> int:
    """Return how many signatures of the letter wait. Appeals are decided in the review queue, so the list and this
    number leave them out.
    """
    _role(context, letter.collective)
    return letter.awaiting_review + _known_numbers(context).get(letter.pk, 0)


def _held(letters: LetterQuerySet) -> QuerySet[Any, Any]:
    """Add up the signatures without a number that wait, for a subquery."""
    return letters.order_by().values(of_all=Value(1)).annotate(number=Sum("awaiting_review")).values("number")


def _count(signatures: SignatureQuerySet) -> QuerySet[Any, Any]:
    return signatures.order_by().values(of_all=Value(1)).annotate(number=Count("pk")).values("number")


class WaitingOnSite(NamedTuple):
    """The numbers of things that wait for people who moderate the site."""

    signatures: int
    letters: int


def _waiting_on_site(context: RequestContext) -> WaitingOnSite:
    """Performance: one query for each request, for both numbers of the menu."""
    user = cast("User", context.request.user)
    known: dict[str, WaitingOnSite] = vars(context.request).setdefault("known_numbers", {})
    if "site" not in known:
        public = Letter.objects.public()
        numbered = Signature.objects.filter(NUMBERED_IN_QUEUE, not_barred_to(user), letter__in=public)
        letters = LetterReview.objects.waiting().order_by().values(of_all=Value(1)).annotate(number=Count("pk"))
        row = User.objects.filter(pk=user.pk).values_list(
            Subquery(_held(public)), Subquery(_count(numbered)), Subquery(letters.values("number"))
        )
        held, others, reviews = (number or 0 for number in row.get())
        known["site"] = WaitingOnSite(held + others, reviews)
    return known["site"]


def _role(context: RequestContext, collective: Collective) -> str:
    """Return the role that the person has in a collective; "" if they are not a member.

    Queries once for each request.
    """
    user = context.request.user
    if not isinstance(user, User):
        return ""
    known: dict[int, str] = vars(context.request).setdefault("known_roles", {})
    if collective.pk not in known:
        letter = context.get("letter")
        of_letter = letter.pk if isinstance(letter, Letter) else 0
        # Performance: the number in the menu of a letter costs no query of its own.
        appealed = RejectionAppeal.objects.waiting().filter(signature=OuterRef("pk"))
        numbered = _count(Signature.objects.filter(~Exists(appealed), NUMBERED_IN_QUEUE, letter=of_letter))
        row = collective.memberships.filter(user=user).values_list("role", Subquery(numbered)).first()
        known[collective.pk], number = row or ("", 0)
        _known_numbers(context)[of_letter] = number or 0
    return known[collective.pk]


def _known_numbers(context: RequestContext) -> dict[int, int]:
    """The numbered signatures that wait, by the letter of this page."""
    known: dict[int, int] = vars(context.request).setdefault("known_to_review", {})
    return known


@register.simple_tag(takes_context=True)
def may_write(context: RequestContext, letter: Letter) -> bool:
    """Return whether this person may write the letter."""
    return _role(context, letter.collective) in WRITING


@dataclass(frozen=True)
class StateOfLetter:
    # Also the class of its chip.
    name: str
    words: Words


@register.simple_tag
def state_of(letter: Letter) -> StateOfLetter:
    """Return the state of a letter in one word."""
    if letter.publish_refused == Refusal.WAITS_FOR_SITE:
        return StateOfLetter("scheduled", _("Waiting for review by the site"))
    if letter.publish_refused:
        return StateOfLetter("delayed", _("Delayed"))
    if letter.publish_at:
        return StateOfLetter("scheduled", _("Scheduled"))
    words = {
        Letter.Status.DRAFT: _("Draft"),
        Letter.Status.PUBLISHED: _("Live"),
        Letter.Status.CLOSED: _("Closed"),
        Letter.Status.WITHDRAWN: _("Withdrawn"),
        Letter.Status.TAKEN_DOWN: _("Taken down"),
    }
    return StateOfLetter(letter.status, words[Letter.Status(letter.status)])


@register.filter
def without_scheme(url: str) -> str:
    """Return a web address without its scheme: undersigned.example"""
    return url.partition("://")[2] or url
