"""The pictures of a letter: a page on which organizers add them, and their public addresses."""

import re
from functools import partial

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from letters.base.accounts.admission import network_of
from letters.base.accounts.guards import of_own_letter
from letters.models import Letter, Picture, User
from letters.organizer.pictures import queries
from letters.organizer.pictures.admission import admit_upload
from letters.organizer.pictures.forms import PictureForm
from letters.organizer.pictures.operations import add_picture, choose_cover
from letters.shared.explaining import explain
from letters.shared.for_anyone import FOREVER
from letters.shared.picture_descriptions import NO_DESCRIPTION_YET
from letters.shared.refused import Refused


@of_own_letter("GET", "HEAD", "POST")
def pictures(request: HttpRequest, letter: Letter, writer: User) -> HttpResponseBase:
    """List the pictures and add one. The editor asks for JSON and inserts the picture at the cursor."""
    admit = partial(admit_upload, writer, network_of(request))
    form = (
        PictureForm(_described(request.POST), request.FILES, admit=admit) if request.method == "POST" else PictureForm()
    )
    kept = _add(form, letter, writer) if form.is_valid() else None
    if request.headers.get("Accept") == "application/json" and request.method == "POST":
        if kept is None:
            return JsonResponse({"problem": next(iter(form.errors.values()))[0]}, status=422)
        return JsonResponse({"markdown": kept.markdown()})
    if kept is not None:
        messages.success(request, gettext("Picture added."))
        return redirect("letter_pictures", slug=letter.slug)
    pictures, newest = queries.pictures_of(letter), letter.revisions.latest("number")
    context = {"letter": letter, "form": form, "pictures": pictures, "newest": newest}
    return render(request, "letters/pictures/pictures.html", context, status=422 if form.errors else 200)


def _described(posted: QueryDict) -> QueryDict:
    """Return the form as sent. The editor uploads first: its writer describes the picture in the text."""
    if posted.get("described") != "later" or posted.get("alt"):
        return posted
    described = posted.copy()
    described["alt"] = gettext(NO_DESCRIPTION_YET)
    return described


def _add(form: PictureForm, letter: Letter, writer: User) -> Picture | None:
    picture, alt = form.cleaned_data["file"], form.cleaned_data["alt"]
    try:
        return add_picture(letter, picture=picture, alt=alt, by=writer, now=timezone.now())
    except Refused as refused:
        form.add_error("file", explain(refused, "cover"))
        return None


@of_own_letter("POST")
def cover(request: HttpRequest, letter: Letter, writer: User) -> HttpResponseBase:
    """Choose the cover, or none."""
    digest = request.POST.get("picture", "")
    if not re.fullmatch("([0-9a-f]{32})?", digest):
        raise Http404("There is no such picture.")
    try:
        choose_cover(letter, digest=digest, by=writer, now=timezone.now())
    except Refused as refused:
        messages.error(request, explain(refused, "cover"))
    return redirect("letter_pictures", slug=letter.slug)


@require_safe
@csrf_exempt
def picture(request: HttpRequest, digest: str, size: str) -> HttpResponse:
    """Send a picture."""
    try:
        data = queries.bytes_of(digest, size)
    except Picture.DoesNotExist as missing:
        raise Http404("There is no such picture.") from missing
    # The address contains a digest of the content, so the content never changes.
    return HttpResponse(data, content_type="image/webp", headers={"Cache-Control": FOREVER})
