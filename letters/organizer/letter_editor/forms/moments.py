"""Dates and times in the time zone of a collective."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from letters.organizer.letter_editor.wall_clock import moments_of, shown_at


class MomentField(forms.DateTimeField):
    """A date and time, entered and shown in a time zone. The cleaned value is still naive: Moments converts it."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def __init__(self, zone: ZoneInfo, **options: Any) -> None:
        super().__init__(**options)
        self.zone = zone
        self.help_text = _("In the time zone of this letter: %(zone)s.") % {"zone": zone.key}

    def prepare_value(self, value: Any) -> Any:
        return shown_at(value, self.zone) if isinstance(value, datetime) and value.tzinfo else value

    def to_python(self, value: Any) -> datetime | None:
        moment = super().to_python(value)
        if moment and not 2000 <= moment.year <= 2200:
            # Near the ends of the calendar, conversion to another zone overflows.
            raise ValidationError(self.error_messages["invalid"], "invalid")
        return moment.replace(tzinfo=None) if moment else None


WHICH = [
    ("first", _("The earlier one, before the clocks go back")),
    ("second", _("The later one, after the clocks go back")),
]


class Moments(forms.BaseForm):
    """A form with moments in a time zone.

    It refuses an hour that is skipped, and asks which one for an hour that repeats.
    """

    def moments(self) -> dict[str, MomentField]:
        return {name: field for name, field in self.fields.items() if isinstance(field, MomentField)}

    def ask_where_needed(self) -> None:
        """Ask "which of the two?" for moments in an hour that repeats, and wherever the question was asked already."""
        for name, field in self.moments().items():
            stored = self.get_initial_for_field(field, name)
            both = moments_of(shown_at(stored, field.zone), field.zone) if stored else []
            if len(both) > 1 or f"{name}_which" in self.data:
                self._ask(name, "second" if stored and both[-1:] == [stored] else "first")

    def settle_moments(self, cleaned: dict[str, Any]) -> None:
        """Replace wall-clock times by moments."""
        for name, field in self.moments().items():
            shown = cleaned.get(name)
            if shown is None:
                continue
            moments = moments_of(shown, field.zone)
            which = self.data.get(f"{name}_which", "")
            if len(moments) > 1 and which not in dict(WHICH):
                self._ask(name, "")
                self.add_error(
                    name, _("The clocks go back that night, so this time occurs twice. Select which one you mean.")
                )
            elif not moments:
                self.add_error(
                    name, _("The clocks go forward that day, so this time does not exist. Choose another time.")
                )
            else:
                cleaned[name] = moments[-1] if which == "second" else moments[0]

    def _ask(self, name: str, initial: str) -> None:
        label = _("Which of the two times")
        self.fields[f"{name}_which"] = forms.ChoiceField(
            label=label, choices=WHICH, widget=forms.RadioSelect, required=False, initial=initial
        )
        names = [each for each in self.fields if each != f"{name}_which"]
        names.insert(names.index(name) + 1, f"{name}_which")
        self.order_fields(names)
