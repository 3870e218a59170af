"""The admin only shows data. Operations make changes, from pages of their own.

Three exceptions: the switches, so that staff find them in an emergency (the same operation as `manage.py switch`), and
two actions that have no page: allowing a collective to publish, and allowing it to invite again.
"""

from typing import cast

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from letters.base.switches.operations import turn_switch
from letters.models import (
    AddresseeAnswer,
    AuditEvent,
    Collective,
    Letter,
    MemberInvitation,
    Membership,
    OutgoingEmail,
    Revision,
    Signature,
    StoppedDomain,
    Switch,
    Translation,
    Update,
    User,
)
from letters.organizer.collectives.operations import let_invite_again
from letters.organizer.letter_editor.operations import clear_collective


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    show_full_result_count = False  # Counting ten million rows takes seconds.
    list_per_page = 50

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Allow only the fields in list_filter.

        Privacy: ?name__startswith= and ?password__startswith= would reveal hidden values.
        """
        return lookup.partition("__")[0] in self.list_filter

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(ReadOnly):
    list_display = ["email", "name", "is_staff", "is_active", "joined_at"]
    search_fields = ["=email"]
    search_help_text = "Enter the whole email address. Addresses are encrypted, so you cannot search for part of one."
    fields = ["email", "name", "is_staff", "is_active", "is_superuser", "joined_at", "last_login"]


@admin.register(Collective)
class CollectiveAdmin(ReadOnly):
    """Staff can allow a collective to publish (with CLEAR_COLLECTIVES_FIRST), and to invite again after a stop."""

    list_display = ["name", "slug", "created_at", "cleared_at", "asked_to_invite_at"]
    list_filter = ["cleared_at", "asked_to_invite_at"]
    ordering = ["-created_at"]
    actions = ["clear", "let_invite"]

    @admin.action(description="Allow to publish", permissions=["view"])
    def clear(self, request: HttpRequest, chosen: QuerySet[Collective]) -> None:
        for collective in chosen:
            clear_collective(collective, by=cast("User", request.user), now=timezone.now())

    @admin.action(description="Allow to invite again", permissions=["view"])
    def let_invite(self, request: HttpRequest, chosen: QuerySet[Collective]) -> None:
        for collective in chosen:
            let_invite_again(collective, by=cast("User", request.user), now=timezone.now())


@admin.register(Membership)
class MembershipAdmin(ReadOnly):
    list_display = ["collective", "user", "role"]
    list_select_related = True


@admin.register(MemberInvitation)
class MemberInvitationAdmin(ReadOnly):
    """Privacy: without the address, its hash and the salt."""

    list_display = ["pk", "collective", "role", "created_at", "expires_at", "accepted_at", "revoked_at"]
    list_select_related = ["collective"]
    exclude = ["address", "address_hash", "salt"]


@admin.register(Letter)
class LetterAdmin(ReadOnly):
    list_display = ["slug", "collective", "status", "signature_count", "awaiting_confirmation", "version", "counted_at"]
    list_select_related = ["collective"]
    list_filter = ["status"]


@admin.register(Revision)
class RevisionAdmin(ReadOnly):
    list_display = ["letter", "number", "published_at", "note"]
    list_select_related = ["letter"]


@admin.register(Translation)
class TranslationAdmin(ReadOnly):
    list_display = ["title", "language", "revision"]
    list_select_related = ["revision"]
    exclude = ["html", "sha256"]


@admin.register(Signature)
class SignatureAdmin(ReadOnly):
    """Privacy: without the salt, the hash, and names that only the letter's organizers may see."""

    list_display = ["pk", "letter", "number", "public_name", "state", "concern", "verified", "signed_at"]
    list_select_related = ["letter"]
    list_filter = ["state", "concern"]
    fields = [
        "letter",
        "number",
        "public_name",
        "display",
        "state",
        "concern",
        "verified",
        "language",
        "signed_at",
        "confirmed_at",
    ]


@admin.register(OutgoingEmail)
class OutgoingEmailAdmin(ReadOnly):
    list_display = ["pk", "kind", "attempts", "next_attempt_at", "sent_at", "failed_at", "error"]
    exclude = ["key"]


@admin.register(StoppedDomain)
class StoppedDomainAdmin(ReadOnly):
    """Domains that we send few emails to for a while, because they refused most of them."""

    list_display = ["domain", "stopped_at", "until", "times", "refused", "tried"]
    ordering = ["-until"]


@admin.register(Update)
class UpdateAdmin(ReadOnly):
    list_display = ["pk", "letter", "title", "state", "recipients_total", "sent_count", "failed_count", "began_at"]
    list_select_related = ["letter"]


@admin.register(AddresseeAnswer)
class AddresseeAnswerAdmin(ReadOnly):
    list_display = ["pk", "letter", "respondent", "answered_on", "published_at"]
    list_select_related = ["letter"]


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnly):
    list_display = ["at", "actor", "verb", "object_kind", "object_id", "reason"]
    list_select_related = ["actor"]


class SwitchForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    reason = forms.CharField(required=False, help_text="Stored in the audit record.")

    class Meta:
        model = Switch
        fields = ["name", "is_on"]


@admin.register(Switch)
class SwitchAdmin(ReadOnly):
    form = SwitchForm
    list_display = ["name", "is_on", "changed_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.is_superuser

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return ["name"] if obj else []

    def save_model(self, request: HttpRequest, obj: Switch, form: SwitchForm, change: bool) -> None:
        by, reason = cast("User", request.user), form.cleaned_data["reason"]
        turn_switch(Switch.Name(obj.name), on=obj.is_on, by=by, now=timezone.now(), reason=reason)
        obj.pk = Switch.objects.get(name=obj.name).pk
