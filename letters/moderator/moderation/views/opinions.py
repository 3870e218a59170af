"""Second opinions: give one, and settle disagreements as a site moderator."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from letters.models import User
from letters.moderator.moderation import pages, queries
from letters.moderator.moderation.forms import OpinionForm, VerdictForm
from letters.moderator.moderation.operations import give_opinion, settle_opinion
from letters.moderator.moderation.views.queue import or_404
from letters.shared.explaining import explain
from letters.shared.refused import Refused


@require_http_methods(["POST"])
@or_404
def opinion(request: HttpRequest, moderator: User) -> HttpResponse:
    """Note what the moderator would decide, and go back to the queue."""
    form = OpinionForm(request.POST)
    if form.is_valid():
        found = queries.opinion_of(moderator, form.cleaned_data["opinion"])
        # Nobody learns of a letter that they may not moderate.
        queries.scope_of(moderator, found.letter.slug)
        try:
            give_opinion(found, form.cleaned_data["answer"], by=moderator, now=timezone.now())
            messages.success(request, _("Thank you. Your opinion alone changes nothing."))
        except Refused as refused:
            messages.error(request, str(explain(refused)))
    else:
        messages.error(request, _("Select what to do."))
    slug = request.POST.get("letter", "")
    return redirect(f"{reverse('moderate')}?{urlencode({'letter': slug})}" if slug else reverse("moderate"))


@require_http_methods(["GET", "HEAD", "POST"])
@or_404
def disagreements(request: HttpRequest, moderator: User) -> HttpResponse:
    """List disagreements for site moderators, and settle one."""
    if not moderator.moderates_site_now():
        raise Http404("There is nothing of yours here.")
    if request.method == "POST":
        _settle(request, moderator)
        return redirect("second_opinions")
    found = queries.disagreements()
    context: dict[str, Any] = {"disagreements": pages.disagreements(queries.scope_of(moderator), found)}
    return render(request, "letters/moderation/opinions.html", context)


def _settle(request: HttpRequest, by: User) -> None:
    form = VerdictForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Select what to do."))
        return
    found = queries.opinion_of(by, form.cleaned_data["opinion"])
    was_wrong = form.cleaned_data["verdict"] == "wrong"
    try:
        settle_opinion(found, was_wrong=was_wrong, by=by, now=timezone.now())
    except Refused as refused:
        messages.error(request, str(explain(refused)))
        return
    said = _("The decision is undone. The signature is in the queue again.") if was_wrong else _("The decision stays.")
    messages.success(request, said)
