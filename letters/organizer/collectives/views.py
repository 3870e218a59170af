"""The pages of a collective: members, invitations, description and activity."""

from collections.abc import Iterator
from itertools import chain
from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext, override
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from letters.base.accounts.guards import for_organizers, of_own_collective
from letters.base.accounts.invitations import health_of
from letters.models import OWNING, Collective, Letter, MemberInvitation, Membership, User
from letters.organizer.collectives import queries
from letters.organizer.collectives.forms import ROLES, CollectiveForm, InviteForm, NameForm, RepliesForm
from letters.organizer.collectives.operations import (
    accept_invitation,
    ask_to_invite_again,
    change_own_name,
    change_role,
    choose_replies,
    create_collective,
    decline_invitation,
    describe_collective,
    invite_member,
    leave_collective,
    put_off_own_name,
    remove_member,
    revoke_invitation,
)
from letters.organizer.collectives.sentences import csv_heading, csv_rows_of, role_name, sentence_of
from letters.shared.csv_rows import MARK, csv_lines
from letters.shared.explaining import add_refusal, explain
from letters.shared.refused import Refusal, Refused


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@for_organizers
def collectives(request: HttpRequest) -> HttpResponse:
    """List a person's collectives, and change the name that other members see."""
    person = cast("User", request.user)
    form = NameForm(request.POST if request.method == "POST" else None, name=person.name)
    if form.is_valid():
        # The page of letters asks once for a name. "Not now" is an answer as well.
        if "later" in request.POST or ("asked" in request.POST and not form.cleaned_data["name"]):
            put_off_own_name(person, now=timezone.now())
        else:
            change_own_name(person, name=form.cleaned_data["name"], now=timezone.now())
            messages.success(request, gettext("Saved."))
        return redirect("organize" if "asked" in request.POST else "collectives")
    memberships = [(each, role_name(each.role)) for each in queries.memberships_of(person)]
    context = {"memberships": memberships, "form": form}
    return render(request, "letters/collectives/collectives.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@for_organizers
def new(request: HttpRequest) -> HttpResponse:
    """Create a collective."""
    form = CollectiveForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            collective = create_collective(**form.cleaned_data, by=cast("User", request.user), now=timezone.now())
            return redirect("collective", slug=collective.slug)
        except Refused as refused:
            add_refusal(form, refused)
    return render(request, "letters/collectives/new.html", {"form": form}, status=422 if form.errors else 200)


@of_own_collective("GET", "HEAD")
def members(request: HttpRequest, collective: Collective, person: User) -> HttpResponse:
    """List the members, and for owners also the invitations."""
    return _members_page(request, collective, person)


@of_own_collective("GET", "HEAD", "POST", roles=OWNING)
def describe(request: HttpRequest, collective: Collective, owner: User) -> HttpResponse:
    """Change the collective's description, and who reads replies."""
    if "replies" in request.POST:
        return _choose_replies(request, collective, owner)
    form = CollectiveForm(request.POST if request.method == "POST" else None, collective=collective)
    if form.is_valid():
        try:
            describe_collective(collective, values=form.cleaned_data, by=owner, now=timezone.now())
            messages.success(request, gettext("Saved."))
            return redirect("describe_collective", slug=form.cleaned_data["slug"])
        except Refused as refused:
            add_refusal(form, refused)
    return _settings_page(request, collective, form, RepliesForm(collective=collective, owner=owner))


def _choose_replies(request: HttpRequest, collective: Collective, owner: User) -> HttpResponse:
    replies = RepliesForm(request.POST, collective=collective, owner=owner)
    if not replies.is_valid():
        return _settings_page(request, collective, CollectiveForm(collective=collective), replies)
    chosen = replies.cleaned_data["replies"]
    if chosen != "another":
        choose_replies(collective, to_me=chosen == "me", by=owner, now=timezone.now())
    messages.success(request, gettext("Saved."))
    return redirect("describe_collective", slug=collective.slug)


def _settings_page(
    request: HttpRequest, collective: Collective, form: CollectiveForm, replies: RepliesForm
) -> HttpResponse:
    context = {"collective": collective, "owns": True, "form": form, "replies": replies}
    status = 422 if form.errors or replies.errors else 200
    return render(request, "letters/collectives/settings.html", context, status=status)


@of_own_collective("GET", "HEAD", roles=OWNING)
def record(request: HttpRequest, collective: Collective, owner: User) -> HttpResponse:
    """Show the activity."""
    page = queries.record_of(collective, to=owner, before=request.GET.get("before", ""))
    lines = [(line, sentence_of(line)) for line in page.lines]
    context = {"collective": collective, "owns": True, "zone": collective.zone(), "lines": lines, "page": page}
    return render(request, "letters/collectives/record.html", context)


@of_own_collective("GET", "HEAD", roles=OWNING)
def record_csv(request: HttpRequest, collective: Collective, owner: User) -> StreamingHttpResponse:
    """Return the whole activity of a collective as a file, with what the page shows and no more."""
    zone = collective.zone()
    heading = csv_lines([csv_heading(zone)])
    parts = (csv_lines(csv_rows_of(lines, zone)) for lines in queries.whole_record_of(collective, to=owner))
    file = chain([MARK, heading], in_language(get_language(), parts))
    response = StreamingHttpResponse(file, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="activity-{collective.slug}.csv"'
    return response


def in_language(language: str | None, parts: Iterator[str]) -> Iterator[str]:
    """Yield the parts of a file in one language, though the thread may work in another one between two of them."""
    while True:
        with override(language):
            part = next(parts, None)
        if part is None:
            return
        yield part


@of_own_collective("POST", roles=OWNING)
def invite(request: HttpRequest, collective: Collective, owner: User) -> HttpResponse:
    """Invite someone. Privacy: the answer is the same whether or not the address has an account here."""
    if request.POST.get("action") == "ask":
        ask_to_invite_again(collective, by=owner, now=timezone.now())
        messages.success(request, gettext("The people who run this site will review the invitations."))
        return redirect("collective", slug=collective.slug)
    form = InviteForm(request.POST)
    if form.is_valid():
        try:
            role = form.cleaned_data["role"]
            invite_member(collective, address=form.address, role=role, by=owner, now=timezone.now())
            messages.success(request, gettext("We are sending the invitation. It can take a few minutes."))
            return redirect("collective", slug=collective.slug)
        except Refused as refused:
            add_refusal(form, refused)
    return _members_page(request, collective, owner, form=form, status=422)


@of_own_collective("POST", roles=OWNING)
def revoke(request: HttpRequest, collective: Collective, owner: User, pk: int) -> HttpResponse:
    """Withdraw an invitation. Idempotent."""
    invitation = collective.invitations.filter(pk=pk).first()
    if invitation:
        revoke_invitation(invitation, by=owner, now=timezone.now())
    return redirect("collective", slug=collective.slug)


@of_own_collective("POST", roles=OWNING)
def change_member(request: HttpRequest, collective: Collective, owner: User, pk: int) -> HttpResponse:
    """Change a member's role, or remove the member."""
    action = request.POST.get("action")
    if action not in {"role", "remove"}:
        raise Http404("There is no such action.")
    membership = collective.memberships.filter(pk=pk).first()
    try:
        if membership and action == "role":
            change_role(membership, role=request.POST.get("role", ""), by=owner, now=timezone.now())
            messages.success(request, gettext("Saved."))
        elif membership:
            remove_member(membership, by=owner, now=timezone.now())
            messages.success(request, gettext("You have removed this member."))
    except Refused as refused:
        return _members_page(request, collective, owner, refusal=explain(refused), status=409)
    return _go_back(collective, owner)


@of_own_collective("POST")
def leave(request: HttpRequest, collective: Collective, person: User) -> HttpResponse:
    """Leave the collective."""
    try:
        leave_collective(collective, by=person, now=timezone.now())
    except Refused as refused:
        return _members_page(request, collective, person, refusal=explain(refused), status=409)
    messages.success(request, gettext("You have left %(collective)s.") % {"collective": collective.name})
    return redirect("collectives")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def join(request: HttpRequest, token: str) -> HttpResponseBase:
    """GET shows the invitation and changes nothing, because scanners follow links.

    POST accepts it, which needs an account, or declines it.
    """
    invitation = queries.invitation_of(token)
    membership = queries.membership_in(invitation, request.user) if invitation else None
    if invitation and membership and invitation.accepted_by_id == membership.user_id:
        return redirect("collective", slug=invitation.collective.slug)
    if invitation is None or not queries.can_be_accepted(invitation, now=timezone.now()):
        return _useless_link(request)
    if request.method == "POST" and request.POST.get("action") == "decline":
        return _decline(request, invitation)
    if request.method == "POST":
        return _accept(request, invitation)
    return _invitation_page(request, invitation, membership)


@for_organizers
def _accept(request: HttpRequest, invitation: MemberInvitation) -> HttpResponse:
    try:
        accept_invitation(invitation, by=cast("User", request.user), now=timezone.now())
    except Refused as refused:
        if refused.code != Refusal.IS_MEMBER:
            return _useless_link(request)
        membership = queries.membership_in(invitation, request.user)
        return _invitation_page(request, invitation, membership, status=409)
    messages.success(request, gettext("You are now a member."))
    return redirect("collective", slug=invitation.collective.slug)


def _decline(request: HttpRequest, invitation: MemberInvitation) -> HttpResponse:
    try:
        decline_invitation(invitation, now=timezone.now())
    except Refused:
        return _useless_link(request)
    if "from_home" in request.POST and request.user.is_authenticated:
        messages.success(request, gettext("You have declined the invitation."))
        return redirect("organize")
    return render(request, "letters/collectives/declined.html", {"collective": invitation.collective})


def _invitation_page(
    request: HttpRequest, invitation: MemberInvitation, membership: Membership | None, *, status: int = 200
) -> HttpResponse:
    context = {
        "invitation": invitation,
        "collective": invitation.collective,
        "zone": invitation.collective.zone(),
        "membership": membership,
        "role_name": role_name(membership.role) if membership else "",
    }
    return render(request, "letters/collectives/join.html", context, status=status)


def _useless_link(request: HttpRequest) -> HttpResponse:
    """Privacy: one page for links that are cut, changed, expired, withdrawn or used, so as not to reveal which."""
    return render(request, "letters/collectives/useless_link.html", status=404)


def _members_page(
    request: HttpRequest,
    collective: Collective,
    person: User,
    *,
    form: InviteForm | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    members = queries.members_of(collective, to=person)
    owners = [each for each in members if each.membership.role in OWNING]
    owns = any(each.membership.user_id == person.pk for each in owners)
    context: dict[str, Any] = {
        "collective": collective,
        "owns": owns,
        "me": person.pk,
        "members": [(each, role_name(each.membership.role)) for each in members],
        "must_stay": owns and len(owners) == 1 and (len(members) > 1 or collective.letters.public().exists()),
        "drafts": len(members) == 1 and collective.letters.filter(status=Letter.Status.DRAFT).count(),
        "refusal": refusal,
    }
    if owns:
        offers = queries.offers_of(collective, now=timezone.now())
        context["offers"] = [(each, role_name(each.invitation.role)) for each in offers]
        declined = queries.declined_of(collective, now=timezone.now())
        context["declined"] = [(each, role_name(each.role)) for each in declined]
        health = health_of(collective)
        context["stopped"] = health if health.is_ill else None
        context |= {"form": form or InviteForm(), "roles": ROLES, "zone": collective.zone()}
    return render(request, "letters/collectives/collective.html", context, status=status)


def _go_back(collective: Collective, owner: User) -> HttpResponse:
    """Redirect to the members; or to the list of collectives if owners have just given up their own role."""
    still_there = collective.has_member(owner)
    return redirect("collective", slug=collective.slug) if still_there else redirect("collectives")
