"""The forms with which moderators decide about signatures and search them."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from letters.models import ReviewDecision
from letters.moderator.moderation.queries import HIGH_RISK, SOME_RISK, Burst, Criteria
from letters.shared.address_words import why_not
from letters.shared.addresses import MAX_TYPED_LENGTH, Address, NoAddress, parse_address

REASON_WANTED = _(
    "Enter a reason, so that other moderators understand your decision. We keep it, and never show it to the public."
)
# The concerns that a moderator can search for.
CONCERNS = {
    "disposable": _("Disposable email address"),
    "unproven": _("Signed without the browser check"),
    "bounced": _("Our email bounced"),
    "complained": _("Our email was reported as spam"),
    "changed": _("Changed by the signer"),
    "domain": _("One of very many from one domain"),
    "doubtful": _("Doubtful signals"),
    "reported": _("Reported by a reader"),
    "recheck": _("Taken off the list"),
}
VERBS = ("accept", "decline", "reject", "hide", "show", "restore", "undo")
WITH_A_REASON = {"decline", "reject", "hide"}


class ReviewForm(forms.Form):
    """A decision about signatures, with its reason: `action` for the selected ones, or a verb that names one signature.

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


class DecisionForm(forms.Form):
    """One decision of the queue: the name of the pressed button is the verb.

    `reject`, `decline` and `hide` hold a reason from the list. `undo` holds the handle of a decision.
    """

    item = forms.CharField(max_length=100, required=False)
    seen = forms.CharField(max_length=100, required=False)
    note = forms.CharField(max_length=500, required=False)
    accept = forms.CharField(max_length=10, required=False)
    hold = forms.CharField(max_length=10, required=False)
    ask = forms.CharField(max_length=10, required=False)
    restore = forms.CharField(max_length=10, required=False)
    reject = forms.CharField(max_length=20, required=False)
    decline = forms.CharField(max_length=20, required=False)
    hide = forms.CharField(max_length=20, required=False)
    show = forms.CharField(max_length=10, required=False)
    undo = forms.CharField(max_length=100, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        pressed = [verb for verb in (*VERBS, "hold", "ask") if cleaned.get(verb)]
        if len(pressed) != 1:
            raise ValidationError(_("Select what to do."), "no_verb")
        self.verb = pressed[0]
        self.code = cleaned[self.verb] if self.verb in WITH_A_REASON else ""
        if self.code == ReviewDecision.Reason.OTHER and not cleaned.get("note"):
            self.add_error("note", ValidationError(REASON_WANTED, "no_reason"))
        return cleaned

    def sentence(self) -> str:
        """Return the first error."""
        return next(str(error) for errors in self.errors.values() for error in errors)


class OpinionForm(forms.Form):
    """The form for the decision that another moderator would take."""

    opinion = forms.CharField(max_length=100)
    answer = forms.ChoiceField(choices=[("accept", ""), ("reject", "")])


class VerdictForm(forms.Form):
    """The form for a site moderator's decision about a disagreement."""

    opinion = forms.CharField(max_length=100)
    verdict = forms.ChoiceField(choices=[("right", ""), ("wrong", "")])


RISKS = [(0, _("Any")), (SOME_RISK, _("Some or high")), (HIGH_RISK, _("High"))]
STATES = [
    ("", _("Any")),
    ("waiting", _("Waiting")),
    ("published", _("Published")),
    ("rejected", _("Rejected")),
]
NO_TIME = _("Enter a date and time, for example 2026-03-05 17:30.")


class SearchForm(forms.Form):
    """The criteria of a search. Times are in the letter's time zone."""

    marks_optional = False

    q = forms.CharField(label=_("Name or affiliation"), max_length=200, required=False)
    letter = forms.CharField(label=_("Letter"), max_length=300, required=False)
    state = forms.ChoiceField(label=_("State"), choices=STATES, required=False)
    since = forms.DateTimeField(label=_("Confirmed from"), required=False, error_messages={"invalid": NO_TIME})
    before = forms.DateTimeField(label=_("Confirmed before"), required=False, error_messages={"invalid": NO_TIME})
    risk = forms.ChoiceField(label=_("Risk"), choices=RISKS, required=False)
    concern = forms.ChoiceField(label=_("Reason to review"), required=False)
    domain = forms.CharField(
        label=_("Confirmed domain"),
        max_length=253,
        required=False,
        help_text=_("The domain that the signer shows, for example example.edu."),
    )
    # A link beside a signature of the burst fills this in. Nobody types it.
    burst = forms.CharField(max_length=120, required=False, widget=forms.HiddenInput)

    def __init__(self, letters: Sequence[tuple[str, str]], data: QueryDict | None = None) -> None:
        """`letters` are the slugs and titles to choose from; without any, people type a letter's web address."""
        super().__init__(data, auto_id="find_%s", label_suffix="")
        for name in ("since", "before"):
            self.fields[name].widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        cast("forms.ChoiceField", self.fields["concern"]).choices = [("", _("Any")), *CONCERNS.items()]
        if letters:
            self.fields["letter"] = forms.ChoiceField(
                label=_("Letter"), choices=[("", _("All letters")), *letters], required=False
            )
        else:
            self.fields["letter"].help_text = _("Its web address. Leave this empty to search all letters by name.")

    def clean_letter(self) -> str:
        """Return the slug, also from a whole web address."""
        return str(self.cleaned_data["letter"]).strip().rstrip("/").rpartition("/")[2]

    def clean_since(self) -> datetime | None:
        return self._moment("since")

    def clean_before(self) -> datetime | None:
        return self._moment("before")

    def clean_domain(self) -> str:
        return str(self.cleaned_data["domain"]).strip().lower().removeprefix("@")

    def _moment(self, name: str) -> datetime | None:
        """Return the time as a clock showed it. Far years cannot be converted to another time zone."""
        moment: datetime | None = self.cleaned_data[name]
        if moment and not 2000 <= moment.year <= 2200:
            raise ValidationError(NO_TIME, "invalid")
        return moment.replace(tzinfo=None) if moment else None

    def criteria(self, zone: ZoneInfo | None, burst: Burst | None = None) -> Criteria:
        """Return the criteria, with times in the letter's zone."""
        found = self.cleaned_data
        return Criteria(
            words=found["q"],
            state=found["state"],
            since=_at(found["since"], zone, fold=0),
            before=_at(found["before"], zone, fold=1),
            risk=int(found["risk"] or 0),
            concern=found["concern"],
            domain=found["domain"],
            burst=burst,
        )


def _at(shown: datetime | None, zone: ZoneInfo | None, *, fold: int) -> datetime | None:
    """Return the moment. If clocks show this time twice, return the moment that finds more."""
    return shown.replace(tzinfo=zone or UTC, fold=fold) if shown else None


class AddressForm(forms.Form):
    """The form for a complete email address."""

    email = forms.CharField(label=_("Email address"), max_length=MAX_TYPED_LENGTH)

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, auto_id="address_%s", label_suffix="")
        self.fields["email"].widget = forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"})

    def clean_email(self) -> Address:
        try:
            return parse_address(self.cleaned_data["email"])
        except NoAddress as problem:
            raise ValidationError(why_not(problem.code), problem.code) from problem


