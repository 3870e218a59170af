"""What stands before a view: who may come in, and that what it writes is written whole or not at all."""

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
# What follows the person is what the address says besides the letter.
LetterView = Callable[..., HttpResponseBase]

# In the session: where somebody was going who was led to set up a second factor first.
WAY_ON = "way_on"


def for_organizers(view: View) -> View:
    """For the pages behind the letters: only with an account, and with a second factor if this site asks for one."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if lacks_second_factor(request.user):
            return lead_to_second_factor(request, request.get_full_path())
        return view(request, *args, **kwargs)

    return cast("View", login_required(guarded))


def of_own_letter(*methods: str, roles: Collection[str] = WRITING) -> Callable[[LetterView], View]:
    """A page about a letter, for those who have one of these parts in its collective. For all others it does not exist.

    Its view gets the letter, which nobody can have without passing here.
    """

    return _of_own(methods, lambda person: Letter.objects.cared_for_by(person, roles))


def of_own_collective(
    *methods: str, roles: Collection[str] = tuple(Membership.Role.values)
) -> Callable[[LetterView], View]:
    """The same for a page about a collective: for those who have one of these parts in it."""

    return _of_own(
        methods,
        lambda person: Collective.objects.filter(memberships__user=person, memberships__role__in=roles),
    )


def _of_own(methods: Collection[str], owned_by: Callable[[User], QuerySet[Any]]) -> Callable[[LetterView], View]:
    """A page about one of the things that a person has, found by its slug. Anything missing on the way is a 404."""

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
    """And from there on to the page that they wanted."""
    request.session[WAY_ON] = way_on
    return redirect("mfa_index")


def whole_or_not_at_all(view: View) -> View:
    """A mail that cannot be sent, or that would be one too many, undoes what was written before it."""

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
    """For changes whose notice allauth sends when they are written for good: it is counted before."""

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
    """What the session knows was rolled back with the rest, and so is what a message says was done."""
    request.session.modified = False
    list(get_messages(request))


def remember_browser(view: View) -> View:
    """A browser in which somebody is signed in is known again when they sign in next: see devices.py."""

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
            log.warning("The other site that somebody signs in with does not answer: %s", type(error).__name__)
            return render(request, "socialaccount/authentication_error.html", status=502)

    return patient


def providers_in_form_action(view: View) -> View:
    """Our own forms lead on to the site where somebody has an account: browsers ask the policy about that too."""
    origins = [settings.PROVIDER_ORIGINS[name] for name in settings.PROVIDERS]
    return cast("View", csp_update({"form-action": origins})(view)) if origins else view
