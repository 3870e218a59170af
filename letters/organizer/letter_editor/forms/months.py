"""The fields that say for how many months data about signers is kept."""

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from letters.models import Letter
from letters.shared.typed_fields import WholeNumberField


def fields_of_months() -> dict[str, forms.Field]:
    """Return the fields, with the bounds of the site. A form that was open before they existed changes nothing."""
    addresses = WholeNumberField(
        label=_("Months until addresses are deleted"),
        help_text=_(
            "From 1 to %(most)s. They count from the day on which the letter ends. The addresses of people who agreed "
            "to updates stay longer. Once people can sign, you can only lower these numbers, because signers have "
            "read them."
        )
        % {"most": settings.KEEP_ADDRESSES_MONTHS_MOST},
        min_value=1,
        max_value=settings.KEEP_ADDRESSES_MONTHS_MOST,
        required=False,
    )
    everything = WholeNumberField(
        label=_("Months until everything else is deleted"),
        help_text=_(
            "From 1 to %(most)s. Then we delete all addresses, the names that only you see, and comments that are not "
            "public. Nobody gets updates any more, and the letter is closed for good. We email you a month before."
        )
        % {"most": settings.KEEP_DATA_MONTHS_MOST},
        min_value=1,
        max_value=settings.KEEP_DATA_MONTHS_MOST,
        required=False,
    )
    return {"keep_addresses": addresses, "keep_data": everything}


def chosen_months(typed: int | None, letter: Letter, name: str) -> int | None:
    """Return what to store. A letter for which nobody chose a number has that of the site until it is public."""
    stored: int | None = getattr(letter, name)
    shown = letter.months_of_addresses if name == "keep_addresses" else letter.months_of_data
    return stored if typed in {None, shown} else typed
