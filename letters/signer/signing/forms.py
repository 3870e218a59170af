"""The signing form: what a signer may type, judged by shape alone."""

from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

from babel import Locale
from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from letters.models import MAX_PRIVATE_FIRST, STANDING, Ask, Display, Letter, Signature
from letters.shared.address_typos import likely_meant
from letters.shared.address_words import why_not
from letters.shared.addresses import MAX_TYPED_LENGTH, Address, NoAddress, decrypt, parse_address, read_address
from letters.shared.codes import MAX_CHARACTERS, read_code
from letters.shared.domains import PRIVATE, PRIVATE_BY_NAME, domain_of, is_disposable, match_domain
from letters.shared.languages import locale_of
from letters.shared.text import UnusableText, clean_line
from letters.signer.signing.operations import Changes, Entry

UNUSABLE = {
    "turns_direction": _(
        "This contains an invisible character that changes the direction of the text. Type it again by hand."
    ),
    "damaged": _("This contains damaged characters. Type it again by hand."),
}
SHOW_DOMAIN = _("Show the domain of my email address: “confirmed at %(domain)s”")
NAME_WANTED = _("Enter your name.")
MISTYPED = _("Did you mean %(meant)s? If your address is right as you typed it, send the form again.")
EXPOSED = _(
    "This letter is addressed to the people who run email at %(domain)s. They could see that we emailed you, "
    "when, and the title of the letter. Use a personal address. To use this one anyway, send the form again."
)
ADDRESS_AS_NAME = _("This looks like an email address. Enter your name here: others may see it.")
ADDRESS_WANTED = _("Enter your email address. We send an email there, so that nobody else can sign in your name.")


class LineField(forms.Field):
    """One line of text, shown as typed."""

    def __init__(self, *, max_length: int, autocomplete: str, multiline: bool = False, **options: Any) -> None:
        attrs = {"maxlength": max_length, "autocomplete": autocomplete, "dir": "auto"}
        widget = forms.Textarea(attrs={**attrs, "rows": 3}) if multiline else forms.TextInput(attrs=attrs)
        super().__init__(widget=widget, **options)
        self.max_length = max_length

    def clean(self, value: str | None) -> str:
        # Before anything looks closer: composing (NFC) a long run of accents takes time by the square.
        self._refuse_longer(value or "", than=4 * self.max_length)
        try:
            line = clean_line(value or "")
        except UnusableText as problem:
            raise ValidationError(UNUSABLE[problem.code], problem.code) from problem
        if not line and self.required:
            raise ValidationError(self.error_messages["required"], "required")
        self._refuse_longer(line, than=self.max_length)
        return line

    def _refuse_longer(self, text: str, *, than: int) -> None:
        if len(text) > than:
            sentence = gettext("This has %(length)d characters. Shorten it to %(most)d or fewer.")
            raise ValidationError(sentence, "too_long", {"length": len(text), "most": self.max_length})


class AddressField(forms.Field):
    """An email address; cleans to an Address."""

    def __init__(self, **options: Any) -> None:
        attrs = {"autocomplete": "email", "inputmode": "email", "autocapitalize": "none", "spellcheck": "false"}
        super().__init__(widget=forms.EmailInput(attrs={**attrs, "maxlength": MAX_TYPED_LENGTH}), **options)

    def clean(self, value: str | None) -> Address:
        if not (value or "").strip():
            raise ValidationError(ADDRESS_WANTED, "required")
        try:
            return parse_address(value or "")
        except NoAddress as problem:
            raise ValidationError(why_not(problem.code), problem.code) from problem


def country_choices() -> list[tuple[str, str]]:
    """ISO 3166-1 countries by their names in the page's language, from CLDR."""
    return [("", gettext("Choose a country")), *_countries(get_language() or "en")]


@lru_cache(maxsize=32)
def _countries(language: str) -> list[tuple[str, str]]:
    # Kept: sorting 250 names took longer than all the rest of the form, for every signer.
    locale = locale_of(language) or Locale("en")
    names = [(code, name) for code, name in locale.territories.items() if code in COUNTRIES]
    return sorted(names, key=lambda pair: pair[1].casefold())


# Without CLDR's groupings and placeholders among its two-letter territories.
COUNTRIES = frozenset(code for code in map(str, Locale("en").territories) if len(code) == 2) - {
    *["EU", "EZ", "UN", "XA", "XB", "ZZ", "QO"]
}


class CountryField(forms.ChoiceField):
    """A code is known or not: looked up, where Django would put all names in order again for every signer."""

    def valid_value(self, value: str) -> bool:
        return value in COUNTRIES


