"""The lists of one letter's signatures, in which moderators decide about many at once."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from letters.base.accounts.guards import for_organizers
from letters.models import Letter, User
from letters.moderator.moderation import pages, queries
from letters.moderator.moderation.forms import ReviewForm
from letters.moderator.moderation.operations import (
    accept_signatures,
    decline_changes,
    hide_comments,
    reject_signatures,
    restore_signatures,
    show_comments,
    undo_own_decisions,
)
from letters.shared.refused import Refused

LISTS: Mapping[str, Callable[[Letter, str], queries.Page]] = {
    "waiting": queries.waiting,
    "published": queries.published,
    "rejected": queries.rejected,
}


# Session key: the decision that the next page offers to undo.
UNDO = "undo_in_list"
# For each decision, the decision that undoes it.
WAYS_BACK: Mapping[str, str] = {
    "accept": "undo",
    "restore": "undo",
    "reject": "undo",
    "decline": "undo",
    "hide": "show",
}


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@for_organizers
def signatures(request: HttpRequest, slug: str, shown: str = "waiting") -> HttpResponse:
    """Show one of three lists, and apply a decision to the selected signatures."""
    moderator = cast("User", request.user)
    try:
        letter = queries.letter_of(moderator, slug)
    except Letter.DoesNotExist as missing:
        raise Http404("There is no letter here.") from missing
    form = ReviewForm(partial(queries.id_of_handle, letter), request.POST if request.method == "POST" else None)
    if form.is_valid():
        undo = _way_back(letter, form)
        for sentence in _review(letter, form, moderator):
            messages.success(request, sentence)
        if undo:
            request.session[UNDO] = undo
        return redirect(request.get_full_path())
    undo = request.session.pop(UNDO, {})
    page = LISTS[shown](letter, request.GET.get("after", ""))
    context = {
        "letter": letter,
        "items": pages.list_items(letter, page.signatures, moderator),
        "onward": page.onward,
        "shown": shown,
        "waiting": queries.number_waiting(letter),
        "most_counted": queries.MAX_COUNTED,
        "undo": undo if undo.get("letter") == letter.pk else {},
        "lists": [(name, reverse("moderate_list", kwargs={"slug": slug, "shown": name})) for name in LISTS],
        "form": form,
        "reasons": [label for _code, label in pages.reasons()],
        "ticked": form.ids,
    }
    return render(request, "letters/moderation/signatures.html", context, status=422 if form.errors else 200)


def _way_back(letter: Letter, form: ReviewForm) -> dict[str, Any]:
    """Return the fields that undo the decision that is about to be made; none if it cannot be undone.

    Accepting new words of a published signature cannot be undone: the old words are gone. Nor can putting new words
    back into the queue, which decides nothing.
    """
    if form.verb not in WAYS_BACK:
        return {}
    among = {"accept": queries.undoable_among, "restore": queries.rejected_among}.get(form.verb)
    ids = among(letter, form.ids) if among else form.ids
    if not ids:
        return {}
    handles = [queries.handle_of(letter, each) for each in ids]
    return {"letter": letter.pk, "of": form.verb, "verb": WAYS_BACK[form.verb], "handles": handles}


def _review(letter: Letter, form: ReviewForm, by: User) -> list[str]:
    """Apply the decision, and return sentences that confirm it."""
    try:
        done, said = _carry_out(letter, form, by)
    except Refused as refused:
        raise Http404(refused.code) from refused
    passed_over = len(set(form.ids)) - done
    if not passed_over:
        return [said]
    more = ngettext(
        "%(n)d signature was left as it is, because it changed after you opened this page.",
        "%(n)d signatures were left as they are, because they changed after you opened this page.",
        passed_over,
    )
    return [said, more % {"n": passed_over}]


def _carry_out(letter: Letter, form: ReviewForm, by: User) -> tuple[int, str]:
    """Apply the decision. Returns how many signatures it changed, and a sentence about them."""
    now, reason = timezone.now(), form.cleaned_data["reason"]
    why: dict[str, Any] = {"reason": reason}
    if reason and (code := queries.code_of_words(reason)):
        why = {"reason": "", "code": code}
    if form.verb == "accept":
        done = accept_signatures(letter, form.ids, by=by, now=now, seen=form.marks)
        said = ngettext("%(n)d signature accepted.", "%(n)d signatures accepted.", done)
    elif form.verb == "decline":
        done = decline_changes(letter, form.ids, **why, by=by, now=now, seen=form.marks)
        said = ngettext("%(n)d signature keeps its current words.", "%(n)d signatures keep their current words.", done)
    elif form.verb == "hide":
        done = hide_comments(letter, form.ids, **why, by=by, now=now, seen=form.marks)
        said = ngettext("%(n)d comment hidden.", "%(n)d comments hidden.", done)
    elif form.verb == "show":
        done = show_comments(letter, form.ids, by=by, now=now, seen=form.marks)
        said = ngettext("%(n)d comment is shown again.", "%(n)d comments are shown again.", done)
    elif form.verb == "undo":
        done = undo_own_decisions(letter, form.ids, by=by, now=now)
        said = ngettext("%(n)d decision undone.", "%(n)d decisions undone.", done)
    elif form.verb == "restore":
        done = restore_signatures(letter, form.ids, by=by, now=now)
        said = ngettext("%(n)d signature restored.", "%(n)d signatures restored.", done)
    else:
        done = reject_signatures(letter, form.ids, **why, by=by, now=now)
        said = ngettext("%(n)d signature rejected.", "%(n)d signatures rejected.", done)
    return done, said % {"n": done}
