"""Pages for exports: request one, follow its progress, download it."""

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from letters.base.accounts.guards import of_own_letter
from letters.models import Export, Letter, User
from letters.organizer.exports import queries
from letters.organizer.exports.forms import SignaturesForm
from letters.organizer.exports.operations import Wanted, ask_export, fetch_export
from letters.shared.explaining import explain, sentence
from letters.shared.refused import Refusal, Refused

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}


@of_own_letter("GET", "HEAD", "POST")
def exports(request: HttpRequest, letter: Letter, person: User) -> HttpResponse:
    """List the exports, and request one."""
    form = SignaturesForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _asked(letter, form.wanted(), person, form):
        return redirect("exports", slug=letter.slug)
    context = {
        "letter": letter,
        "form": form,
        "exports": queries.exports_of(letter),
        "now": timezone.now(),
    }
    return render(request, "letters/exports/exports.html", context, status=422 if form.errors else 200)


@of_own_letter("POST")
def letter_with_signatories(request: HttpRequest, letter: Letter, writer: User) -> HttpResponse:
    """Request the PDF in one of the letter's languages. The delivery page shows its progress."""
    wanted = Wanted(Export.Kind.LETTER, Export.Format.PDF, request.POST.get("language", ""))
    try:
        ask_export(letter, wanted=wanted, by=writer, now=timezone.now())
    except Refused as refused:
        messages.error(request, explain(refused, "export"))
    return redirect("letter_delivery", slug=letter.slug)


def _asked(letter: Letter, wanted: Wanted, person: User, form: Form) -> bool:
    """Request an export. Returns False, with the reason in the form, if it is refused."""
    try:
        ask_export(letter, wanted=wanted, by=person, now=timezone.now())
    except Refused as refused:
        form.add_error(next(iter(form.fields)), explain(refused, "export"))
        return False
    return True


# POST only: a prefetching browser or a forwarded link must not download anything or leave a record.
@of_own_letter("POST")
def download(request: HttpRequest, letter: Letter, person: User, export_id: int) -> HttpResponseBase:
    """Send the file if it exists and this person still may have it."""
    export = Export.objects.select_related("letter__collective").get(letter=letter, pk=export_id)
    try:
        file = fetch_export(export, by=person, now=timezone.now())
    except Refused as refused:
        if refused.code != Refusal.NO_FILE:
            raise
        messages.error(request, sentence(refused.code))
        return redirect("exports", slug=letter.slug)
    return _attached(export, file)


def _attached(export: Export, file: queries.StoredFile) -> HttpResponseBase:
    what = f"{export.kind}-{export.language}" if export.language else export.kind
    name = f"{export.letter.slug}-{what}-{export.created_at:%Y-%m-%d}.{export.format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(file.size)}
    return StreamingHttpResponse(file.parts, content_type=TYPES[export.format], headers=headers)
