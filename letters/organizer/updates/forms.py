"""Forms for updates and for the addressee's answers. They check only the shape of the input."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from letters.models import AddresseeAnswer, Update, UpdateTranslation
from letters.organizer.updates.operations import (
    MAX_BODY_LENGTH,
    MAX_CORRECTION_LENGTH,
    MAX_TITLE_LENGTH,
    AnswerText,
    UpdateText,
)
from letters.shared.languages import language_name
from letters.shared.markdown import render_markdown
from letters.shared.text import DAMAGE, UnusableText, clean_line
from letters.shared.too_complex import problem_of

MARKDOWN_HINT = _(
    "Leave an empty line between paragraphs. Write **bold**, *italic*, ## heading, - list, 1. list, > quote, "
    "[link](https://…) and footnote[^1]."
)
DAMAGED = _("This contains characters that we cannot show. Type it again, or paste it as plain text.")
TURNS = _("This contains invisible characters that reverse the direction of the text. Type it again.")
TOO_LONG = _("This has %(show_value)d characters. The limit is %(limit_value)d. Shorten it, or link to the rest.")


class LineField(forms.CharField):
    """A single line. A line break, which could start another email header, becomes a space."""

    def to_python(self, value: Any) -> str:
        try:
            return clean_line(str(value or ""))
        except UnusableText as unusable:
            raise ValidationError(TURNS if unusable.code == "turns_direction" else DAMAGED, unusable.code) from unusable


class MarkdownField(forms.CharField):
    """Markdown that is not empty once it is rendered."""

    def __init__(self, *, required: Any, **options: Any) -> None:
        messages = {"required": required, "max_length": TOO_LONG}
        area = forms.Textarea(attrs={"rows": 14})
        super().__init__(
            max_length=MAX_BODY_LENGTH, widget=area, help_text=MARKDOWN_HINT, error_messages=messages, **options
        )

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        if DAMAGE.search(text):
            raise ValidationError(DAMAGED, "damaged")
        if problem := problem_of(text):
            raise ValidationError(problem, "too_complicated")
        if not render_markdown(text).strip():
            raise ValidationError(self.error_messages["required"], "required")
        return text


class LanguageField(forms.ChoiceField):
    def __init__(self) -> None:
        super().__init__(label=_("Language"))

    def offer(self, languages: list[str]) -> None:
        self.choices = [(code, language_name(code)) for code in languages]


class UpdateForm(forms.Form):
    """An update to the signers."""

    title = LineField(
        label=_("Title"),
        max_length=MAX_TITLE_LENGTH,
        help_text=_(
            "Signers see this at the top of the email. The subject line is the same for every letter, and "
            "does not name the letter."
        ),
        error_messages={"required": _("Enter a title. Signers see it at the top of the email.")},
    )
    body = MarkdownField(label=_("Message"), required=_("Enter a message for the signers."))
    language = LanguageField()
    is_public = forms.BooleanField(
        label=_("Also show this on the page of the letter, under “Updates”, and in its feed"),
        required=False,
    )

    def __init__(self, languages: list[str], data: QueryDict | None = None, *, update: Update | None = None) -> None:
        shown: dict[str, Any] = {"language": languages[0], "is_public": True}
        if update:
            shown = {name: getattr(update, name) for name in self.base_fields}
            # A language that has a translation cannot be the original's too.
            translated = {*update.languages()} - {update.language}
            languages = [*(each for each in languages if each not in translated), *({update.language} - {*languages})]
        super().__init__(data, auto_id="update_%s", label_suffix="", initial=shown)
        field = self.fields["language"]
        if isinstance(field, LanguageField):
            field.offer(languages)

    def text(self) -> UpdateText:
        """Return what was typed. The form must be valid."""
        return UpdateText(**self.cleaned_data)


class TranslationForm(forms.Form):
    """An update in another language."""

    title = LineField(
        label=_("Title"),
        max_length=MAX_TITLE_LENGTH,
        error_messages={"required": _("Enter a title. Signers see it at the top of the email.")},
    )
    body = MarkdownField(label=_("Message"), required=_("Enter a message for the signers."))

    def __init__(self, data: QueryDict | None = None, *, text: UpdateTranslation | None = None) -> None:
        shown = {"title": text.title, "body": text.body} if text else {}
        super().__init__(data, auto_id="update_%s", label_suffix="", initial=shown)


class CorrectionForm(forms.Form):
    """A public correction of an update that was sent."""

    text = LineField(
        label=_("Correction"),
        max_length=MAX_CORRECTION_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Say what was wrong and what is right, in one or two sentences."),
        error_messages={"required": _("Enter the correction."), "max_length": TOO_LONG},
    )
    language = LanguageField()

    def __init__(self, languages: list[str], data: QueryDict | None = None) -> None:
        super().__init__(data, auto_id="correction_%s", label_suffix="", initial={"language": languages[0]})
        field = self.fields["language"]
        if isinstance(field, LanguageField):
            field.offer(languages)


class AnswerForm(forms.Form):
    """An answer of the addressee."""

    respondent = LineField(
        label=_("Who answered"),
        max_length=200,
        help_text=_("For example, “Anna Weber, Minister of Transport”."),
        error_messages={"required": _("Enter who answered.")},
    )
    answered_on = forms.DateField(
        label=_("Date of the answer"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": _("Enter the date of the answer."), "invalid": _("Enter a date like 2025-03-31.")},
    )
    body = MarkdownField(
        label=_("Text of the answer"), required=_("Enter the answer, in their own words or as a summary.")
    )
    link = forms.URLField(
        label=_("Link"),
        required=False,
        max_length=500,
        assume_scheme="https",
        help_text=_("The web address of the answer, if they have published it."),
        error_messages={"invalid": _("Enter a web address, like https://example.org/answer.")},
    )
    language = LanguageField()
    note = LineField(
        label=_("What you have changed"),
        max_length=500,
        required=False,
        help_text=_("One sentence, shown under the answer, for people who read it before you changed it."),
    )

    def __init__(
        self,
        languages: list[str],
        data: QueryDict | None = None,
        *,
        days: tuple[date, date],
        answer: AddresseeAnswer | None = None,
    ) -> None:
        # The first and the last day on which the addressee can have answered.
        self.days = days
        shown: dict[str, Any] = {"language": languages[0]}
        if answer:
            shown = {name: getattr(answer, name) for name in self.base_fields if name != "note"}
            languages = [*languages, *({answer.language} - {*languages})]
        super().__init__(data, auto_id="answer_%s", label_suffix="", initial=shown)
        field = self.fields["language"]
        if isinstance(field, LanguageField):
            field.offer(languages)
        if answer and answer.published_at:
            self.fields["note"].required = True
            self.fields["note"].error_messages["required"] = _(
                "Enter what you have changed, for people who read the answer before."
            )
        else:
            del self.fields["note"]

    def clean_answered_on(self) -> date:
        on: date = self.cleaned_data["answered_on"]
        if on == self.initial.get("answered_on"):
            return on  # Stored before this limit existed.
        if on > self.days[1]:
            raise ValidationError(_("This date is in the future. Enter today or an earlier day."), "future")
        if on < self.days[0]:
            raise ValidationError(_("This date is before the date of the letter. Check the date."), "before_letter")
        return on

    def clean_link(self) -> str:
        link: str = self.cleaned_data["link"]
        if link and not link.startswith(("https://", "http://")):
            raise ValidationError(self.fields["link"].error_messages["invalid"], "invalid")
        return link

    def text(self) -> AnswerText:
        """Return what was typed. The form must be valid."""
        return AnswerText(**{name: value for name, value in self.cleaned_data.items() if name != "note"})