class BulkForm(forms.Form):
    """The decision about all signatures that a search found."""

    marks_optional = False

    verb = forms.ChoiceField(
        label=_("Decision"),
        choices=[("reject", _("Reject all of them")), ("accept", _("Accept those that are waiting"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Select what to do."), "invalid_choice": _("Select what to do.")},
    )
    code = forms.ChoiceField(label=_("Reason for rejecting"), required=False)
    note = forms.CharField(
        label=_("Explain the reason"),
        max_length=500,
        required=False,
        help_text=_("Enter this if you select another reason. Do not include names: we keep this permanently."),
    )

    def __init__(self, reasons: Sequence[tuple[str, Any]], data: QueryDict | None = None) -> None:
        super().__init__(data, auto_id="bulk_%s", label_suffix="", initial={"verb": "reject"})
        choices = [("", _("Select a reason")), *reasons, (ReviewDecision.Reason.OTHER, _("Another reason"))]
        cast("forms.ChoiceField", self.fields["code"]).choices = choices

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("verb") == "accept":
            return {**cleaned, "code": "", "note": ""}
        if not cleaned.get("code") and "code" not in self.errors:
            self.add_error("code", ValidationError(REASON_WANTED, "no_reason"))
        elif cleaned.get("code") == ReviewDecision.Reason.OTHER and not cleaned.get("note"):
            self.add_error("note", ValidationError(REASON_WANTED, "no_reason"))
        return cleaned
