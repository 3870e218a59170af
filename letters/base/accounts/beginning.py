"""Create an account on a page that asks for more than an address: with one code, and without a password."""

from typing import cast

from allauth.account.adapter import get_adapter
from allauth.account.internal import flows
from allauth.core.exceptions import ImmediateHttpResponse
from django.http import HttpRequest, HttpResponseBase, QueryDict

from letters.base.accounts.admission import network_of
from letters.base.accounts.forms import SignupForm
from letters.base.site_limits.queries import rate
from letters.models import SiteLimit
from letters.shared import limits
from letters.shared.limits import Limit, TooMany
from letters.shared.refused import Refusal, Refused


def admit_text(request: HttpRequest) -> None:
    """Count a text of a person without an account. Raises TooMany.

    Denial of service: parsing a text can take most of a second, and a text that is refused costs no email.
    """
    limit = Limit("text", network_of(request), rate(SiteLimit.Name.REQUESTS))
    if limits.count([limit]):
        raise TooMany(Refusal.MANY_REQUESTS, seconds=limits.seconds_left(limit))


def address_form(data: QueryDict | None, *, typed: str = "") -> SignupForm:
    """Return the sign-up form with nothing but the address.

    Abuse: `is_valid` counts the email that will be sent, so call it when everything else on the page is right.
    """
    form = SignupForm(data, initial={"email": typed})
    form.fields.pop("password1", None)
    return form


def can_sign_up(request: HttpRequest) -> bool:
    """Return whether the site takes new accounts from a person who was not invited."""
    return bool(get_adapter(request).is_open_for_signup(request))


def sign_up(request: HttpRequest, form: SignupForm, *, way_on: str) -> HttpResponseBase:
    """Send the code, and lead to the page that takes it and then to `way_on`. The form must be valid.

    Privacy: the answer is the same if the address has an account, as on the sign-up page. Raises Refused("not_yours")
    if the site takes no new accounts.
    """
    if not can_sign_up(request):
        raise Refused(Refusal.NOT_YOURS)
    user, answer = form.try_save(request)
    if answer:
        return answer
    try:
        completed = flows.signup.complete_signup(request, user=user, redirect_url=way_on, by_passkey=False)
        return cast("HttpResponseBase", completed)
    except ImmediateHttpResponse as instead:
        return cast("HttpResponseBase", instead.response)
