"""The forms for the text of a letter."""

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from letters.models import Translation
from letters.organizer.collectives.forms import NAMES_A_LINK
from letters.organizer.letter_editor.operations import Text
from letters.shared.languages import direction, language_groups
from letters.shared.text import looks_like_link
from letters.shared.too_complex import problem_of

TITLE_WANTED = _("Enter a title.")

ADDRESSEE_WANTED = _("Enter who the letter is addressed to.")

BODY_WANTED = _("Enter the text of the letter. A few lines are enough for now: you can change them until you publish.")

LANGUAGE_WANTED = _("Select a language from the list.")


class TextForm(forms.Form):
    """The text of a letter in one language."""

    addressee = forms.CharField(
        label=_("Addressed to"),
        max_length=200,
        error_messages={"required": ADDRESSEE_WANTED},
        help_text=_("For example, “To the ministers of transport”."),
    )
    title = forms.CharField(label=_("Title"), max_length=200, error_messages={"required": TITLE_WANTED})
    body = forms.CharField(
        label=_("The letter"),
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 18}),
        error_messages={"required": BODY_WANTED},
        help_text=_(
            "Leave an empty line between paragraphs. Write **bold**, *italic*, ## heading, - list, 1. list, > quote, "
            "[link](https://…) and footnote[^1]."
        ),
    )
    summary = forms.CharField(
        label=_("Summary"),
        max_length=400,
        required=False,
        help_text=_("One or two sentences, for lists and shared links."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, data: QueryDict | None = None, *, text: Translation | None = None, language: str = "") -> None:
        shown = {name: getattr(text, name) for name in self.base_fields if hasattr(text, name)} if text else {}
        super().__init__(data, auto_id="text_%s", label_suffix="", initial=shown)
        if language:
            for field in self.fields.values():
                field.widget.attrs |= {"lang": language, "dir": direction(language)}

    def clean_body(self) -> str:
        body: str = self.cleaned_data["body"]
        if problem := problem_of(body):
            raise ValidationError(problem, "too_complicated")
        return body

    def text(self, language: str) -> Text:
        """Return the text that was typed. The form must be valid."""
        typed = {name: self.cleaned_data[name] for name in ("title", "addressee", "body", "summary")}
        return Text(language=language, **typed)


# Full disk: how much a session stores for a person who has not confirmed their address.
MAX_LENGTH_WITHOUT_ACCOUNT = 30_000


class StartForm(TextForm):
    """The start page: the text, who publishes it, and its language."""

    collective = forms.CharField(
        label=_("Who publishes the letter"),
        max_length=200,
        error_messages={"required": _("Enter who publishes the letter. It can be a pseudonym.")},
        help_text=_(
            "The name of your collective. It is shown with the letter, and can be a pseudonym. Your own "
            "name is not shown."
        ),
    )
    language = forms.ChoiceField(
        label=_("Language of the letter"),
        error_messages={"required": LANGUAGE_WANTED, "invalid_choice": LANGUAGE_WANTED},
    )
    field_order = ["addressee", "title", "body", "collective", "language"]

    def clean_collective(self) -> str:
        name: str = self.cleaned_data["collective"]
        if looks_like_link(name):
            raise ValidationError(NAMES_A_LINK, "names_a_link")
        return name

    def __init__(self, data: QueryDict | None = None, *, language: str = "", accepted: str = "") -> None:
        super().__init__(data)
        groups = language_groups(get_language() or "", accepted=accepted)
        self.fields["language"].choices = groups  # type: ignore[attr-defined]
        self.initial["language"] = language
        del self.fields["summary"]

    def text(self, language: str = "") -> Text:
        cleaned = self.cleaned_data
        return Text(
            language=cleaned["language"], title=cleaned["title"], addressee=cleaned["addressee"], body=cleaned["body"]
        )


class FirstStartForm(StartForm):
    """The start page of a person without an account."""

    def clean_body(self) -> str:
        # Denial of service: anyone may submit this form, so check the length first. Parsing takes time.
        if len(self.cleaned_data["body"]) > MAX_LENGTH_WITHOUT_ACCOUNT:
            raise ValidationError(
                _("Without an account, a letter can begin with at most 30,000 characters. Sign in to write more."),
                "long_without_account",
            )
        return super().clean_body()
