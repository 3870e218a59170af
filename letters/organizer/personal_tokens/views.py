"""The pages about personal tokens, for every member of a collective."""

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from letters.base.accounts.guards import of_own_collective
from letters.models import OWNING, Collective, User
from letters.organizer.personal_tokens import queries
from letters.organizer.personal_tokens.forms import TokenForm
from letters.organizer.personal_tokens.operations import create_token, revoke_token
from letters.shared.explaining import add_refusal
from letters.shared.refused import Refused


@of_own_collective("GET", "HEAD")
def tokens(request: HttpRequest, collective: Collective, person: User) -> HttpResponse:
    """List a member's own tokens; owners see those of all members."""
    return _list(request, collective, person)


@of_own_collective("GET", "HEAD", "POST")
@reauthentication_required(app="allauth.account")  # type: ignore[untyped-decorator]
def new_token(request: HttpRequest, collective: Collective, person: User) -> HttpResponse:
    """Create a token. Its secret is on the page that answers, and never again."""
    letters = queries.letters_to_choose(collective)
    form = TokenForm(letters, request.POST if request.method == "POST" else None)
    if form.is_valid():
        typed = form.cleaned_data
        letter = collective.letters.get(slug=typed["letter"]) if typed["letter"] else None
        asked = {"name": typed["name"], "scopes": typed["scopes"], "days": typed["days"], "letter": letter}
        try:
            _token, secret = create_token(collective, **asked, by=person, now=timezone.now())
            return _list(request, collective, person, secret=secret)
        except Refused as refused:
            add_refusal(form, refused)
    context = {"collective": collective, "form": form}
    return render(request, "letters/personal_tokens/new_token.html", context, status=422 if form.errors else 200)


@of_own_collective("POST")
def revoke(request: HttpRequest, collective: Collective, person: User, token_id: int) -> HttpResponse:
    """End a token at once."""
    revoke_token(collective, token_id, by=person, now=timezone.now())
    messages.success(request, gettext("The token no longer works."))
    return redirect("personal_tokens", slug=collective.slug)


def _list(request: HttpRequest, collective: Collective, person: User, *, secret: str = "") -> HttpResponse:
    owns = collective.has_role(person, OWNING)
    context = {
        "collective": collective,
        "owns": owns,
        "tokens": queries.tokens_of(collective, to=person, owns=owns, now=timezone.now()),
        "secret": secret,
        "zone": collective.zone(),
    }
    return render(request, "letters/personal_tokens/tokens.html", context)
