"""Limits that people who run the site can change in the admin, which is in English."""

from datetime import datetime
from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone

from letters.admin.read_only import ReadOnly
from letters.base.site_limits.operations import reset_limit, set_limit
from letters.base.site_limits.queries import BOUNDS, in_settings
from letters.models import SiteLimit, User


class SiteLimitForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    reason = forms.CharField(max_length=300, help_text="Stored in the audit record.")
    is_reset = forms.BooleanField(label="Use the setting again", required=False)

    class Meta:
        model = SiteLimit
        fields = ["name", "value", "until"]
        help_texts = {
            "value": "Of a rate, only the number. The time is that of the setting.",
            "until": f"In {settings.TIME_ZONE}. The setting applies again from then on. Empty: until someone ends it.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.pk:
            del self.fields["is_reset"]

    def clean_value(self) -> int:
        value: int = self.cleaned_data["value"]
        name = self.instance.name or self.cleaned_data.get("name")
        least, most = BOUNDS[SiteLimit.Name(name)] if name else (0, value)
        if not least <= value <= most:
            raise ValidationError(f"Enter a number between {least} and {most}.", "out_of_bounds")
        return value

    def clean_until(self) -> datetime | None:
        until: datetime | None = self.cleaned_data["until"]
        if until and until <= timezone.now() and not self.cleaned_data.get("is_reset"):
            raise ValidationError("Enter a time in the future.", "end_is_past")
        return until


@admin.register(SiteLimit)
class SiteLimitAdmin(ReadOnly):
    """A limit without a row, or after its end, is that of the settings."""

    form = SiteLimitForm
    list_display = ["name", "value", "setting", "until", "applies", "changed_at"]
    ordering = ["name"]

    @admin.display(description="Setting")
    def setting(self, limit: SiteLimit) -> str:
        return in_settings(SiteLimit.Name(limit.name))

    @admin.display(description="In use", boolean=True)
    def applies(self, limit: SiteLimit) -> bool:
        return limit.applies(timezone.now())

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.is_superuser

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        # The form reads "is_reset" before "until": a limit that has ended can be reset, although its end is past.
        return (
            ["name", "setting", "value", "is_reset", "until", "reason"] if obj else ["name", "value", "until", "reason"]
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return ["name", "setting"] if obj else []

    def save_model(self, request: HttpRequest, obj: SiteLimit, form: SiteLimitForm, change: bool) -> None:
        about: dict[str, Any] = {"by": cast("User", request.user), "now": timezone.now()}
        about["reason"] = form.cleaned_data["reason"]
        if form.cleaned_data.get("is_reset"):
            reset_limit(SiteLimit.Name(obj.name), **about)
            return
        obj.pk = set_limit(SiteLimit.Name(obj.name), obj.value, until=obj.until, **about).pk
