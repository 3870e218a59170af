"""Forms of a collective. They check only the shape of the input."""

from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from letters.models import Collective, Membership, User
from letters.organizer.collectives.operations import DESCRIPTION
from letters.shared.address_words import why_not
from letters.shared.addresses import MAX_TYPED_LENGTH, Address, NoAddress, parse_address
from letters.shared.text import UnusableText, clean_line, looks_like_link

ROLES = [
    (Membership.Role.EDITOR, _("editor: writes and publishes letters")),
    (Membership.Role.MODERATOR, _("moderator: reviews signatures")),
    (Membership.Role.OWNER, _("owner: can do everything")),
]


NAMES_A_LINK = _(
    "This looks like a web address or an email address, and our emails repeat this name. Enter a name without one. "
    "If it has full stops, put a space after each."
)


class Line(forms.CharField):
    """One line of text with at least one visible character."""

    def to_python(self, value: Any) -> str:
        try:
            return clean_line(super().to_python(value) or "")
        except UnusableText as unusable:
            raise ValidationError(
                _("This contains a character that we cannot show. Type it again."), "unusable"
            ) from unusable


class NameLine(Line):
    """A name that emails to strangers repeat. It must not look like a link."""

    def to_python(self, value: Any) -> str:
        name = super().to_python(value)
        if looks_like_link(name):
            raise ValidationError(NAMES_A_LINK, "names_a_link")
        return name


@cache
def zones() -> list[str]:
    """Return the time zones named after a place, without their many old aliases."""
    places = {zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/"))}
    return ["UTC", *sorted(places)]


class CollectiveForm(forms.Form):
    """A collective, which publishes letters."""

    name = NameLine(
        label=_("Name"),
        max_length=200,
        error_messages={"required": _("Enter the name of the collective. It can be a pseudonym.")},
        help_text=_("Shown with every letter. It can be a pseudonym. We never name the people behind it."),
    )
    slug = forms.SlugField(
        label=_("Name in web addresses"),
        max_length=80,
        required=False,
        error_messages={"invalid": _("Use only the letters a to z, numbers and hyphens, like night-train.")},
    )
    description = forms.CharField(
        label=_("Describe your collective"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    website = forms.URLField(
        label=_("Your website"),
        max_length=200,
        required=False,
        assume_scheme="https",
        validators=[URLValidator(schemes=["http", "https"])],
        error_messages={"invalid": _("Enter a web address, like https://example.org.")},
    )
    timezone = forms.ChoiceField(
        label=_("Time zone"),
        help_text=_(
            "We show times in this time zone, and you enter times in it. A letter that people can sign keeps the time "
            "zone that it has."
        ),
        error_messages={"invalid_choice": _("Select a time zone from the list.")},
    )

    def __init__(self, data: QueryDict | None = None, *, collective: Collective | None = None) -> None:
        shown = {name: getattr(collective, name) for name in DESCRIPTION} if collective else {"timezone": "UTC"}
        super().__init__(data, auto_id="collective_%s", label_suffix="", initial=shown)
        known = zones() if shown["timezone"] in zones() else [shown["timezone"], *zones()]
        self.fields["timezone"].choices = [(zone, zone.replace("_", " ")) for zone in known]  # type: ignore[attr-defined]
        if collective:
            self.fields["slug"].required = True
            self.fields["slug"].help_text = _(
                "If you change this, links to these pages stop working. Letters keep their addresses."
            )
        else:
            self.fields["slug"].help_text = _("If you leave this empty, we use the name of the collective.")

    def clean_slug(self) -> str:
        return str(self.cleaned_data["slug"]).lower()


class RepliesForm(forms.Form):
    """The form for the member who reads replies to the collective's emails."""

    replies = forms.ChoiceField(
        label=_("Replies to your emails"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Select who reads replies."), "invalid_choice": _("Select who reads replies.")},
    )

    def __init__(self, data: QueryDict | None = None, *, collective: Collective, owner: User) -> None:
        reader = collective.replies_to.user_id if collective.replies_to else None
        now = "nobody" if reader is None else "me" if reader == owner.pk else "another"
        super().__init__(data, auto_id="replies_%s", label_suffix="", initial={"replies": now})
        choices = [
            ("nobody", _("Nobody reads replies. Emails say so")),
            ("me", gettext("Replies go to {address}").format(address=owner.email)),
        ]
        if now == "another":
            choices.append(("another", _("Replies go to another owner, as now")))
        self.fields["replies"].choices = choices  # type: ignore[attr-defined]
        self.fields["replies"].help_text = _(
            "This applies to updates, invitations to sign first, and questions about a changed text. Everyone who "
            "gets such an email from “{collective}” sees your address, and people who reply show you theirs. To "
            "use a shared mailbox, invite it as an owner, and choose this with its account."
        ).format(collective=collective.name)


class InviteForm(forms.Form):
    """The person to invite, and their role."""

    email = forms.CharField(
        label=_("Email"),
        max_length=MAX_TYPED_LENGTH,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Enter the email address of the person you want to invite.")},
    )
    role = forms.ChoiceField(
        label=_("Role"), choices=ROLES, error_messages={"invalid_choice": _("Select a role from the list.")}
    )
    address: Address

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, auto_id="invite_%s", label_suffix="")

    def clean_email(self) -> str:
        try:
            self.address = parse_address(self.cleaned_data["email"])
        except NoAddress as problem:
            raise ValidationError(why_not(problem.code), problem.code) from problem
        return self.address.deliverable


class NameForm(forms.Form):
    """The name that other members see."""

    name = NameLine(
        label=_("Your name for other members"),
        max_length=200,
        required=False,
        help_text=_("Members of your collectives see it, and people you invite. It is never public."),
    )

    def __init__(self, data: QueryDict | None = None, *, name: str = "") -> None:
        super().__init__(data, auto_id="own_%s", label_suffix="", initial={"name": name})
