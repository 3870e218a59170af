from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

REASON_WANTED = _(
    "Enter a reason, so that other moderators understand your decision. We keep it, and never show it to the public."
)
VERBS = ("accept", "decline", "reject", "restore")
WITH_A_REASON = {"decline", "reject"}


class ReviewForm(forms.Form):
    """A decision about signatures and its reason: `action` for the selected ones, or one verb with one signature.

    The form names signatures by handles. `id_of` returns the id for a handle, or None.
    """

    ticked = forms.Field(required=False, widget=forms.SelectMultiple)
    seen = forms.Field(required=False, widget=forms.SelectMultiple)
    reason = forms.CharField(
        label=_("Reason for rejecting"),
        max_length=500,
        required=False,
        help_text=_("Do not include names: we keep this permanently."),
        widget=forms.TextInput(attrs={"list": "reasons"}),
    )
    # Whether a reason is needed depends on the button.
    marks_optional = False

    def __init__(self, id_of: Callable[[str], int | None], data: QueryDict | None = None) -> None:
        super().__init__(data, auto_id="%s", label_suffix="")
        self.id_of = id_of
        self.verb = ""
        self.ids: list[int] = []
        # The handle of the one signature whose reason is missing.
        self.wrong_row = ""
        # The fingerprint of each signature on the page, by id: a moderator must
        # not accept words that they have not seen.
        self.marks: dict[int, str] = {}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        alone = [verb for verb in VERBS if self.data.get(verb)]
        self.verb = alone[0] if alone else str(self.data.get("action", ""))
        handle = str(self.data[self.verb]) if alone else ""
        self.ids = self._ids([handle] if alone else cleaned["ticked"] or [])
        pairs = [text.partition(":")[::2] for text in cleaned["seen"] or []]
        self.marks = {each: mark for text, mark in pairs for each in self._ids([text])}
        if self.verb not in VERBS:
            raise ValidationError(_("Select what to do."), "no_verb")
        if not self.ids:
            raise ValidationError(_("Select at least one signature."), "nothing_ticked")
        if self.verb in WITH_A_REASON:
            self._clean_reason(cleaned, handle)
        return cleaned

    def _clean_reason(self, cleaned: dict[str, Any], handle: str) -> None:
        """Take the reason beside the signature, or else the one for all that are selected."""
        name = f"reason-{handle}" if handle else "reason"
        # Added only now, because a handle is known only when its button was pressed.
        self.fields[name] = self.fields["reason"]
        wrong = ValidationError(REASON_WANTED, "no_reason")
        try:
            beside = self.fields[name].clean(self.data.get(name)) if handle else ""
            cleaned["reason"] = beside or cleaned.get("reason", "")
        except ValidationError as unusable:
            cleaned["reason"], wrong = "", unusable
        if not cleaned["reason"]:
            self.wrong_row = handle
            self.add_error(name, wrong)

    def _ids(self, handles: list[str]) -> list[int]:
        # An unknown handle names no signature, and is ignored.
        return [signature_id for handle in handles if (signature_id := self.id_of(handle)) is not None]
