"""The form for uploading a picture."""

from collections.abc import Callable
from math import ceil
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from letters.shared.limits import TooMany
from letters.shared.pictures import LARGEST_FILE, Remade, UnusablePicture, remake

SENTENCES = {
    "too_large": _("This file is larger than 10 MB. Make the picture smaller first."),
    "too_many_pixels": _("This picture has more than 40 megapixels. Make it smaller first."),
    "unreadable": _("We cannot show this file. Select a complete JPEG, PNG, WebP or GIF file."),
    "busy": _("Another picture is being uploaded right now. Try again in a few seconds."),
}


class PictureForm(forms.Form):
    """A file and its description. The cleaned `file` is the re-encoded picture.

    Denial of service: `admit` runs before a file is decoded. It raises TooMany beyond the limits.
    """

    file = forms.FileField(
        label=_("Picture"),
        help_text=_(
            "JPEG, PNG, WebP or GIF, at most 10 MB. We remove the data about where the picture was taken "
            "and with which device."
        ),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp,image/gif"}),
        error_messages={"required": _("Select a picture."), "empty": SENTENCES["unreadable"]},
    )
    alt = forms.CharField(
        label=_("Description"),
        max_length=300,
        help_text=_("Say in one sentence what the picture shows, for people who cannot see it."),
        error_messages={"required": _("Describe the picture, for people who cannot see it.")},
    )

    def __init__(self, data: Any = None, files: Any = None, *, admit: Callable[[], None] | None = None) -> None:
        self.admit = admit
        super().__init__(data, files, auto_id="picture_%s", label_suffix="")

    def clean_file(self) -> Remade:
        file = self.cleaned_data["file"]
        try:
            if self.admit:
                self.admit()
            # One byte above the limit is enough to know that the file is too large.
            return remake(file.read(LARGEST_FILE + 1))
        except UnusablePicture as unusable:
            raise ValidationError(SENTENCES[unusable.code], unusable.code) from unusable
        except TooMany as many:
            raise ValidationError(_again_in(ceil(many.seconds / 60)), many.code) from many


def _again_in(minutes: int) -> str:
    return ngettext(
        "You have tried to upload too many pictures. Try again in %(minutes)d minute.",
        "You have tried to upload too many pictures. Try again in %(minutes)d minutes.",
        minutes,
    ) % {"minutes": minutes}
