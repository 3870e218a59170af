"""The choice of who may see a name."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from letters.models import Display

HINTS: Mapping[str, str | Promise] = {
    Display.PUBLIC: _("It appears under the letter. Anyone can copy it, and we cannot recall copies."),
    Display.ORGANIZERS: _("The public sees “name withheld”."),
    Display.NOBODY: _("You are counted without a name. We delete your email address when you confirm."),
}
HIDES_AT_ONCE = _("You stay in the count, without a name. We delete your name and your email address.")


class DisplayChoices(forms.RadioSelect):
    """Radio buttons for who may see a name, each with a hint."""

    hints = HINTS

    def hides_at_once(self) -> None:
        """Say what happens to a signer who has confirmed already."""
        self.hints = {**HINTS, Display.NOBODY: HIDES_AT_ONCE}

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return {**super().create_option(name, value, *args, **kwargs), "hint": self.hints.get(value, "")}
