"""What an organizer types, judged by shape alone."""

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.http import QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from letters.models import Ask, Display, Letter, Revision, Translation
from letters.organizer.collectives.forms import NAMES_A_LINK
from letters.organizer.letter_editor.operations import SETTINGS, Text
from letters.shared.languages import direction, language_choices
from letters.shared.text import looks_like_link
from letters.shared.too_complex import problem_of
from letters.shared.wall_clock import moments_of, shown_at

TITLE_WANTED = _("Enter a title.")
ADDRESSEE_WANTED = _("Enter who the letter is addressed to.")
BODY_WANTED = _("Enter the text of the letter. A few lines are enough for now: you can change them until you publish.")
LANGUAGE_WANTED = _("Select a language from the list.")
SLUG = re.compile(r"\A[a-z0-9]+(-[a-z0-9]+)*\Z")
DOMAIN = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")


class TextForm(forms.Form):
    """The text of a letter in one language."""

    addressee = forms.CharField(
        label=_("Delivered to"),
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
            "Leave an empty line between paragraphs. You can use **bold**, *italic*, ## headings, lists, "
            "tables and footnotes[^1]."
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
        """What was typed. The form must be valid."""
        typed = {name: self.cleaned_data[name] for name in ("title", "addressee", "body", "summary")}
        return Text(language=language, **typed)


class StartForm(TextForm):
    """The start page: the text, who writes it, and in which language."""

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

    def __init__(self, data: QueryDict | None = None, *, language: str = "") -> None:
        super().__init__(data)
        self.fields["language"].choices = language_choices(get_language() or "")  # type: ignore[attr-defined]
        self.initial["language"] = language
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
            raise ValidationError(
                _("“%(word)s” is not a domain. Enter one like example.org."), "invalid", {"word": wrong}
            )
        return list(dict.fromkeys(found))


class MomentField(forms.DateTimeField):
    """A moment, typed and shown as the clock of a zone shows it. Cleaned, it still has no zone: see Moments."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def __init__(self, zone: ZoneInfo, **options: Any) -> None:
        super().__init__(**options)
        self.zone = zone
        self.help_text = _("In the time zone of your collective: %(zone)s.") % {"zone": zone.key}

    def prepare_value(self, value: Any) -> Any:
        return shown_at(value, self.zone) if isinstance(value, datetime) and value.tzinfo else value

    def to_python(self, value: Any) -> datetime | None:
        found = super().to_python(value)
        if found and not 2000 <= found.year <= 2200:
            # At the ends of the calendar there is no moment in another zone.
            raise ValidationError(self.error_messages["invalid"], "invalid")
        return found.replace(tzinfo=None) if found else None


WHICH = [
    ("first", _("The earlier one, before the clocks go back")),
    ("second", _("The later one, after the clocks go back")),
]


class Moments(forms.BaseForm):
    """A form with moments in a zone: an hour that is skipped is refused, of one that comes twice it asks which."""

    def moments(self) -> dict[str, MomentField]:
        return {name: field for name, field in self.fields.items() if isinstance(field, MomentField)}

    def ask_where_needed(self) -> None:
        """For moments that were answered for already, or that stand in an hour that comes twice."""
        for name, field in self.moments().items():
            stands = self.get_initial_for_field(field, name)
            both = moments_of(shown_at(stands, field.zone), field.zone) if stands else []
            if len(both) > 1 or f"{name}_which" in self.data:
                self._ask(name, "second" if stands and both[-1:] == [stands] else "first")

    def settle_moments(self, cleaned: dict[str, Any]) -> None:
        """Put moments in the place of what a clock shows."""
        for name, field in self.moments().items():
            shown = cleaned.get(name)
            if shown is None:
                continue
            found = moments_of(shown, field.zone)
            which = self.data.get(f"{name}_which", "")
            if len(found) > 1 and which not in dict(WHICH):
                self._ask(name, "")
                self.add_error(
                    name, _("The clocks go back that night, so this time comes twice. Select which one you mean.")
                )
            elif not found:
                self.add_error(
                    name, _("The clocks go forward that day, so this time does not exist. Choose another time.")
                )
            else:
                cleaned[name] = found[-1] if which == "second" else found[0]

    def _ask(self, name: str, initial: str) -> None:
        label = _("Which of the two times")
        self.fields[f"{name}_which"] = forms.ChoiceField(
            label=label, choices=WHICH, widget=forms.RadioSelect, required=False, initial=initial
        )
        names = [each for each in self.fields if each != f"{name}_which"]
        names.insert(names.index(name) + 1, f"{name}_which")
        self.order_fields(names)


class SettingsForm(Moments, forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """What the signing form asks, and until when."""

    displays = forms.MultipleChoiceField(
        label=_("What signers can choose"),
        choices=Display.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Select at least one choice for signers.")},
    )
    domains = DomainsField(
        label=_("Limit to email domains"), help_text=_("One per line. Leave this empty to allow any address.")
    )
    addressee_domains = DomainsField(
        label=_("Email domains of the addressee"),
        help_text=_(
            "We warn people who sign with an address at one of these domains that the addressee could see our email."
        ),
    )

    class Meta:
        model = Letter
        fields = SETTINGS
        labels = {
            "goal": _("Goal"),
            "reviewed": _("Review each signature before it is published"),
            "asks_proof": _("Block automated signatures (the browser of each signer runs a short check)"),
            "ask_affiliation": _("Affiliation"),
            "ask_role": _("Role or profession"),
            "ask_country": _("Country"),
            "ask_comment": _("Why they sign"),
        }

    def __init__(self, letter: Letter, data: QueryDict | None = None, *, zone: ZoneInfo) -> None:
        super().__init__(data, instance=letter, auto_id="set_%s", label_suffix="")
        for name in ("ask_affiliation", "ask_role", "ask_country", "ask_comment"):
            self.fields[name] = forms.ChoiceField(label=self.fields[name].label, choices=ASKS)
        for name, label in {
            "opens_at": _("Open for signatures from"),
            "closes_at": _("Open for signatures until"),
        }.items():
            self.fields[name] = MomentField(zone, label=label, required=False)
        self.ask_where_needed()

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        self.settle_moments(cleaned)
        opens, closes = cleaned.get("opens_at"), cleaned.get("closes_at")
        if opens and closes and closes <= opens:
            self.add_error("closes_at", _("The letter must close after it opens. Change one of the dates."))
        return cleaned


ASKS = [(Ask.OFF, _("not asked")), (Ask.OPTIONAL, _("optional")), (Ask.REQUIRED, _("required"))]


class WithdrawForm(forms.Form):
    """Why, and the last part of the letter's address typed once more."""

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


class ScheduleForm(Moments, forms.Form):
    """When the clock publishes the letter."""

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
    """What is new in a text that readers know already."""

    kind = forms.ChoiceField(
        label=_("Kind of change"),
        choices=[
            (Revision.Kind.CORRECTION, _("A correction: the letter says the same as before")),
            (Revision.Kind.SUBSTANCE, _("A change of substance: the letter says something different")),
        ],
        help_text=_("A correction can change up to 5 % of the words, but not the addressee, the title or a picture."),
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

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, auto_id="revision_%s", label_suffix="")


class AddressForm(forms.Form):
    """Where the letter stands."""

    slug = forms.CharField(
        label=_("Web address"),
        max_length=80,
        validators=[
            RegexValidator(SLUG, _("Use only lower-case letters, numbers and hyphens, like keep-the-night-trains."))
        ],
        error_messages={"required": _("Enter a web address.")},
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, letter: Letter, data: QueryDict | None = None) -> None:
        super().__init__(data, auto_id="address_%s", label_suffix="", initial={"slug": letter.slug})
