"""Decorators for views: they decide who may enter, and make writes atomic."""

import logging
from collections.abc import Callable, Collection
from functools import wraps
from typing import Any, cast

import requests
from csp.decorators import csp_update
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.messages import get_messages
from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from letters.base.accounts.admission import admit_mail
from letters.base.accounts.devices import remember
from letters.base.accounts.queries import lacks_second_factor
from letters.models import WRITING, Collective, Letter, Membership, User

log = logging.getLogger(__name__)

View = Callable[..., HttpResponseBase]
# After the person come the arguments of the URL, except the letter.
LetterView = Callable[..., HttpResponseBase]

# Session key: the page that a person wanted when they were sent to set up a second factor.
WAY_ON = "way_on"


def for_organizers(view: View) -> View:
    """Allow only people with an account, and with a second factor if the site requires one."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if lacks_second_factor(request.user):
            return lead_to_second_factor(request, request.get_full_path())
        return view(request, *args, **kwargs)

    return cast("View", login_required(guarded))


def of_site(view: View) -> View:
    """Allow only people who moderate the whole site. For everyone else, the page does not exist."""
    return _of_people(view, User.moderates_site_now)


def of_superusers(view: View) -> View:
    """Allow only superusers. For everyone else, also for site moderators, the page does not exist."""
    return _of_people(view, User.runs_site_now)


def _of_people(view: View, may_enter: Callable[[User], bool]) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        person = cast("User", request.user)
        if not may_enter(person):
            raise Http404("There is nothing of yours here.")
        return view(request, person, **kwargs)

    return never_cache(for_organizers(guarded))


def of_own_letter(*methods: str, roles: Collection[str] = WRITING) -> Callable[[LetterView], View]:
    """Allow only members with one of these roles in the letter's collective; for all others the page does not exist.

    The view receives the letter, which it can get only through this check.
    """

    return _of_own(methods, lambda person: Letter.objects.cared_for_by(person, roles))


def of_binned_draft(*methods: str, roles: Collection[str] = WRITING) -> Callable[[LetterView], View]:
    """Do the same for a draft in the bin."""

    return _of_own(methods, lambda person: Letter.objects.binned_of(person, roles))


def of_own_collective(
    *methods: str, roles: Collection[str] = tuple(Membership.Role.values)
) -> Callable[[LetterView], View]:
    """Do the same for a page about a collective."""

    return _of_own(
        methods,
        lambda person: Collective.objects.filter(memberships__user=person, memberships__role__in=roles),
    )


def _of_own(methods: Collection[str], owned_by: Callable[[User], QuerySet[Any]]) -> Callable[[LetterView], View]:
    """Look up one of a person's objects by its slug. Anything that is missing in the view becomes a 404."""

    def decorate(view: LetterView) -> View:
        @require_http_methods([*methods])
        @never_cache
        @for_organizers
        @wraps(view)
        def opened(request: HttpRequest, slug: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
            person = cast("User", request.user)
            try:
                return view(request, owned_by(person).get(slug=slug), person, *args, **kwargs)
            except ObjectDoesNotExist as missing:
                raise Http404("There is nothing of yours here.") from missing

        return opened

    return decorate


def lead_to_second_factor(request: HttpRequest, way_on: str) -> HttpResponseBase:
    """Redirect to the second factor, and from there on to the page that the person wanted."""
    request.session[WAY_ON] = way_on
    return redirect("mfa_index")


def whole_or_not_at_all(view: View) -> View:
    """Run the view in a transaction. An email that cannot be sent, or exceeds a limit, rolls everything back."""

    @wraps(view)
    def whole(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        try:
            with transaction.atomic():
                response = view(request, *args, **kwargs)
                if response.status_code == 429:
                    _undo(request)
        except Exception:
            _forget(request)
            raise
        return response

    return whole


def notice_counts_first(view: View) -> View:
    """Count the notice of a change before the change, for views in which allauth sends it only after the commit."""

    @wraps(view)
    def counting(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST" and isinstance(request.user, User):
            admit_mail(request, request.user.email, is_notice=True)
        return view(request, *args, **kwargs)

    return counting


def _undo(request: HttpRequest) -> None:
    transaction.set_rollback(True)
    _forget(request)


def _forget(request: HttpRequest) -> None:
    """Discard session changes and messages, because what they describe was rolled back."""
    request.session.modified = False
    list(get_messages(request))


def remember_browser(view: View) -> View:
    """Remember a browser in which someone is signed in: see devices.py."""

    @wraps(view)
    def remembering(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        if isinstance(request.user, User) and request.user.is_active:
            remember(request, response, request.user.email)
        return response

    return remembering


def provider_may_be_away(view: View) -> View:
    @wraps(view)
    def patient(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except requests.RequestException as error:
            log.warning("The other site that someone signs in with does not answer: %s", type(error).__name__)
            return render(request, "socialaccount/authentication_error.html", status=502)

    return patient


def providers_in_form_action(view: View) -> View:
    """Allow redirects to sign-in providers: browsers apply the form-action policy to these as well."""
    origins = [settings.PROVIDER_ORIGINS[name] for name in settings.PROVIDERS]
    return cast("View", csp_update({"form-action": origins})(view)) if origins else view
