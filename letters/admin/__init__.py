"""The admin only shows data. Operations make changes, from pages of their own.

Exceptions: the switches and the limits, so that staff find them in an emergency (the same operations as elsewhere), the
pages of the site (imprint, rules …), the site's lists, and actions that have no page: allowing a collective to publish
or to invite again, and choosing who moderates the site.
"""

from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from letters.admin.read_only import ReadOnly, ReadOnlyNewest
from letters.admin.site_limits import SiteLimitAdmin
from letters.base.site_lists.operations import add_list_entries, may_change_lists, remove_list_entry
from letters.base.site_pages.forms import SitePageForm, first_values
from letters.base.site_pages.operations import save_site_page
from letters.base.site_pages.queries import states_of_pages
from letters.base.switches.operations import turn_switch
from letters.models import (
    AddresseeAnswer,
    AuditEvent,
    Collective,
    Letter,
    MemberInvitation,
    Membership,
    OutgoingEmail,
    RejectionReason,
    Revision,
    Signature,
    SiteListEntry,
    SitePage,
    StoppedDomain,
    Suspension,
    Switch,
    Translation,
    Update,
    User,
)
from letters.moderator.moderation.admin_forms import RejectionReasonForm, fields_by_language
from letters.moderator.moderation.operations import ReasonWords, set_reason, set_site_moderator
from letters.moderator.signals.forms import ListEntriesForm
from letters.moderator.site_notes.admin_links import private_notes
from letters.organizer.collectives.operations import (
    end_suspension,
    let_invite_again,
    suspend_account,
    suspend_collective,
)
from letters.organizer.collectives.suspension_forms import EndSuspensionForm, SuspensionForm
from letters.organizer.letter_editor.operations import clear_collective

# Importing this module registers SiteLimitAdmin.
__all__ = ["SiteLimitAdmin"]


