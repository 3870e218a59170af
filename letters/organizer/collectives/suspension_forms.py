"""Forms with which staff suspend someone in the admin, and end that."""

from typing import Any

from django import forms

from letters.models import Suspension, User
from letters.organizer.collectives.operations import why_not_suspended
from letters.shared.explaining import add_refusal
from letters.shared.refused import Refusal, Refused


class SuspensionForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """The form for a suspension. It finds accounts by their whole address, because addresses are encrypted."""

    email = forms.EmailField(required=False, label="Or an account, by its email address")

    class Meta:
        model = Suspension
        fields = ["collective", "reason"]
        help_texts = {"reason": "The people concerned read it in an email and on their pages. Write in their language."}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        email, collective = cleaned.get("email", ""), cleaned.get("collective")
        account = User.objects.filter(email__iexact=email).first() if email else None
        if bool(email) == bool(collective):
            self.add_error("collective", "Select a collective or enter an address, not both.")
        elif email and account is None:
            self.add_error("email", "Nobody has an account with this address.")
        elif collective and collective.suspended_at:
            add_refusal(self, Refused(Refusal.SUSPENDED_ALREADY))
        elif account and (refusal := why_not_suspended(account)):
            add_refusal(self, Refused(refusal))
        return {**cleaned, "account": account}


class EndSuspensionForm(forms.ModelForm):  # type: ignore[type-arg]
    """The form that ends a suspension."""

    end_reason = forms.CharField(
        max_length=1000,
        widget=forms.Textarea,
        label="Why it ends",
        help_text="Save to end the suspension. The people concerned read this in an email.",
        error_messages={"required": "Enter why you end the suspension."},
    )

    class Meta:
        model = Suspension
        fields = ["end_reason"]
