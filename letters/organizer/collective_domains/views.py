from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from letters.base.accounts.guards import of_own_collective
from letters.base.collective_domains.operations import remove_domain, send_domain_code, verify_domain
from letters.base.collective_domains.queries import also_shown_by, domains_of
from letters.models import OWNING, Collective, CollectiveDomain, User
from letters.organizer.collective_domains.forms import DomainCodeForm, DomainForm
from letters.shared.explaining import add_refusal, explain
from letters.shared.refused import Refused


@of_own_collective("GET", "HEAD", "POST", roles=OWNING)
def domains(request: HttpRequest, collective: Collective, owner: User) -> HttpResponse:
    """List the domains of a collective, and have a code sent to one."""
    form = DomainForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        domain, mailbox = form.cleaned_data["domain"], form.cleaned_data["mailbox"]
        try:
            send_domain_code(collective, domain=domain, mailbox=mailbox, by=owner, now=timezone.now())
            return redirect("collective_domains", slug=collective.slug)
        except Refused as refused:
            add_refusal(form, refused)
    return _page(request, collective, form, status=422 if form.errors else 200)


@of_own_collective("POST", roles=OWNING)
def change_domain(request: HttpRequest, collective: Collective, owner: User, pk: int) -> HttpResponse:
    """Prove a domain with its code, or remove it."""
    claimed = collective.domains.listed().get(pk=pk)
    if request.POST.get("action") == "remove":
        return _remove(request, claimed, owner)
    form = DomainCodeForm(request.POST, about=pk)
    if form.is_valid():
        try:
            verify_domain(collective, pk, code=form.cleaned_data["code"], by=owner, now=timezone.now())
            messages.success(request, gettext("Verified: %(domain)s") % {"domain": claimed.shown})
            return redirect("collective_domains", slug=collective.slug)
        except Refused as refused:
            add_refusal(form, refused)
    return _page(request, collective, DomainForm(), status=422, code_form=form, code_form_of=pk)


def _remove(request: HttpRequest, claimed: CollectiveDomain, owner: User) -> HttpResponse:
    try:
        remove_domain(claimed.collective, claimed.pk, by=owner, now=timezone.now())
        messages.success(request, gettext("Removed: %(domain)s") % {"domain": claimed.shown})
    except Refused as refused:
        messages.error(request, explain(refused))
    return redirect("collective_domains", slug=claimed.collective.slug)


def _page(
    request: HttpRequest, collective: Collective, form: DomainForm, *, status: int, code_form_of: int = 0, **more: Any
) -> HttpResponse:
    rows, now = domains_of(collective), timezone.now()
    # Privacy: whoever only types a domain must not learn who is behind another collective.
    others = also_shown_by([each.domain for each in rows if each.verified_at], but=collective)
    entries = [
        {
            "claimed": each,
            "others": others.get(each.domain, []),
            "takes_code": each.removed_at is None and each.takes_code(now),
            "code_form": more.get("code_form") if each.pk == code_form_of else DomainCodeForm(about=each.pk),
        }
        for each in rows
    ]
    context = {"collective": collective, "owns": True, "form": form, "entries": entries, **more}
    return render(request, "letters/collective_domains/domains.html", context, status=status)
