"""What an owner types about a collective, judged by shape alone."""

from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from letters.models import Collective, Membership
from letters.organizer.collectives.operations import DESCRIPTION
from letters.shared.address_words import why_not
from letters.shared.addresses import MAX_TYPED_LENGTH, Address, NoAddress, parse_address
from letters.shared.text import UnusableText, clean_line, looks_like_link

ROLES = [
    (Membership.Role.EDITOR, _("editor: writes and publishes")),
    (Membership.Role.MODERATOR, _("moderator: judges signatures")),
    (Membership.Role.OWNER, _("owner: decides everything")),
]


NAMES_A_LINK = _(
    "This looks like a web address or an email address, and our emails repeat this name. Enter a name without one. "
    "If it has full stops, put a space after each."
)


class Line(forms.CharField):
    """One line of text, of which something can be seen."""

    def to_python(self, value: Any) -> str:
        try:
            return clean_line(super().to_python(value) or "")
        except UnusableText as unusable:
            raise ValidationError(_("There is a character in it that cannot be shown."), "unusable") from unusable


class NameLine(Line):
    """A name that emails to strangers repeat: nothing in it may become a link there."""

    def to_python(self, value: Any) -> str:
        name = super().to_python(value)
        if looks_like_link(name):
            raise ValidationError(NAMES_A_LINK, "names_a_link")
        return name


@cache
def zones() -> list[str]:
    """The time zones by the name of a place; not the many old names that stand for the same."""
    places = {zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/"))}
    return ["UTC", *sorted(places)]


class CollectiveForm(forms.Form):
    """Who publishes letters."""

    name = NameLine(
        label=_("Name"),
        max_length=200,
        error_messages={"required": _("Write how the collective is called; a pseudonym will do.")},
        help_text=_("It stands under every letter. It may be a pseudonym; nobody behind it is named."),
    )
    slug = forms.SlugField(
        label=_("In addresses"),
        max_length=80,
        required=False,
        error_messages={"invalid": _("Letters from a to z, digits and hyphens only: night-train.")},
    )
    description = forms.CharField(
        label=_("Who you are, in your own words"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    website = forms.URLField(
        label=_("Your own page elsewhere"),
        max_length=200,
        required=False,
        assume_scheme="https",
        validators=[URLValidator(schemes=["http", "https"])],
        error_messages={"invalid": _("This is no address of a page. One looks like https://example.org.")},
    )
    timezone = forms.ChoiceField(
        label=_("Time zone"),
        help_text=_("In it you read and type times."),
        error_messages={"invalid_choice": _("There is no such time zone. Choose one of the list.")},
    )

    def __init__(self, data: QueryDict | None = None, *, collective: Collective | None = None) -> None:
        shown = {name: getattr(collective, name) for name in DESCRIPTION} if collective else {"timezone": "UTC"}
        super().__init__(data, auto_id="collective_%s", label_suffix="", initial=shown)
        known = zones() if shown["timezone"] in zones() else [shown["timezone"], *zones()]
        self.fields["timezone"].choices = [(zone, zone.replace("_", " ")) for zone in known]  # type: ignore[attr-defined]
        if collective:
            self.fields["slug"].required = True
            self.fields["slug"].help_text = _(
                "With another one, links to these pages stop working. Letters keep theirs."
            )
        else:
            self.fields["slug"].help_text = _("If you leave it empty, it is made of the name.")

    def clean_slug(self) -> str:
        return str(self.cleaned_data["slug"]).lower()


class InviteForm(forms.Form):
    """Whom to invite, and as what."""

    email = forms.CharField(
        label=_("Email"),
        max_length=MAX_TYPED_LENGTH,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Write the address of whom you invite.")},
    )
    role = forms.ChoiceField(
        label=_("As"), choices=ROLES, error_messages={"invalid_choice": _("There is no such part.")}
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
    """What teammates call somebody."""

    name = NameLine(
        label=_("What your teammates call you"),
        max_length=200,
        required=False,
        help_text=_("Only the members of your collectives see it, and whom you invite. Never the public."),
    )

    def __init__(self, data: QueryDict | None = None, *, name: str = "") -> None:
        super().__init__(data, auto_id="own_%s", label_suffix="", initial={"name": name})