def _chosen(data: QueryDict | None) -> QueryDict | None:
    """What was sent, with the address that was offered in place of a slip, if its button was pressed (`use`)."""
    if data is None or not data.get("use"):
        return data
    typed = read_address(data.get("email", ""))
    if typed is None or likely_meant(typed.deliverable) != data["use"]:
        return data
    chosen = data.copy()
    chosen["email"] = data["use"]
    return chosen


DISPLAY_HINTS: dict[str, str | Promise] = {
    Display.PUBLIC: _("It appears under the letter."),
    Display.ORGANIZERS: _("The public sees “name withheld”."),
    Display.NOBODY: _("You are counted without a name. We delete your email address when you confirm."),
}


class DisplayChoices(forms.RadioSelect):
    """Who may see a name, each choice with what it means."""

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return {**super().create_option(name, value, *args, **kwargs), "hint": DISPLAY_HINTS.get(value, "")}


class SigningForm(forms.Form):
    """The fields that a letter asks for."""

    name = LineField(
        label=_("Your name"), max_length=200, autocomplete="name", error_messages={"required": NAME_WANTED}
    )
    email = AddressField(
        label=_("Your email address"),
        help_text=_("Never shown. We email you there so that you can confirm your signature."),
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
        widget=forms.Select(attrs={"autocomplete": "country"}),
    )
    comment = LineField(
        label=_("Why you sign"),
        max_length=1000,
        autocomplete="off",
        multiline=True,
        error_messages={"required": _("Say why you sign. This letter asks every signer for a sentence.")},
    )
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
        super().__init__(_chosen(data), auto_id="sign_%s", label_suffix="", initial=initial)
        self.letter = letter
        # The address that was asked about, to be sent along with the form the next time.
        self.unsure = ""
        self._shows_current_text = not self.is_bound
        # What a slip of the finger was likely to mean: for a button that takes it.
        self.meant = ""
        for name in ("affiliation", "role", "country", "comment"):
            ask = self._asked(name)
            if ask == Ask.OFF:
                del self.fields[name]
            else:
                self.fields[name].required = ask == Ask.REQUIRED
        self._offer_domain()
        self._offer_displays()

    @property
    def text_seen(self) -> str:
        """The number of the text that the signer has read: of the letter's page, or as it was sent."""
        if not self._shows_current_text:
            return str(self.data.get("text", ""))
        return str(self.letter.current_revision.number) if self.letter.current_revision else ""

    def show_current_text(self) -> None:
        """The page that shows this form says that the letter has changed, and where to read it."""
        self._shows_current_text = True

    def _asked(self, name: str) -> str:
        """Whether a field is off, optional or required."""
        return str(getattr(self.letter, f"ask_{name}"))

    def _offered(self) -> Collection[str]:
        """The choices of who may see the name that the letter offers."""
        return self.letter.displays

    def _offer_domain(self) -> None:
        if not self.letter.domains:
            del self.fields["show_domain"]
            return
        self.fields["show_domain"].label = SHOW_DOMAIN % {"domain": self.letter.domains[0]}
        self.fields["email"].help_text = gettext(
            "It must be at %(domains)s. Never shown. We email you there so that you can confirm your signature."
        ) % {"domains": self.said_domains()}

    @property
    def private_domains(self) -> str:
        """Where nobody's employer runs the mail: for the hint beside the field."""
        return " ".join(sorted(PRIVATE | PRIVATE_BY_NAME))

    def said_domains(self) -> str:
        """The domains that the letter is limited to, as one says them."""
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
            # Nothing that is asked about a person is needed of one who is nobody.
            for name in ("name", "affiliation", "role", "comment"):
                if name in self.fields:
                    self.fields[name].required = False

    def clean_email(self) -> Address:
        """Asks once about an address that looks mistyped, or whose mail the addressee can see.

        Sent again as it is (`sure`), it is taken.
        """
        address: Address = self.cleaned_data["email"]
        domain = domain_of(address.deliverable)
        if self.letter.domains and not match_domain(domain, self.letter.domains):
            sentence = gettext("You can sign this letter only with an email address at %(domains)s.")
            raise ValidationError(sentence, "elsewhere", {"domains": self.said_domains()})
        question = self._question(address, domain)
        # Also where it has been asked: a form that comes back for another reason must not ask again.
        self.unsure = address.deliverable if question else ""
        if question and self.data.get("sure") != address.deliverable:
            raise ValidationError(question, "unsure")
        return address

    def _question(self, address: Address, domain: str) -> str:
        if exposed_to := match_domain(domain, self.letter.addressee_domains):
            return EXPOSED % {"domain": exposed_to}
        self.meant = likely_meant(address.deliverable)
        return MISTYPED % {"meant": self.meant} if self.meant else ""

    def clean_name(self) -> str:
        """Privacy: a name is public, an address must never be."""
        name: str = self.cleaned_data["name"]
        if any(read_address(word) for word in name.split()):
            raise ValidationError(ADDRESS_AS_NAME, "address")
        return name

    def entry(self) -> Entry:
        """What was typed, for `sign_letter`. The form must be valid."""
        address: Address = self.cleaned_data["email"]
        domain = domain_of(address.deliverable)
        return Entry(
            address=address,
            concern=Signature.Concern.DISPOSABLE if is_disposable(domain) else Signature.Concern.NONE,
            domain=match_domain(domain, self.letter.domains) if self.cleaned_data.get("show_domain") else "",
            **self._typed(),
        )

    def _typed(self) -> dict[str, str]:
        elsewhere = {"email", "updates", "show_domain"}
        typed = {name: value for name, value in self.cleaned_data.items() if name not in elsewhere}
        return {**typed, "consent": str(self.fields["updates"].label) if self.cleaned_data.get("updates") else ""}


