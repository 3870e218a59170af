"""Publish, schedule and withdraw a letter."""

from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from letters.models import Letter, Revision
from letters.organizer.letter_editor.forms.moments import MomentField, Moments
from letters.shared.languages import language_name


class ScheduleForm(Moments, forms.Form):
    """The time at which the letter is published automatically."""

    def __init__(self, letter: Letter, data: QueryDict | None = None, *, zone: ZoneInfo) -> None:
        super().__init__(data, auto_id="schedule_%s", label_suffix="", initial={"publish_at": letter.publish_at})
        wanted = _("Enter a date and a time.")
        self.fields["publish_at"] = MomentField(
            zone, label=_("Publish on"), error_messages={"required": wanted, "invalid": wanted}
        )
        self.ask_where_needed()

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        self.settle_moments(cleaned)
        return cleaned


class RevisionForm(forms.Form):
    """The form for a note: what changes in a text that readers already know, in the organizers' words."""

    kind = forms.ChoiceField(
        label=_("Kind of change"),
        choices=[
            (Revision.Kind.CORRECTION, _("A correction: the letter says the same as before")),
            (Revision.Kind.SUBSTANCE, _("A change of substance: the letter says something different")),
        ],
        help_text=_(
            "A correction can change up to 5 per cent of the words, but not the addressee, the title or a picture."
        ),
        widget=forms.RadioSelect,
        error_messages={"required": _("Select whether this is a correction or a change of substance.")},
    )
    note = forms.CharField(
        label=_("What has changed"),
        max_length=500,
        help_text=_("One sentence. It is public, beside the text."),
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Enter what has changed, in one sentence. It is public.")},
    )

    def __init__(self, data: QueryDict | None = None, *, languages: Iterable[str] = ()) -> None:
        """Ask for the sentence in other `languages` of the letter, too."""
        super().__init__(data, auto_id="revision_%s", label_suffix="")
        self.languages = list(languages)
        for language in self.languages:
            self.fields[f"note_{language}"] = forms.CharField(
                label=_("What has changed: %(language)s") % {"language": language_name(language)},
                max_length=500,
                required=False,
                help_text=_("If this stays empty, readers of this language see your sentence above."),
                widget=forms.Textarea(attrs={"rows": 2, "lang": language, "dir": "auto"}),
            )

    def said(self) -> dict[str, Any]:
        """Return the input for `publish_letter`. The form must be valid."""
        notes = {language: self.cleaned_data[f"note_{language}"] for language in self.languages}
        return {"kind": self.cleaned_data["kind"], "note": self.cleaned_data["note"], "notes": notes}


class WithdrawForm(forms.Form):
    """The reason, and the slug of the letter typed again as a confirmation."""

    reason = forms.CharField(
        label=_("Reason for withdrawing"),
        max_length=500,
        error_messages={"required": _("Enter a reason. It is shown on the page of the letter.")},
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    confirmation = forms.CharField(
        max_length=400,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, letter: Letter, data: QueryDict | None = None) -> None:
        super().__init__(data, auto_id="withdraw_%s", label_suffix="")
        self.letter = letter
        field = self.fields["confirmation"]
        field.label = _("To confirm, type “%(slug)s”") % {"slug": letter.slug}
        field.error_messages["required"] = _("Type “%(slug)s” to confirm.") % {"slug": letter.slug}

    def clean_confirmation(self) -> str:
        typed: str = self.cleaned_data["confirmation"]
        if typed.strip().lower() != self.letter.slug:
            raise ValidationError(self.fields["confirmation"].error_messages["required"], "not_confirmed")
        return typed
