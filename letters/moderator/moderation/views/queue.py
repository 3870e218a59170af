"""The review queue: one signature after another, riskiest first, and never the same one for two moderators."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from letters.base.accounts.guards import for_organizers
from letters.models import Letter, User
from letters.moderator.moderation import pages, queries
from letters.moderator.moderation.forms import DecisionForm
from letters.moderator.moderation.operations import (
    accept_signatures,
    ask_signers,
    claim_opinion,
    claim_signatures,
    decline_changes,
    hide_comments,
    hold_signatures,
    reject_signatures,
    restore_signatures,
    show_comments,
    undo_decision,
)
from letters.moderator.signals.reasons import HOLD_FROM, MAX_SCORE, SIGNALS
from letters.shared.explaining import explain
from letters.shared.refused import Refused

# A moderator claims this many at once: enough for a slow connection, and few enough to wait if the moderator leaves.
AHEAD = 20
# Session key: the decision that the next page offers to undo.
UNDO = "undo_decision"

View = Callable[..., HttpResponse]


def or_404(view: View) -> View:
    """Answer 404 for everything that this person may not see."""

    @wraps(view)
    def found(request: HttpRequest, **names: Any) -> HttpResponse:
        try:
            return view(request, cast("User", request.user), **names)
        except ObjectDoesNotExist as missing:
            raise Http404("There is nothing of yours here.") from missing

    return cast("View", never_cache(for_organizers(found)))


@require_safe
@or_404
def queue(request: HttpRequest, moderator: User) -> HttpResponse:
    """Show the next signatures, of all letters or of one."""
    slug = request.GET.get("letter", "")
    scope = queries.scope_of(moderator, slug)
    letters = queries.letters_of(moderator)
    context = {
        **_next(scope, moderator),
        **(_notices_of_site(scope) if scope.letters is None else _notices_of_letters(scope, letters)),
        "letters": letters,
        "of_letter": slug,
        "most_counted": queries.MAX_COUNTED,
        "undo": request.session.pop(UNDO, ""),
    }
    return render(request, "letters/moderation/queue.html", context)


def _notices_of_site(scope: queries.Scope) -> dict[str, Any]:
    """Return what stands above the queue for a person who moderates the whole site."""
    notices = queries.site_notices(scope.person)
    return {
        "moderates_site": True,
        "has_appeals_against": notices.has_appeals_against,
        "opinion": pages.opinion(scope, claim_opinion(scope, now=timezone.now()) if notices.has_drawn else None),
        "disagreements": queries.number_of_disagreements() if notices.has_disagreements else 0,
        "waves": queries.waves_in(scope) if notices.has_waves else [],
        "to_approve": queries.waiting_for_approval(scope) if notices.has_bulk_decisions else [],
    }


def _notices_of_letters(scope: queries.Scope, letters: list[Letter]) -> dict[str, Any]:
    """Return the same for some letters. Performance: `letters_of` has found whether there are opinions and waves."""
    is_own = scope.letters is not None and scope.letters <= scope.own
    may_be_drawn = not is_own or any(each.has_drawn for each in letters)  # type: ignore[attr-defined]
    may_have_wave = not is_own or any(each.has_wave for each in letters)  # type: ignore[attr-defined]
    return {
        "moderates_site": False,
        "has_appeals_against": queries.has_appeals_against(scope.person, scope),
        "opinion": pages.opinion(scope, claim_opinion(scope, now=timezone.now()) if may_be_drawn else None),
        "disagreements": 0,
        "waves": queries.waves_in(scope) if may_have_wave else [],
        "to_approve": queries.waiting_for_approval(scope),
    }


@require_safe
@or_404
def signals(request: HttpRequest, moderator: User) -> HttpResponse:
    """Show the weight of each signal."""
    heaviest_first = sorted(SIGNALS.values(), key=lambda signal: -signal.weight)
    context = {"signals": heaviest_first, "most": MAX_SCORE, "hold_from": HOLD_FROM}
    return render(request, "letters/moderation/signals.html", context)


@require_safe
@or_404
def more(request: HttpRequest, moderator: User) -> HttpResponse:
    """Return the same signatures as data, for a page that stays open."""
    scope = queries.scope_of(moderator, request.GET.get("letter", ""))
    found = _next(scope, moderator)
    context = found | {"of_letter": request.GET.get("letter", "")}
    html = render_to_string("letters/moderation/_items.html", context, request)
    return JsonResponse({"html": html, "waiting": found["waiting"]})


def _next(scope: queries.Scope, moderator: User) -> dict[str, Any]:
    claimed = claim_signatures(scope, by=moderator, now=timezone.now(), most=AHEAD)
    return {"items": pages.items(scope, claimed), "waiting": queries.waiting_in(scope), "reasons": pages.reasons()}


@require_http_methods(["POST"])
@or_404
def decide(request: HttpRequest, moderator: User) -> HttpResponse:
    """Decide about one signature, or undo a decision. Scripts get data, and forms a redirect to the queue."""
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _answer(request, pages.Decided(form.sentence()), status=422)
    try:
        done = _undo(form, moderator) if form.verb == "undo" else _decide(form, moderator)
    except Refused as refused:
        return _answer(request, pages.Decided(str(explain(refused))), status=409)
    return _answer(request, done)


def _decide(form: DecisionForm, by: User) -> pages.Decided:
    signature = queries.signature_of(by, form.cleaned_data["item"])
    scope = queries.scope_of(by, signature.letter.slug)
    (item,) = pages.items(scope, [signature])
    letter, ids, now = signature.letter, [signature.pk], timezone.now()
    more: dict[str, Any] = {"by": by, "now": now, "seen": {signature.pk: form.cleaned_data["seen"]}}
    why: dict[str, Any] = {"reason": form.cleaned_data["note"], "code": form.code}
    name = item.name or _("A signature without a name")
    if form.verb == "accept":
        done, words = accept_signatures(letter, ids, **more), _("Accepted: %(name)s")
    elif form.verb == "hold":
        done, words = hold_signatures(letter, ids, **more), _("On hold until tomorrow: %(name)s")
    elif form.verb == "ask":
        done, words = ask_signers(letter, ids, **more), _("Asked for more: %(name)s")
    elif form.verb == "restore":
        done = restore_signatures(letter, ids, by=by, now=now)
        words = _("Restored: %(name)s")
    elif form.verb == "hide":
        done, words = hide_comments(letter, ids, **why, **more), _("The comment is hidden: %(name)s")
    elif form.verb == "show":
        done, words = show_comments(letter, ids, **more), _("The comment is shown again: %(name)s")
    elif form.verb == "decline":
        done, words = decline_changes(letter, ids, **why, **more), _("The current words stay: %(name)s")
    else:
        done, words = reject_signatures(letter, ids, **why, **more), _("Rejected: %(name)s")
    if not done:
        return pages.Decided(_("Someone else decided about this signature, or it changed: %(name)s") % {"name": name})
    if form.verb in {"hide", "show"}:
        # Each undoes the other, beside the signature.
        return pages.Decided(words % {"name": name})
    return pages.decided(queries.newest_decision_by(by, signature), words % {"name": name})


def _undo(form: DecisionForm, by: User) -> pages.Decided:
    decision = queries.decision_of(by, form.cleaned_data["undo"])
    undo_decision(decision, by=by, now=timezone.now())
    return pages.Decided(_("Undone. The signature is in the queue again."))


def _answer(request: HttpRequest, done: pages.Decided, *, status: int = 200) -> HttpResponse:
    if request.headers.get("Accept") == "application/json":
        return JsonResponse({"said": done.words, "undo": done.undo}, status=status)
    if status == 200:
        messages.success(request, done.words)
        request.session[UNDO] = done.undo
    else:
        messages.error(request, done.words)
    if "back" in request.POST:
        # Security: only the search page, whatever the form says.
        query = QueryDict(request.POST["back"]).urlencode()
        return redirect(f"{reverse('review_search')}?{query}" if query else reverse("review_search"))
    slug = request.POST.get("letter", "")
    return redirect(f"{reverse('moderate')}?{urlencode({'letter': slug})}" if slug else reverse("moderate"))
