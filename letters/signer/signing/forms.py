"""Forms for signing, changing a signature, links and codes. They check the shape of the input, and never who signed."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from letters.base.site_lists.queries import is_throwaway, meant_by
from letters.models import (
    ACTIVE,
    COMMENT_FOR_EVERYONE,
    CONFIRMED_OR_SEALED,
    PRIVATE_TO_PUBLIC,
    Ask,
    Display,
    Letter,
    Signature,
)
from letters.shared.addresses import Address, decrypt, read_address
from letters.shared.codes import MAX_CHARACTERS, read_code
from letters.shared.domains import PRIVATE, PRIVATE_BY_NAME, domain_of, match_domain
from letters.shared.odd_names import has_link, has_numerals
from letters.shared.quick_forms import copies_quickly
from letters.shared.typed_fields import AddressField, LineField
from letters.signer.signing.comment_words import AS_CHOSEN, FOR_EVERYONE, FOR_ORGANIZERS, SHOW_COMMENT
from letters.signer.signing.display_choices import DisplayChoices
from letters.signer.signing.fields import CountryField, CountrySelect, country_choices
from letters.signer.signing.operations import Changes, SubmittedForm

SHOW_DOMAIN = _("Show the domain of my email address: “confirmed at %(domain)s”")
NAME_WANTED = _("Enter your name.")
MISTYPED = _("Did you mean %(meant)s?")
EXPOSED = _(
    "This letter is addressed to the people who run email at %(domain)s. They could see that we emailed you, "
    "when, and the title of the letter. Use a personal address. To use this one anyway, send the form again."
)
ADDRESS_AS_NAME = _("This looks like an email address. Enter your name here: others may see it.")
ODD_NAME = _(
    "Names seldom contain numerals or a web address. Correct yours, or send the form again if it is right. A moderator "
    "may look at it before it appears."
)


def _with_suggestion(data: QueryDict | None) -> QueryDict | None:
    """Return the form data, with the address that we suggested if the signer pressed "Yes" (`use`)."""
    if data is None or not data.get("use"):
        return data
    typed = read_address(data.get("email", ""))
    if typed is None or meant_by(typed.deliverable) != data["use"]:
        return data
    chosen = data.copy()
    chosen["email"] = data["use"]
    return chosen


@copies_quickly
class SigningForm(forms.Form):
    """The signing form of a letter, with the fields that the letter asks for."""

    name = LineField(
        label=_("Your name"), max_length=200, autocomplete="name", error_messages={"required": NAME_WANTED}
    )
    email = AddressField(
        label=_("Your email address"),
        help_text=_("Never shown. We email you there to confirm your signature. One signature per mailbox."),
    )
    affiliation = LineField(
        label=_("Affiliation"),
        max_length=200,
        autocomplete="organization",
        error_messages={"required": _("Enter your affiliation. This letter asks every signer for one.")},
        help_text=_("As it should appear beside your name."),
    )
    role = LineField(
        label=_("Role or profession"),
        max_length=200,
        autocomplete="organization-title",
        error_messages={"required": _("Enter your role or profession. This letter asks every signer for one.")},
    )
    country = CountryField(
        label=_("Country"),
        choices=country_choices,
        error_messages={
            "required": _("Choose your country. This letter asks every signer for one."),
            "invalid_choice": _("Choose a country from the list."),
        },
        widget=CountrySelect(attrs={"autocomplete": "country"}),
    )
    comment = LineField(
        label=_("Why you sign"),
        max_length=1000,
        autocomplete="off",
        multiline=True,
        error_messages={"required": _("Say why you sign. This letter asks every signer for a sentence.")},
    )
    # What the form said about the comment: the words of FOR_EVERYONE, or nothing.
    comment_for = forms.CharField(required=False, max_length=10, widget=forms.HiddenInput)
    display = forms.ChoiceField(
        label=_("Who sees your name?"),
        widget=DisplayChoices,
        error_messages={
            "required": _("Choose who sees your name."),
            "invalid_choice": _("Choose one of these."),
        },
    )
    show_domain = forms.BooleanField(required=False)
    updates = forms.BooleanField(label=_("Email me updates about this letter"), required=False)

    def __init__(self, letter: Letter, data: QueryDict | None = None, initial: dict[str, Any] | None = None) -> None:
        super().__init__(_with_suggestion(data), auto_id="sign_%s", label_suffix="", initial=initial)
        self.letter = letter
        # The address that we asked the signer to check. The form sends it along next time.
        self.unsure = ""
        # The name that we asked the signer to check, which the form sends along too.
        self.unsure_name = ""
        self._shows_current_text = not self.is_bound
        # The address that the signer probably meant, for a button that uses it.
        self.meant = ""
        for name in ("affiliation", "role", "country", "comment"):
            ask = self._asked(name)
            if ask == Ask.OFF:
                del self.fields[name]
            else:
                self.fields[name].required = ask == Ask.REQUIRED
        self._say_who_reads_the_comment()
        self._offer_domain()
        self._offer_displays()

    def _say_who_reads_the_comment(self) -> None:
        """Race: the organizers may change the setting before the form comes back. So it sends along what it said."""
        said = not self.is_bound or self.data.get("comment_for") == COMMENT_FOR_EVERYONE
        is_public = "comment" in self.fields and self.letter.comments_public and said
        if "comment" in self.fields:
            self.fields["comment"].help_text = FOR_EVERYONE if is_public else FOR_ORGANIZERS
        if is_public:
            self.initial["comment_for"] = COMMENT_FOR_EVERYONE
        else:
            del self.fields["comment_for"]

    @property
    def text_seen(self) -> str:
        """Return the number of the text that the signer saw: on a new form the current one, otherwise as submitted."""
        if not self._shows_current_text:
            return str(self.data.get("text", ""))
        return str(self.letter.current_revision.number) if self.letter.current_revision else ""

    def show_current_text(self) -> None:
        """Count the current text as seen. Call it if the page says that the letter has changed and links to it."""
        self._shows_current_text = True

    def _asked(self, name: str) -> str:
        """Return whether a field is off, optional or required."""
        return str(getattr(self.letter, f"ask_{name}"))

    def _offered(self) -> Collection[str]:
        """Return the options for who may see the name, as this letter offers them."""
        return self.letter.displays

    def _offer_domain(self) -> None:
        if not self.letter.domains:
            del self.fields["show_domain"]
            return
        self.fields["show_domain"].label = SHOW_DOMAIN % {"domain": self.letter.domains[0]}
        self.fields["email"].help_text = gettext(
            "It must be at %(domains)s. Never shown. We email you there to confirm your signature. One signature per "
            "mailbox."
        ) % {"domains": self.domains_phrase()}

    @property
    def can_withhold(self) -> bool:
        """Return whether the letter offers to withhold the name from the public."""
        return any(display != Display.PUBLIC for display in self._offered())

    @property
    def private_domains(self) -> str:
        """Return the domains of personal email providers. Addresses elsewhere get a hint about employers."""
        return " ".join(sorted(PRIVATE | PRIVATE_BY_NAME))

    def domains_phrase(self) -> str:
        """Return the domains that the letter is limited to, as a phrase: "a.example or b.example"."""
        *most, last = self.letter.domains
        return gettext("%(most)s or %(last)s") % {"most": ", ".join(most), "last": last} if most else last

    def _offer_displays(self) -> None:
        display = cast("forms.ChoiceField", self.fields["display"])
        offered = [choice for choice in Display.choices if choice[0] in self._offered()]
        display.choices = offered
        display.initial = offered[0][0]
        if len(offered) == 1:
            display.widget = forms.HiddenInput()
        chosen = self.data.get("display") if self.is_bound else self.initial.get("display") or offered[0][0]
        if chosen == Display.NOBODY:
            # A signature without a name needs nothing that describes a person.
            for name in ("name", "affiliation", "role", "comment"):
                if name in self.fields:
                    self.fields[name].required = False

    def clean_email(self) -> Address:
        """Ask once about an address that looks mistyped, or whose email the addressee's servers can see.

        Accept the address if the signer sends it again unchanged (`sure`).
        """
        address: Address = self.cleaned_data["email"]
        domain = domain_of(address.deliverable)
        if self.letter.domains and not match_domain(domain, self.letter.domains):
            sentence = gettext("You can sign this letter only with an email address at %(domains)s.")
            raise ValidationError(sentence, "elsewhere", {"domains": self.domains_phrase()})
        question = self._question(address, domain)
        # Set this even if we have asked already: a form that is shown again for another reason must not ask again.
        self.unsure = address.deliverable if question else ""
        if question and self.data.get("sure") != address.deliverable:
            raise ValidationError(question, "unsure")
        return address

    def _question(self, address: Address, domain: str) -> str:
        if exposed_to := match_domain(domain, self.letter.addressee_domains):
            return EXPOSED % {"domain": exposed_to}
        self.meant = meant_by(address.deliverable)
        return MISTYPED % {"meant": self.meant} if self.meant else ""

    def clean_name(self) -> str:
        """Refuse an email address in the name. Privacy: names are public, addresses must never be.

        Ask once about a web address or numerals. Some people have them, so accept them if they are sent again.
        """
        name: str = self.cleaned_data["name"]
        if any(read_address(word) for word in name.split()):
            raise ValidationError(ADDRESS_AS_NAME, "address")
        # Set this even if we have asked already, as for the address.
        self.unsure_name = name if self._is_odd(name) else ""
        if self.unsure_name and self.data.get("sure_name") != name:
            raise ValidationError(ODD_NAME, "unsure")
        return name

    def _is_odd(self, name: str) -> bool:
        """Return whether to ask about the name. We store none for a signer who shows it to nobody."""
        is_stored = self.data.get("display") != Display.NOBODY and name != self.initial.get("name")
        return is_stored and (has_link(name) or has_numerals(name))

    def submitted(self) -> SubmittedForm:
        """Return the input for `sign_letter`. The form must be valid."""
        address: Address = self.cleaned_data["email"]
        domain = domain_of(address.deliverable)
        return SubmittedForm(
            address=address,
            concern=Signature.Concern.DISPOSABLE if is_throwaway(domain) else Signature.Concern.NONE,
            domain=match_domain(domain, self.letter.domains) if self.cleaned_data.get("show_domain") else "",
            **self._typed(),
        )

    def _typed(self) -> dict[str, str]:
        handled_separately = {"email", "updates", "show_domain"}
        typed = {name: value for name, value in self.cleaned_data.items() if name not in handled_separately}
        return {**typed, "consent": str(self.fields["updates"].label) if self.cleaned_data.get("updates") else ""}


@copies_quickly
class ChangeForm(SigningForm):
    """The form for changing a signature: the signing form without the address, filled from the database.

    Privacy: organizers may ask for more since the person signed. Signers can always keep what they chose, show their
    name to fewer people, and remove what others see.
    """

    def __init__(self, signature: Signature, data: QueryDict | None = None) -> None:
        self.signature = signature
        stored = ["name", "affiliation", "role", "country", "comment", "comment_for", "display"]
        # Include the pending changes: otherwise a signer who saves again would discard them without knowing.
        initial: dict[str, Any] = {name: getattr(signature, name) for name in stored} | (
            signature.pending_changes or {}
        )
        has_address = hasattr(signature, "contact")
        initial["updates"] = has_address and signature.contact.agrees(signature.letter)
        self.domain = (signature.pending_changes or {}).get("domain", signature.domain)
        initial["show_domain"] = bool(self.domain)
        self.has_signed = signature.state in ACTIVE
        super().__init__(signature.letter, data, initial)
        del self.fields["email"]
        choices = self.fields["display"].widget
        if signature.state in CONFIRMED_OR_SEALED and isinstance(choices, DisplayChoices):
            choices.hides_at_once()
        if not has_address:
            del self.fields["updates"]  # The address is deleted, so we cannot email updates.

    def _asked(self, name: str) -> str:
        ask = super()._asked(name)
        if not self.has_signed:
            return ask
        if ask == Ask.OFF:
            return Ask.OPTIONAL if self.initial[name] else Ask.OFF
        # A field that the signer left empty may stay empty. After "Nobody sees my name", this holds only for the
        # country, because we store the other fields empty, whatever the signer typed.
        was_asked = self.signature.display != Display.NOBODY or name == "country"
        left_empty = was_asked and not self.initial[name]
        return Ask.OPTIONAL if left_empty or self._became_required_later(name) else ask

    def _say_who_reads_the_comment(self) -> None:
        """Let signers choose for a comment that they have sent, whatever they were told at that time."""
        if not self.has_signed or "comment" not in self.fields or not self.letter.comments_public:
            super()._say_who_reads_the_comment()
            return
        self.fields["comment"].help_text = AS_CHOSEN
        self.fields["comment_for"] = forms.BooleanField(label=SHOW_COMMENT, required=False)
        self.initial["comment_for"] = self.initial["comment_for"] == COMMENT_FOR_EVERYONE

    def _became_required_later(self, name: str) -> bool:
        """Return whether the field was optional when the signer filled it in, so that they may empty it again."""
        since = (self.letter.required_since or {}).get(name)
        return since is not None and self.signature.signed_at < datetime.fromisoformat(since)

    def _offered(self) -> Collection[str]:
        if not self.has_signed:
            return super()._offered()
        stored = {self.signature.display, self.initial["display"]}
        most_public = max(PRIVATE_TO_PUBLIC.index(Display(display)) for display in stored)
        return {*self.letter.displays, *PRIVATE_TO_PUBLIC[: most_public + 1]}

    def _offer_domain(self) -> None:
        signature = self.signature
        if not self.domain and self.letter.domains and hasattr(signature, "contact"):
            self.domain = match_domain(domain_of(decrypt(signature.contact.address)), self.letter.domains)
        if not self.domain:
            del self.fields["show_domain"]  # There was no domain to show, or it was deleted with the address.
            return
        self.fields["show_domain"].label = SHOW_DOMAIN % {"domain": self.domain}

    def changes(self) -> Changes:
        """Return the input for `change_signature`. The form must be valid."""
        shows_comment = self.cleaned_data.get("comment_for") in {True, COMMENT_FOR_EVERYONE}
        typed = {**self._typed(), "comment_for": COMMENT_FOR_EVERYONE if shows_comment else ""}
        return Changes(domain=self.domain if self.cleaned_data.get("show_domain") else "", **typed)


class AppealForm(forms.Form):
    """The form for an appeal: why the signer thinks that the rejection was wrong."""

    reason = forms.CharField(
        label=_("Why the decision is wrong"),
        max_length=2000,
        help_text=_(
            "Moderators can read this even if you do not show them your name, so leave out anything that they "
            "must not know. You can appeal once."
        ),
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": _("Explain why the decision is wrong.")},
    )

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, auto_id="appeal_%s", label_suffix="")


class LinkForm(forms.Form):
    """The form that asks for a new link, by the address that the person signed with."""

    email = AddressField(label=_("The email address that you signed with"))

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, auto_id="link_%s", label_suffix="")


CODE_WANTED = _("Enter the code from our email. It is six numbers.")


class CodeForm(forms.Form):
    """The form for the confirmation code. Input that cannot be a code is refused here and does not count as a try."""

    code = forms.CharField(
        label=_("Code from the email"),
        error_messages={"required": CODE_WANTED, "null_characters_not_allowed": CODE_WANTED},
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "size": 8, "maxlength": MAX_CHARACTERS}
        ),
    )

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, label_suffix="")

    def clean_code(self) -> str:
        if code := read_code(self.cleaned_data["code"]):
            return code
        raise ValidationError(
            _("The code is six numbers and nothing else. Check it and enter it again. This attempt did not count."),
            "no_code",
        )
