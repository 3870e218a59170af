"""Find a name or a number on a letter's public list.

Privacy: what readers search for stays out of shared caches and of the memory of public pages. Nothing about a search is
stored, except how many a network has made within the hour.
"""

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect

from letters.models import History, folded_words
from letters.public.public_pages import queries
from letters.public.public_pages.forms import AffiliationForm, FindNameForm, FindNumberForm
from letters.public.public_pages.limits import count_for_network
from letters.public.public_pages.pages import Context, Visit
from letters.shared.refused import Refusal


def answer_search(visit: Visit, before: int | None) -> HttpResponse:
    """Show the public names that match, or lead to a number. Raises TooMany("many_searches")."""
    sent = visit.request.GET
    if sent.get("affiliation"):
        return _of_affiliation(visit, before)
    find_number = FindNumberForm(sent) if sent.get("number") else FindNumberForm()
    if find_number.is_valid():
        return _to_number(visit, find_number.cleaned_data["number"])
    find_name = FindNameForm(sent) if sent.get("q") else FindNameForm()
    if not sent.get("q") and not sent.get("number"):
        return HttpResponseRedirect(visit.url_of("signatures"))
    page = None
    if find_name.is_valid():
        count_for_network(visit.request, "searches", settings.LIMIT_SEARCHES, Refusal.MANY_SEARCHES)
        words = folded_words(find_name.cleaned_data["q"])
        changes = History.of_changed(visit.letter, visit.language)
        page = queries.found_page(visit.letter, changes, words, before=before)
    context = {**visit.context(), "find_name": find_name, "find_number": find_number, "page": page}
    return _answer(visit, "found_signatures", context, is_right=page is not None)


def _of_affiliation(visit: Visit, before: int | None) -> HttpResponse:
    """Show everyone of one affiliation. The affiliation is in the address, so the page can be passed on."""
    form, page = AffiliationForm(visit.request.GET), None
    if form.is_valid():
        count_for_network(visit.request, "searches", settings.LIMIT_SEARCHES, Refusal.MANY_SEARCHES)
        changes = History.of_changed(visit.letter, visit.language)
        page = queries.page_of_affiliation(visit.letter, changes, form.cleaned_data["affiliation"], before=before)
    return _answer(visit, "of_affiliation", {**visit.context(), "form": form, "page": page}, is_right=page is not None)


def _answer(visit: Visit, template: str, context: Context, *, is_right: bool) -> HttpResponse:
    response = visit.render(template, context)
    response.status_code = 200 if is_right else 422
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _to_number(visit: Visit, number: int) -> HttpResponse:
    """Redirect to the page of the list that begins with this number."""
    url = visit.url_of("signatures")
    return HttpResponseRedirect(url if number >= visit.letter.last_number else f"{url}?before={number + 1}")
