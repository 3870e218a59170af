"""The form with which an organisation signs, and the forms of the organizers' decisions."""

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from letters.models import Letter
from letters.moderator.organisations.operations import SubmittedOrganisation
from letters.moderator.organisations.websites import MAX_LENGTH, Website, read_website
from letters.shared.addresses import Address, read_address
from letters.shared.domains import domain_of, registrable
from letters.shared.typed_fields import AddressField, LineField

WEBSITE_WANTED = _("Enter the address of its website, such as example.org.")
ADDRESS_AS_NAME = _("This looks like an email address. Enter the name of the organisation here: everyone can read it.")


class OrganisationForm(forms.Form):
    """The form of a person who signs for an organisation."""

    name = LineField(
        label=_("Name of the organisation"),
        max_length=200,
        autocomplete="organization",
        error_messages={"required": _("Enter the name of the organisation.")},
        help_text=_("As it should appear in the list. Everyone can read it."),
    )
    website = forms.CharField(
        label=_("Its website"),
        max_length=MAX_LENGTH,
        help_text=_("Everyone can read it, and the list links to it."),
        widget=forms.TextInput(
            attrs={"inputmode": "url", "autocomplete": "url", "autocapitalize": "none", "spellcheck": "false"}
        ),
        error_messages={"required": WEBSITE_WANTED, "null_characters_not_allowed": WEBSITE_WANTED},
    )
    person = LineField(
        label=_("Your name"),
        max_length=200,
        autocomplete="name",
        error_messages={"required": _("Enter your name. Only the organizers read it.")},
        help_text=_("Only the organizers of the letter read it."),
    )
    role = LineField(
        label=_("Your role there"),
        max_length=200,
        autocomplete="organization-title",
        error_messages={"required": _("Enter your role in the organisation. Only the organizers read it.")},
        help_text=_("For example: director, press officer, member of the board. Only the organizers read it."),
    )
    email = AddressField(
        label=_("Your email address"),
        help_text=_(
            "We never show it. An address at the domain of the website verifies the organisation. With any "
            "other address, the organizers decide."
        ),
    )

    def __init__(self, letter: Letter, data: QueryDict | None = None) -> None:
        super().__init__(data, auto_id="organisation_%s", label_suffix="")
        self.letter = letter

    @property
    def text_seen(self) -> str:
        """Return the number of the text that the person saw: on a new form the current one, otherwise as submitted."""
        if self.is_bound:
            return str(self.data.get("text", ""))
        return str(self.letter.current_revision.number) if self.letter.current_revision else ""

    def clean_name(self) -> str:
        """Refuse an email address. Privacy: the name is public, addresses must never be."""
        name: str = self.cleaned_data["name"]
        if any(read_address(word) for word in name.split()):
            raise ValidationError(ADDRESS_AS_NAME, "address")
        return name

    def clean_website(self) -> Website:
        website = read_website(self.cleaned_data["website"])
        if website is None:
            raise ValidationError(WEBSITE_WANTED, "invalid")
        return website

    def submitted(self) -> SubmittedOrganisation:
        """Return the input for `sign_for_organisation`. The form must be valid."""
        data = self.cleaned_data
        website, address = cast("Website", data["website"]), cast("Address", data["email"])
        return SubmittedOrganisation(
            name=data["name"],
            website=website.url,
            domain=website.domain,
            person=data["person"],
            role=data["role"],
            address=address,
            address_domain=registrable(domain_of(address.deliverable)),
        )


class DecisionForm(forms.Form):
    """A decision about one organisation, with the note that is recorded."""

    because = forms.CharField(label=_("Note or reason"), max_length=500, required=False, strip=True)
    verb = forms.ChoiceField(choices=[("vouch", ""), ("reject", ""), ("restore", "")])

    def __init__(self, data: QueryDict | None = None, **more: Any) -> None:
        super().__init__(data, label_suffix="", **more)
