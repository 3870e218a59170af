from datetime import date

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from letters.organizer.letter_delivery.operations import Delivered
from letters.shared.typed_fields import WholeNumberField


class LetterDeliveryForm(forms.Form):
    """The date, the recipient and the number of signatures of a delivery."""

    on = forms.DateField(
        label=_("Date"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "required": _("Enter the date of the delivery."),
            "invalid": _("Enter a date like 2025-03-31."),
        },
    )
    to = forms.CharField(
        label=_("Delivered to"),
        max_length=200,
        error_messages={"required": _("Enter who you delivered it to.")},
        help_text=_("For example, “the office of the minister of transport”."),
    )
    signature_count = WholeNumberField(
        label=_("Number of signatures"),
        min_value=0,
        max_value=2**31 - 1,
        error_messages={"required": _("Enter the number of signatures."), "invalid": _("Enter a whole number.")},
    )
    note = forms.CharField(
        label=_("Details"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("One or two sentences, for example how you delivered it or what was said."),
    )

    def __init__(self, data: QueryDict | None = None, *, today: date, signature_count: int | None) -> None:
        initial = {"on": today, "signature_count": signature_count}
        super().__init__(data, auto_id="handover_%s", label_suffix="", initial=initial)
        self.today = today

    def clean_on(self) -> date:
        on: date = self.cleaned_data["on"]
        if on > self.today:
            raise ValidationError(_("This date is in the future. Record the delivery once it is done."), "future")
        if on.year < 2000:
            raise ValidationError(_("Check the year."), "long_ago")
        return on

    def delivered(self) -> Delivered:
        """Return what was typed. The form must be valid."""
        return Delivered(**self.cleaned_data)
