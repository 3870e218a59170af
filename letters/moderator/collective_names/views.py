from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from letters.base.accounts.guards import of_site
from letters.base.public_names.operations import allow_name
from letters.base.public_names.queries import allowed_names
from letters.models import User
from letters.moderator.collective_names.forms import AllowNameForm
from letters.shared.explaining import add_refusal
from letters.shared.refused import Refused


@require_http_methods(["GET", "HEAD", "POST"])
@of_site
def names(request: HttpRequest, moderator: User) -> HttpResponse:
    """List the names that were allowed although another looks the same, and allow one."""
    form = AllowNameForm(request.POST if request.method == "POST" else None, label_suffix="")
    if form.is_valid():
        collective, reason = form.cleaned_data["collective"], form.cleaned_data["reason"]
        try:
            allow_name(collective, reason=reason, by=moderator, now=timezone.now())
            said = gettext("“%(collective)s” may publish under its name.") % {"collective": collective.name}
            messages.success(request, said)
            return redirect("site_names")
        except Refused as refused:
            add_refusal(form, refused)
    context = {"form": form, "allowed": allowed_names()}
    return render(request, "letters/collective_names/names.html", context, status=422 if form.errors else 200)
