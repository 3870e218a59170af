"""The field in which people type a code."""

from typing import Any

from django.utils.functional import Promise


class AsksForCode:
    """A form of allauth's with a `code`: with our label, and a number keyboard on phones."""

    fields: dict[str, Any]
    code_label: str | Promise

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        code = self.fields["code"]
        code.label = self.code_label
        code.widget.attrs |= {"inputmode": "numeric", "autocomplete": "one-time-code"}
