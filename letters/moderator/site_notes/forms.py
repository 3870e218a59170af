from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from letters.moderator.site_notes.operations import MAX_WORDS


class WordsForm(forms.Form):
    """A private note."""

    words = forms.CharField(
        label=_("Note"),
        max_length=MAX_WORDS,
        help_text=_("Only people who moderate the site read it. You can delete it, but nobody can change it."),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Write the note.")},
    )

    def __init__(self, data: QueryDict | None = None, **more: Any) -> None:
        super().__init__(data, auto_id="note_%s", label_suffix="", **more)


class NoteForm(WordsForm):
    """A private note about a letter or its collective."""

    about = forms.ChoiceField(
        label=_("The note is about"),
        choices=[("letter", _("This letter")), ("collective", _("Its collective"))],
        initial="letter",
        widget=forms.RadioSelect,
        error_messages={"required": _("Select what the note is about.")},
    )
    field_order = ("about", "words")
