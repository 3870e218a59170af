"""What an organizer types, judged by shape alone."""

import re
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from letters.models import Ask, Display, Letter, Translation
from letters.organizing.operations import SETTINGS, Text

TITLE_WANTED = _("Give the letter a title.")
ADDRESSEE_WANTED = _("Write to whom the letter is addressed.")
BODY_WANTED = _("Write the letter. A few lines will do for a start; you can change them until it is published.")
DOMAIN = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")


class TextForm(forms.Form):
    """The text of a letter in one language."""

    addressee = forms.CharField(
        label=_("To whom"),
        max_length=200,
        error_messages={"required": ADDRESSEE_WANTED},
        help_text=_("As it stands above the letter: “To the ministers of transport”."),
    )
    title = forms.CharField(label=_("Title"), max_length=200, error_messages={"required": TITLE_WANTED})
    body = forms.CharField(
        label=_("The letter"),
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 18}),
        error_messages={"required": BODY_WANTED},
        help_text=_("Plain text. An empty line begins a paragraph; **bold**, *italic*, ## heading and - lists work."),
    )
    summary = forms.CharField(
        label=_("In one or two sentences"),
        max_length=400,
        required=False,
        help_text=_("For lists and shared links."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, data: QueryDict | None = None, *, text: Translation | None = None) -> None:
        shown = {name: getattr(text, name) for name in self.base_fields if hasattr(text, name)} if text else {}
        super().__init__(data, auto_id="text_%s", label_suffix="", initial=shown)

    def text(self, language: str) -> Text:
        """What was typed. The form must be valid."""
        typed = {name: self.cleaned_data[name] for name in ("title", "addressee", "body", "summary")}
        return Text(language=language, **typed)


class StartForm(TextForm):
    """The start page: the text, who writes it, and in which language."""

    collective = forms.CharField(
        label=_("Who you are"),
        max_length=200,
        error_messages={"required": _("Write who publishes the letter; a pseudonym will do.")},
        help_text=_("The collective signs, never you: its name stands under the letter, and may be a pseudonym."),
    )
    language = forms.RegexField(
        "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
        label=_("Language of the letter"),
        max_length=12,
        error_messages={"invalid": _("Write the language as a code: en, it, pt-BR.")},
    )
    field_order = ["addressee", "title", "body", "collective", "language"]

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.initial["language"] = settings.LANGUAGE_CODE
        del self.fields["summary"]

    def text(self, language: str = "") -> Text:
        cleaned = self.cleaned_data
        return Text(
            language=cleaned["language"], title=cleaned["title"], addressee=cleaned["addressee"], body=cleaned["body"]
        )


class DomainsField(forms.CharField):
    """Domains, one to a line or with commas between them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 2}), **options)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        found = [word.lower().removeprefix("@") for word in re.split(r"[\s,;]+", super().clean(value)) if word]
        if wrong := next((word for word in found if not DOMAIN.fullmatch(word)), ""):
            raise ValidationError(_("“%(word)s” is no domain. One looks like example.org."), "invalid", {"word": wrong})
        return list(dict.fromkeys(found))


class SettingsForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """What the signing form asks, and until when."""

    displays = forms.MultipleChoiceField(
        label=_("Signers may choose that"),
        choices=Display.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Leave signers at least one choice.")},
    )
    domains = DomainsField(label=_("Only addresses at"), help_text=_("Domains, one to a line. Empty: any address."))
    addressee_domains = DomainsField(
        label=_("Domains of the addressee"),
        help_text=_("Whoever signs with an address there is warned that the addressee could see our mail."),
    )

    class Meta:
        model = Letter
        fields = SETTINGS
        labels = {
            "goal": _("Goal"),
            "opens_at": _("Takes signatures from (UTC)"),
            "closes_at": _("Takes signatures until (UTC)"),
            "reviewed": _("A moderator looks at each signature before it is published"),
            "asks_proof": _("The browser of every signer does a small calculation, against machines"),
            "ask_affiliation": _("Affiliation"),
            "ask_role": _("Role or profession"),
            "ask_country": _("Country"),
            "ask_comment": _("Why they sign"),
        }
        widgets = {
            name: forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
            for name in ("opens_at", "closes_at")
        }

    def __init__(self, letter: Letter, data: QueryDict | None = None) -> None:
        super().__init__(data, instance=letter, auto_id="set_%s", label_suffix="")
        for name in ("ask_affiliation", "ask_role", "ask_country", "ask_comment"):
            self.fields[name] = forms.ChoiceField(label=self.fields[name].label, choices=ASKS)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        opens, closes = cleaned.get("opens_at"), cleaned.get("closes_at")
        if opens and closes and closes <= opens:
            self.add_error("closes_at", _("It would close before it opens."))
        return cleaned


ASKS = [(Ask.OFF, _("not asked")), (Ask.OPTIONAL, _("optional")), (Ask.REQUIRED, _("required"))]


class WithdrawForm(forms.Form):
    reason = forms.CharField(
        label=_("Why it is withdrawn"),
        max_length=500,
        error_messages={"required": _("Write a sentence for those who have signed: it stands on the page.")},
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, auto_id="withdraw_%s", label_suffix="")
