from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from letters.base.accounts.guards import of_site
from letters.models import LetterReview, Picture, User
from letters.moderator.letter_reviews import queries
from letters.moderator.letter_reviews.forms import SendBackForm
from letters.moderator.letter_reviews.operations import approve_text, send_text_back
from letters.shared.explaining import explain
from letters.shared.refused import Refused


@require_safe
@of_site
def queue(request: HttpRequest, moderator: User) -> HttpResponse:
    """List the texts that wait, oldest first."""
    return render(request, "letters/letter_reviews/queue.html", {"reviews": queries.reviews_waiting()})


@require_http_methods(["GET", "HEAD", "POST"])
@of_site
def review(request: HttpRequest, moderator: User, review_id: int) -> HttpResponse:
    """Show a text as its readers see it, and take the decision."""
    action = request.POST.get("action", "")
    form = SendBackForm(request.POST if action == "send_back" else None, label_suffix="")
    try:
        shown = queries.review_for(moderator, review_id)
    except LetterReview.DoesNotExist as missing:
        if request.method == "POST":
            # Someone else was faster, or the organizers have changed the text.
            messages.warning(request, gettext("This text no longer needs a review. These texts do."))
            return redirect("letters_to_review")
        raise Http404("There is no text here that waits.") from missing
    if request.method == "POST":
        if action not in {"fine", "send_back"}:
            raise Http404("There is no such action.")
        if action == "fine" or form.is_valid():
            return _decided(request, shown, moderator, form)
    context = {
        "review": shown,
        "shown": shown.letter,
        "texts": queries.texts_of(shown),
        "cover": Picture.above(shown.revision),
        "publisher": queries.publisher_of(shown),
        "seen": bytes(shown.fingerprint).hex(),
        "is_own": shown.letter.collective.has_member(moderator),
        "form": form,
    }
    return render(request, "letters/letter_reviews/review.html", context, status=422 if form.errors else 200)


def _decided(request: HttpRequest, shown: LetterReview, by: User, form: SendBackForm) -> HttpResponse:
    more: dict[str, Any] = {"seen": request.POST.get("seen", ""), "by": by, "now": timezone.now()}
    try:
        if form.is_bound:
            send_text_back(shown, reason=form.cleaned_data["reason"], **more)
            messages.success(request, gettext("You have sent the text back to its organizers. We are emailing them."))
        else:
            approve_text(shown, **more)
            messages.success(request, gettext("You said that the text looks fine."))
    except Refused as refused:
        messages.warning(request, explain(refused))
        return redirect("letters_to_review")
    following = queries.next_after(shown)
    return redirect("review_letter", review_id=following.pk) if following else redirect("letters_to_review")
