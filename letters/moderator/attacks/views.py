"""The page about a wave: what the site has noticed, and one button for the shield."""

from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from letters.base.accounts.guards import for_organizers
from letters.base.public_letters.pages import letter_or_404
from letters.models import MODERATING, Letter, Membership, User, Wave
from letters.moderator.attacks.operations import end_wave, raise_shield
from letters.shared.explaining import explain
from letters.shared.refused import Refused


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@for_organizers
def wave(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the wave to members and site moderators; raise the shield, or end it."""
    person = cast("User", request.user)
    letter = letter_or_404(slug)
    is_of_site = person.moderates_site_now()
    if not (is_of_site or letter.collective.has_role(person, list(Membership.Role))):
        raise Http404("There is nothing of yours here.")
    if request.method == "POST":
        return _act(request, letter, person)
    found = Wave.of(letter)
    context = {
        "letter": letter,
        "title": letter.newest_title(),
        "wave": found,
        "zone": letter.zone(),
        "may_act": is_of_site or letter.collective.has_role(person, MODERATING),
    }
    return render(request, "letters/attacks/wave.html", context)


def _act(request: HttpRequest, letter: Letter, person: User) -> HttpResponse:
    try:
        if request.POST.get("action") == "end":
            end_wave(letter, by=person, now=timezone.now())
            messages.success(request, _("The shield is down. Signatures that it held stay in the queue."))
        else:
            raise_shield(letter, by=person, now=timezone.now())
            messages.success(request, _("The shield is up. It goes down by itself when the wave is over."))
    except Refused as refused:
        messages.error(request, str(explain(refused)))
    return redirect("wave", slug=letter.slug)