@admin.register(User)
class UserAdmin(ReadOnly):
    list_display = ["email", "name", "is_staff", "moderates_site", "is_active", "suspended_at", private_notes]
    list_filter = ["moderates_site"]
    actions = ["make_moderator", "end_moderator"]
    search_fields = ["=email"]
    search_help_text = "Enter the whole email address. Addresses are encrypted, so you cannot search for part of one."
    fields = ["email", "name", "is_staff", "moderates_site", "is_active", "suspended_at", "is_superuser", "joined_at"]
    fields += ["last_login"]

    def has_superuser_permission(self, request: HttpRequest) -> bool:
        return cast("User", request.user).is_superuser

    @admin.action(description="Make them site moderators", permissions=["superuser"])
    def make_moderator(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        for person in chosen:
            set_site_moderator(person, on=True, by=cast("User", request.user), now=timezone.now())

    @admin.action(description="Take the role of site moderator from them", permissions=["superuser"])
    def end_moderator(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        for person in chosen:
            set_site_moderator(person, on=False, by=cast("User", request.user), now=timezone.now())


@admin.register(Collective)
class CollectiveAdmin(ReadOnly):
    """Staff can allow a collective to publish (with CLEAR_COLLECTIVES_FIRST), and to invite again after a stop."""

    list_display = ["name", "slug", "created_at", "cleared_at", "asked_to_invite_at", "suspended_at", private_notes]
    list_filter = ["cleared_at", "asked_to_invite_at"]
    ordering = ["-created_at"]
    actions = ["clear", "let_invite"]

    @admin.action(description="Allow them to publish", permissions=["view"])
    def clear(self, request: HttpRequest, chosen: QuerySet[Collective]) -> None:
        for collective in chosen:
            clear_collective(collective, by=cast("User", request.user), now=timezone.now())

    @admin.action(description="Allow them to invite again", permissions=["view"])
    def let_invite(self, request: HttpRequest, chosen: QuerySet[Collective]) -> None:
        for collective in chosen:
            let_invite_again(collective, by=cast("User", request.user), now=timezone.now())


@admin.register(Membership)
class MembershipAdmin(ReadOnly):
    list_display = ["collective", "user", "role"]
    list_select_related = True


@admin.register(MemberInvitation)
class MemberInvitationAdmin(ReadOnly):
    """Privacy: these pages show neither the address nor its hash and salt."""

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
class SignatureAdmin(ReadOnlyNewest):
    """Privacy: these pages show neither the salt, the hash, nor names that only the letter's organizers may see."""

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
class OutgoingEmailAdmin(ReadOnlyNewest):
    list_display = ["pk", "kind", "attempts", "next_attempt_at", "sent_at", "failed_at", "error"]
    exclude = ["key"]


@admin.register(StoppedDomain)
class StoppedDomainAdmin(ReadOnly):
    """Domains to which we send few emails for a while, because they refused most of our emails."""

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
class AuditEventAdmin(ReadOnlyNewest):
    list_display = ["at", "actor", "verb", "object_kind", "object_id", "reason"]
    list_select_related = ["actor"]


class ListAdmin(ReadOnly):
    """A list that superusers, and staff who moderate the site, can read and change."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may_change_lists(cast("User", request.user))

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may_change_lists(cast("User", request.user))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may_change_lists(cast("User", request.user))


@admin.register(SiteListEntry)
class SiteListEntryAdmin(ListAdmin):
    """The entries that staff added to the site's lists, or removed from them."""

    list_display = ["text", "list", "what", "language", "meant", "added_at"]
    list_filter = ["list", "is_removed", "language"]
    search_fields = ["text", "meant"]
    ordering = ["list", "text"]

    @admin.display(description="What")
    def what(self, entry: SiteListEntry) -> str:
        return "Removed" if entry.is_removed else "Added"

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may_change_lists(cast("User", request.user))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:
        return super().get_form(request, obj, change, **options) if obj else ListEntriesForm

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ["list", "is_removed", "entries", "language", "reason"]
        return ["list", "text", "language", "meant", "is_removed", "added_at"]

    def save_model(self, request: HttpRequest, obj: SiteListEntry, form: ListEntriesForm, change: bool) -> None:
        by, reason = cast("User", request.user), form.cleaned_data["reason"]
        added = add_list_entries(form.found, by=by, now=timezone.now(), reason=reason)
        first = form.found[0]
        stored = SiteListEntry.objects.get(list=first.list, text=first.text)
        obj.pk, obj.text = stored.pk, f"{added} of {len(form.found)} entries"

    def delete_model(self, request: HttpRequest, obj: SiteListEntry) -> None:
        remove_list_entry(obj, by=cast("User", request.user), now=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[SiteListEntry]) -> None:
        for entry in queryset:
            self.delete_model(request, entry)


@admin.register(RejectionReason)
class RejectionReasonAdmin(ListAdmin):
    """The reasons that moderators can choose. New words make a new row, because decisions keep the old ones."""

    form = RejectionReasonForm
    list_display = ["code", "__str__", "position", "added_at", "retired_at"]
    list_filter = ["code"]
    ordering = ["-retired_at", "position", "code", "-pk"]
    # Of words that nobody can change any more.
    fields = ("code", "labels", "sentences", "position", "added_at", "retired_at")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        is_old = (
            isinstance(obj, RejectionReason) and RejectionReason.objects.filter(code=obj.code, pk__gt=obj.pk).exists()
        )
        return not is_old and may_change_lists(cast("User", request.user))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj and not self.has_change_permission(request, obj):
            return super().get_fieldsets(request, obj)
        return fields_by_language(request.headers.get("Accept-Language", ""), obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["code"] if obj else []

    def save_model(self, request: HttpRequest, obj: RejectionReason, form: RejectionReasonForm, change: bool) -> None:
        by, given = cast("User", request.user), form.cleaned_data
        stored = set_reason(
            obj.code,
            ReasonWords(form.words("label"), form.words("sentence")),
            position=given["position"],
            is_retired=given["is_retired"],
            by=by,
            now=timezone.now(),
        )
        obj.pk, obj.labels, obj.sentences = stored.pk, stored.labels, stored.sentences


class SwitchForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    reason = forms.CharField(required=False, help_text="Stored in the audit record.")

    class Meta:
        model = Switch
        fields = ["name", "is_on", "until"]


@admin.register(Switch)
class SwitchAdmin(ReadOnly):
    form = SwitchForm
    list_display = ["name", "is_on", "until", "changed_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.is_superuser

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return ["name"] if obj else []

    def save_model(self, request: HttpRequest, obj: Switch, form: SwitchForm, change: bool) -> None:
        by, reason = cast("User", request.user), form.cleaned_data["reason"]
        name = Switch.Name(obj.name)
        turn_switch(name, on=obj.is_on, until=obj.until, by=by, now=timezone.now(), reason=reason)
        obj.pk = Switch.objects.get(name=obj.name).pk


@admin.register(SitePage)
class SitePageAdmin(ReadOnly):
    """Versions are kept: changing a page adds a version."""

    form = SitePageForm
    list_display = ["name", "language", "number", "saved_at", "saved_by"]
    list_select_related = ["saved_by"]
    list_filter = ["name", "language"]
    ordering = ["-saved_at"]
    fields = ("name", "language", "markdown", "based_on")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        return ["name", "language", "number", "markdown", "saved_at", "saved_by"] if obj else [*self.fields]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        name, language = request.GET.get("name", ""), request.GET.get("language", settings.LANGUAGE_CODE)
        return first_values(name, language) if name in SitePage.Name.values else {"language": language}

    def save_model(self, request: HttpRequest, obj: SitePage, form: SitePageForm, change: bool) -> None:
        saved = save_site_page(
            SitePage.Name(obj.name),
            obj.language,
            markdown=obj.markdown,
            based_on=obj.number - 1,
            by=cast("User", request.user),
            now=timezone.now(),
        )
        obj.pk, obj.saved_at, obj.saved_by = saved.pk, saved.saved_at, saved.saved_by

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(
            request, {**(extra_context or {}), "title": "Pages of the site", "pages": states_of_pages()}
        )


@admin.register(Suspension)
class SuspensionAdmin(ReadOnly):
    """Add a suspension to suspend someone. Enter the reason of its end to end it."""

    list_display = ["__str__", "collective", "account", "began_at", "ended_at", "reason", private_notes]
    # Performance: a list to select from would name every collective.
    raw_id_fields = ["collective"]
    list_select_related = ["collective", "account"]
    ordering = ["-began_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.is_superuser and (not isinstance(obj, Suspension) or obj.ended_at is None)

    def get_form(self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **kwargs, form=EndSuspensionForm if obj else SuspensionForm)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        told = ["collective", "account", "reason", "began_at", "began_by", "told_at", "ended_at", "ended_by"]
        return [*told, "end_reason"] if obj else ["collective", "email", "reason"]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return self.get_fields(request, obj)[:-1] if obj else []

    def save_model(self, request: HttpRequest, obj: Suspension, form: Any, change: bool) -> None:
        about: dict[str, Any] = {"by": cast("User", request.user), "now": timezone.now()}
        if change:
            end_suspension(Suspension.objects.get(pk=obj.pk), reason=form.cleaned_data["end_reason"], **about)
            return
        reason, account = form.cleaned_data["reason"], form.cleaned_data["account"]
        if account:
            obj.pk = suspend_account(account, reason=reason, **about).pk
        else:
            obj.pk = suspend_collective(form.cleaned_data["collective"], reason=reason, **about).pk