class ChangeForm(SigningForm):
    """The same without the address, filled with what is stored.

    Nobody is locked in by organizers who have narrowed the form since: a signer may always keep what they chose, show
    their name to fewer people, and take away what they may see.
    """

    def __init__(self, signature: Signature, data: QueryDict | None = None) -> None:
        self.signature = signature
        stored = ["name", "affiliation", "role", "country", "comment", "display"]
        # With the changes that wait: else whoever saves once more takes them back unawares.
        initial: dict[str, Any] = {name: getattr(signature, name) for name in stored} | (
            signature.pending_changes or {}
        )
        has_address = hasattr(signature, "contact")
        initial["updates"] = has_address and bool(signature.contact.consent)
        self.domain = (signature.pending_changes or {}).get("domain", signature.domain)
        initial["show_domain"] = bool(self.domain)
        self.has_signed = signature.state in STANDING
        super().__init__(signature.letter, data, initial)
        del self.fields["email"]
        if not has_address:
            del self.fields["updates"]  # It has been forgotten: there is nowhere to write to.

    def _asked(self, name: str) -> str:
        ask = super()._asked(name)
        if not self.has_signed:
            return ask
        if ask == Ask.OFF:
            return Ask.OPTIONAL if self.initial[name] else Ask.OFF
        # What they left empty may stay so. "Nobody sees my name" leaves all but the country empty, whatever they typed.
        was_asked = self.signature.display != Display.NOBODY or name == "country"
        left_empty = was_asked and not self.initial[name]
        return Ask.OPTIONAL if left_empty or self._became_required_later(name) else ask

    def _became_required_later(self, name: str) -> bool:
        """What somebody filled in of their own accord, they may take away again."""
        since = (self.letter.required_since or {}).get(name)
        return since is not None and self.signature.signed_at < datetime.fromisoformat(since)

    def _offered(self) -> Collection[str]:
        if not self.has_signed:
            return super()._offered()
        stored = {self.signature.display, self.initial["display"]}
        widest = max(MAX_PRIVATE_FIRST.index(Display(display)) for display in stored)
        return {*self.letter.displays, *MAX_PRIVATE_FIRST[: widest + 1]}

    def _offer_domain(self) -> None:
        signature = self.signature
        if not self.domain and self.letter.domains and hasattr(signature, "contact"):
            self.domain = match_domain(domain_of(decrypt(signature.contact.address)), self.letter.domains)
        if not self.domain:
            del self.fields["show_domain"]  # It has been forgotten with the address, or there was none to show.
            return
        self.fields["show_domain"].label = SHOW_DOMAIN % {"domain": self.domain}

    def changes(self) -> Changes:
        """What was typed, for `change_signature`. The form must be valid."""
        return Changes(domain=self.domain if self.cleaned_data.get("show_domain") else "", **self._typed())


class LinkForm(forms.Form):
    """The address that somebody has signed with."""

    email = AddressField(label=_("The email address that you signed with"))

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, auto_id="link_%s", label_suffix="")


CODE_WANTED = _("Enter the code from our email. It is six numbers.")


class CodeForm(forms.Form):
    """The code in the email. What is no code at all is not tried, so it costs nothing."""

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
            _("The code is six numbers and nothing else. Check it and enter it again. This did not count as a try."),
            "no_code",
        )
