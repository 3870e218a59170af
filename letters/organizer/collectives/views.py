"""The pages of a collective: members, invitations, description and audit log."""

from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from letters.base.accounts.guards import for_organizers, of_own_collective
from letters.base.accounts.invitations import health_of
from letters.models import OWNING, Collective, MemberInvitation, Membership, User
from letters.organizer.collectives import queries
from letters.organizer.collectives.forms import ROLES, CollectiveForm, InviteForm, NameForm
from letters.organizer.collectives.operations import (
    accept_invitation,
    ask_to_invite_again,
    change_own_name,
    change_role,
    create_collective,
    describe_collective,
    invite_member,
    leave_collective,
    remove_member,
    revoke_invitation,
)
from letters.organizer.collectives.sentences import role_name, sentence_of
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
        request.session["was_asked_for_name"] = True
        if "later" not in request.POST:
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
    """Change the collective's description."""
    form = CollectiveForm(request.POST if request.method == "POST" else None, collective=collective)
    if form.is_valid():
        try:
            describe_collective(collective, values=form.cleaned_data, by=owner, now=timezone.now())
            messages.success(request, gettext("Saved."))
            return redirect("describe_collective", slug=form.cleaned_data["slug"])
        except Refused as refused:
            add_refusal(form, refused)
    context = {"collective": collective, "owns": True, "form": form}
    return render(request, "letters/collectives/settings.html", context, status=422 if form.errors else 200)


@of_own_collective("GET", "HEAD", roles=OWNING)
def record(request: HttpRequest, collective: Collective, owner: User) -> HttpResponse:
    """Show the audit log."""
    page = queries.record_of(collective, to=owner, before=request.GET.get("before", ""))
    lines = [(line, sentence_of(line)) for line in page.lines]
    context = {"collective": collective, "owns": True, "zone": collective.zone(), "lines": lines, "page": page}
    return render(request, "letters/collectives/record.html", context)


@of_own_collective("POST", roles=OWNING)
def invite(request: HttpRequest, collective: Collective, owner: User) -> HttpResponse:
    """Invite somebody. Privacy: the answer is the same whether or not the address has an account here."""
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
        raise Http404("There is nothing of that name to do.")
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

    POST accepts it and needs an account.
    """
    invitation = queries.invitation_of(token)
    membership = queries.membership_in(invitation, request.user) if invitation else None
    if invitation and membership and invitation.accepted_by_id == membership.user_id:
        return redirect("collective", slug=invitation.collective.slug)
    if invitation is None or not queries.can_be_accepted(invitation, now=timezone.now()):
        return _useless_link(request)
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
    """Privacy: one page for links that are cut, changed, expired, withdrawn or used, so that it does not tell which."""
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
    everybody = queries.members_of(collective, to=person)
    owners = [each for each in everybody if each.membership.role in OWNING]
    owns = any(each.membership.user_id == person.pk for each in owners)
    context: dict[str, Any] = {
        "collective": collective,
        "owns": owns,
        "me": person.pk,
        "members": [(each, role_name(each.membership.role)) for each in everybody],
        "must_stay": owns and len(owners) == 1 and (len(everybody) > 1 or collective.letters.exists()),
        "refusal": refusal,
    }
    if owns:
        offers = queries.offers_of(collective, now=timezone.now())
        context["offers"] = [(each, role_name(each.invitation.role)) for each in offers]
        health = health_of(collective)
        context["stopped"] = health if health.is_ill else None
        context |= {"form": form or InviteForm(), "roles": ROLES, "zone": collective.zone()}
    return render(request, "letters/collectives/collective.html", context, status=status)


def _go_back(collective: Collective, owner: User) -> HttpResponse:
    """Redirect to the members; or to the list of collectives if owners have just given up their own role."""
    still_there = collective.memberships.filter(user=owner).exists()
    return redirect("collective", slug=collective.slug) if still_there else redirect("collectives")
