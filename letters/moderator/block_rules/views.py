"""The pages of moderators about rules: list, make, switch, end."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from letters.models import BlockRule, User
from letters.moderator.block_rules import queries
from letters.moderator.block_rules.forms import RuleForm
from letters.moderator.block_rules.operations import end_rule, make_rule, switch_rule
from letters.moderator.moderation import pages
from letters.moderator.moderation.queries import letters_of, signature_of
from letters.moderator.moderation.views.queue import or_404
from letters.moderator.signals.rules import LEAST_MATCHED
from letters.shared.explaining import add_refusal, explain
from letters.shared.numbers import in_tens
from letters.shared.refused import Refused


@require_safe
@or_404
def rules(request: HttpRequest, moderator: User) -> HttpResponse:
    """List the rules that a person may change: those that are not over first."""
    now = timezone.now()
    found = queries.rules_of(moderator)
    context = {
        "in_force": [_shown(each) for each in found if not each.is_over(now)],
        "over": [_shown(each) for each in found if each.is_over(now)],
        "may_make": bool(queries.collectives_of(moderator)) or moderator.moderates_site_now(),
    }
    return render(request, "letters/block_rules/rules.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@or_404
def new_rule(request: HttpRequest, moderator: User) -> HttpResponse:
    """Make a rule, which is off at first."""
    form = _form(request, moderator)
    if form.is_valid():
        try:
            made = make_rule(form.wish(), by=moderator, now=timezone.now())
            return redirect("block_rule", pk=made.pk)
        except Refused as refused:
            add_refusal(form, refused)
    context = {"form": form, "burst": form.burst, "handle": request.GET.get("burst", "")}
    return render(request, "letters/block_rules/new.html", context, status=422 if form.errors else 200)


def _form(request: HttpRequest, moderator: User) -> RuleForm:
    is_of_site, collectives = moderator.moderates_site_now(), queries.collectives_of(moderator)
    if not is_of_site and not collectives:
        raise BlockRule.DoesNotExist
    more: dict[str, Any] = {}
    if handle := request.GET.get("burst", ""):
        if not is_of_site:
            raise BlockRule.DoesNotExist
        more = {"burst": signature_of(moderator, handle)}
    return RuleForm(
        letters=[(letter.slug, letter.known_as) for letter in letters_of(moderator)],  # type: ignore[attr-defined]
        collectives=collectives,
        is_of_site=is_of_site,
        data=request.POST if request.method == "POST" else None,
        **more,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@or_404
def rule(request: HttpRequest, moderator: User, pk: int) -> HttpResponse:
    """Show what a rule would have done, and switch it on or off, or end it."""
    found = queries.rule_of(moderator, pk)
    if request.method == "POST":
        try:
            messages.success(request, _act(found, request.POST.get("action", ""), moderator))
        except Refused as refused:
            messages.error(request, explain(refused))
        return redirect("block_rule", pk=pk)
    is_named = found.kind == BlockRule.Kind.NAME
    sample = queries.sample_of(found, queries.try_rule(found)) if is_named else []
    context = {
        **_shown(found),
        "maker": _maker(found),
        "is_over": found.is_over(timezone.now()),
        "tested": found.tested if is_named else in_tens(found.tested or 0),
        "tested_of": in_tens(found.tested_of),
        "is_rounded": not is_named,
        "sample": sample,
        "least": LEAST_MATCHED,
    }
    return render(request, "letters/block_rules/rule.html", context)


def _maker(found: BlockRule) -> str:
    """Return the name of the person who made a rule.

    Privacy: only members of one collective read each other's names, and a letter may have moved since.
    """
    collective = found.letter.collective if found.letter else found.collective
    are_colleagues = found.is_of_site or collective is None or collective.has_member(found.made_by)
    return found.made_by.name if are_colleagues else ""


def _act(found: BlockRule, action: str, by: User) -> str:
    now = timezone.now()
    if action in {"on", "off"}:
        switch_rule(found, on=action == "on", by=by, now=now)
        return _("The rule is on.") if action == "on" else _("The rule is off.")
    if action == "end":
        end_rule(found, by=by, now=now)
        return _("The rule has ended.")
    raise Http404("There is no such action.")


def _shown(found: BlockRule) -> dict[str, Any]:
    """Return what pages say about a rule. Privacy: hits are rounded, and those of one mailbox or network not told."""
    return {
        "rule": found,
        "words": pages.rule_about(found),
        "hits": in_tens(found.hits),
        "has_hits": not found.is_about_one,
    }
