from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from letters.base.accounts.guards import of_superusers
from letters.models import User
from letters.moderator.moderation.operations import set_site_moderator
from letters.moderator.site_roles.forms import NewModeratorForm
from letters.moderator.site_roles.queries import site_moderators
from letters.shared.explaining import add_refusal, explain
from letters.shared.numbers import MAX_DIGITS_OF_ID, read_number
from letters.shared.refused import Refused


@require_http_methods(["GET", "HEAD", "POST"])
@of_superusers
def moderators(request: HttpRequest, superuser: User) -> HttpResponse:
    """List the people who moderate the whole site. Let another person do so, or end it."""
    if "end" in request.POST:
        return _end(request, superuser)
    form = NewModeratorForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        person = form.cleaned_data["email"]
        try:
            if set_site_moderator(person, on=True, by=superuser, now=timezone.now()):
                messages.success(request, gettext("%(email)s now moderates this site.") % {"email": person.email})
            return redirect("site_moderators")
        except Refused as refused:
            add_refusal(form, refused)
    context = {"form": form, "moderators": site_moderators()}
    return render(request, "letters/site_roles/moderators.html", context, status=422 if form.errors else 200)


def _end(request: HttpRequest, superuser: User) -> HttpResponse:
    chosen = read_number(request.POST["end"], max_digits=MAX_DIGITS_OF_ID)
    person = User.objects.filter(pk=chosen, moderates_site=True).first() if chosen else None
    if person is None:
        raise Http404("Nobody of this number moderates the site.")
    try:
        set_site_moderator(person, on=False, by=superuser, now=timezone.now())
        messages.success(request, gettext("%(email)s no longer moderates this site.") % {"email": person.email})
    except Refused as refused:
        messages.error(request, explain(refused))
    return redirect("site_moderators")
