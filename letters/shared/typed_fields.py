"""Fields for what people type into forms: a line of text, a whole number, and an address."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from letters.shared.address_words import why_not
from letters.shared.addresses import MAX_TYPED_LENGTH, Address, NoAddress, parse_address
from letters.shared.text import UnusableText, clean_line

UNUSABLE = {
    "turns_direction": _(
        "This contains an invisible character that changes the direction of the text. Type it again by hand."
    ),
    "damaged": _("This contains damaged characters. Type it again by hand."),
}
ADDRESS_WANTED = _("Enter your email address. We send an email there, so that nobody else can sign in your name.")


class LineField(forms.Field):
    """One line of text, shown as typed."""

    def __init__(self, *, max_length: int, autocomplete: str, multiline: bool = False, **options: Any) -> None:
        attrs = {"maxlength": max_length, "autocomplete": autocomplete, "dir": "auto"}
        widget = forms.Textarea(attrs={**attrs, "rows": 3}) if multiline else forms.TextInput(attrs=attrs)
        super().__init__(widget=widget, **options)
        self.max_length = max_length

    def clean(self, value: str | None) -> str:
        # Denial of service: check the length first, because NFC composition of many accents takes quadratic time.
        self._refuse_longer(value or "", than=4 * self.max_length)
        try:
            line = clean_line(value or "")
        except UnusableText as problem:
            raise ValidationError(UNUSABLE[problem.code], problem.code) from problem
        if not line and self.required:
            raise ValidationError(self.error_messages["required"], "required")
        self._refuse_longer(line, than=self.max_length)
        return line

    def _refuse_longer(self, text: str, *, than: int) -> None:
        if len(text) > than:
            sentence = gettext("This has %(length)d characters. Shorten it to %(most)d or fewer.")
            raise ValidationError(sentence, "too_long", {"length": len(text), "most": self.max_length})


class WholeNumberField(forms.IntegerField):
    """A whole number. Trust: Django reads 12.000 as 12, but in much of Europe people mean twelve thousand."""

    def to_python(self, value: Any) -> int | None:
        if "." in str(value):
            raise ValidationError(self.error_messages["invalid"], "invalid")
        number: int | None = super().to_python(value)
        return number


class AddressField(forms.Field):
    """Field for an email address. The cleaned value is an Address."""

    def __init__(self, **options: Any) -> None:
        attrs = {"autocomplete": "email", "inputmode": "email", "autocapitalize": "none", "spellcheck": "false"}
        super().__init__(widget=forms.EmailInput(attrs={**attrs, "maxlength": MAX_TYPED_LENGTH}), **options)

    def clean(self, value: str | None) -> Address:
        if not (value or "").strip():
            raise ValidationError(ADDRESS_WANTED, "required")
        try:
            return parse_address(value or "")
        except NoAddress as problem:
            raise ValidationError(why_not(problem.code), problem.code) from problem
