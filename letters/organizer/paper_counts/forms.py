from datetime import date

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from letters.models import PaperCount
from letters.organizer.paper_counts.operations import FIRST_YEAR, Counted
from letters.shared.typed_fields import LineField, WholeNumberField

OUT_OF_BOUNDS = _("Enter a number between 1 and 10,000,000.")


class PaperCountForm(forms.Form):
    """A number of signatures on paper."""

    number = WholeNumberField(
        label=_("Signatures on paper"),
        min_value=PaperCount.LEAST,
        max_value=PaperCount.MOST,
        error_messages={
            "required": _("Enter how many signatures there are on paper."),
            "invalid": _("Enter a whole number."),
            "min_value": OUT_OF_BOUNDS,
            "max_value": OUT_OF_BOUNDS,
        },
    )
    counted_on = forms.DateField(
        label=_("Counted on"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "required": _("Enter the day on which they were counted."),
            "invalid": _("Enter a date like 2025-03-31."),
        },
    )
    # Spoofing: the sentence around it says that we have not seen them, and nothing isolates it in the PDF.
    counted_by = LineField(
        label=_("Counted by"),
        max_length=200,
        autocomplete="off",
        help_text=_(
            "A person or a body, as readers see it: for example, “the works council”. Name people only if they agree."
        ),
        error_messages={"required": _("Enter who counted them.")},
    )
    kept_at = forms.CharField(
        label=_("Where the sheets are kept"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_(
            "Only members of your collective and moderators of this site read this. Do not enter names of people who "
            "signed."
        ),
    )

    def __init__(self, data: QueryDict | None = None, *, today: date, shown: PaperCount | None = None) -> None:
        initial: dict[str, object] = {"counted_on": today}
        if shown:
            initial = {name: getattr(shown, name) for name in self.base_fields}
        super().__init__(data, auto_id="paper_%s", label_suffix="", initial=initial)
        self.today = today

    def clean_counted_on(self) -> date:
        on: date = self.cleaned_data["counted_on"]
        if on > self.today:
            raise ValidationError(_("This day is in the future. Enter the number once they are counted."), "future")
        if on.year < FIRST_YEAR:
            raise ValidationError(_("Check the year."), "long_ago")
        return on

    def counted(self) -> Counted:
        """Return what was typed. The form must be valid."""
        return Counted(**self.cleaned_data)


class HideForm(forms.Form):
    """Why a moderator of the site hides a number."""

    because = forms.CharField(
        label=_("Why you hide it"),
        max_length=500,
        help_text=_("The organizers read this. Readers do not."),
        error_messages={"required": _("Enter why the number is not true.")},
    )

    def __init__(self, data: QueryDict | None = None, *, of: int) -> None:
        super().__init__(data, auto_id=f"hide_{of}_%s", label_suffix="")
