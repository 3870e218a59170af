from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from letters.base.accounts.guards import of_site
from letters.base.collective_domains.operations import let_prove_again, remove_domain_for_site
from letters.base.collective_domains.queries import domains_on_site
from letters.models import User
from letters.moderator.collective_domains.forms import FindDomainForm, RemoveDomainForm
from letters.shared.explaining import add_refusal
from letters.shared.refused import Refused


@require_http_methods(["GET", "HEAD", "POST"])
@of_site
def domains(request: HttpRequest, moderator: User) -> HttpResponse:
    """List the domains that collectives show, remove one, or allow one again that was removed."""
    form = RemoveDomainForm(request.POST) if request.method == "POST" else None
    if form and form.is_valid():
        claimed, now = form.cleaned_data["domain"], timezone.now()
        try:
            if form.allows:
                let_prove_again(claimed, by=moderator, now=now)
                said = gettext("“%(collective)s” may verify %(domain)s again.")
            else:
                remove_domain_for_site(claimed, reason=form.cleaned_data["reason"], by=moderator, now=now)
                said = gettext("“%(collective)s” no longer shows %(domain)s.")
            messages.success(request, said % {"collective": claimed.collective.name, "domain": claimed.shown})
            return redirect("site_domains")
        except Refused as refused:
            add_refusal(form, refused)
    return _page(request, form)


def _page(request: HttpRequest, sent: RemoveDomainForm | None) -> HttpResponse:
    search = FindDomainForm(request.GET)
    wanted = search.cleaned_data["q"] if search.is_valid() else ""
    of_sent = str(sent.data.get("domain", "")) if sent else ""
    entries = [
        (each, sent if str(each.pk) == of_sent else RemoveDomainForm(about=each.pk)) for each in domains_on_site(wanted)
    ]
    context = {"entries": entries, "form": sent, "search": search}
    status = 422 if sent and sent.errors else 200
    return render(request, "letters/collective_domains/site_domains.html", context, status=status)
