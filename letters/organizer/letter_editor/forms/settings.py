"""The settings of a letter."""

import re
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from letters.models import (
    FEWEST_NAMES,
    MOST_NAMES,
    NOTICE_HOURS,
    USUAL_NOTICE_HOURS,
    Ask,
    Display,
    HoldFrom,
    Indexing,
    Letter,
    Release,
)
from letters.organizer.letter_editor.forms.moments import MomentField, Moments
from letters.organizer.letter_editor.forms.months import chosen_months, fields_of_months
from letters.organizer.letter_editor.operations import SETTINGS
from letters.shared.domains import DOMAIN
from letters.shared.typed_fields import WholeNumberField


class WordsField(forms.CharField):
    """A list of words without spaces, separated by line breaks or commas."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 2}), **options)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def words(self, value: Any) -> list[str]:
        return [word.lower() for word in re.split(r"[\s,;]+", super().clean(value)) if word]


class DomainsField(WordsField):
    """A list of domains."""

    def clean(self, value: Any) -> list[str]:
        domains = [word.removeprefix("@") for word in self.words(value)]
        if wrong := next((word for word in domains if not DOMAIN.fullmatch(word)), ""):
            raise ValidationError(
                _("“%(word)s” is not a domain. Enter one like example.org."), "invalid", {"word": wrong}
            )
        return list(dict.fromkeys(domains))


# The origin of a website, as browsers send it.
ORIGIN = re.compile(r"https://(?P<host>[^/:]{1,253})(?::[0-9]{1,5})?")
MAX_ORIGINS = 10


class OriginsField(WordsField):
    """A list of websites. The cleaned value is a list of origins."""

    def clean(self, value: Any) -> list[str]:
        origins = list(dict.fromkeys(word.removesuffix("/") for word in self.words(value)))
        if wrong := next((word for word in origins if not _is_origin(word)), ""):
            raise ValidationError(
                _("“%(word)s” is not the address of a website. Enter one like https://example.org."),
                "invalid",
                {"word": wrong},
            )
        if len(origins) > MAX_ORIGINS:
            raise ValidationError(_("Enter at most %(most)d websites."), "too_many", {"most": MAX_ORIGINS})
        return origins


def _is_origin(word: str) -> bool:
    found = ORIGIN.fullmatch(word)
    return found is not None and DOMAIN.fullmatch(found["host"]) is not None


ASKS: list[tuple[str, Promise]] = [
    (Ask.OFF, _("not asked")),
    (Ask.OPTIONAL, _("optional")),
    (Ask.REQUIRED, _("required")),
]


HOLDS: list[tuple[int, Promise]] = [
    (HoldFrom.SOME, _("some doubt, for example letters of two alphabets in one word of the name")),
    (HoldFrom.CLEAR, _("clear doubt, for example the name of a well-known person (recommended)")),
    (HoldFrom.STRONG, _("strong doubt, for example several clear signs at once")),
    (HoldFrom.NEVER, _("never: publish every confirmed signature")),
]
INDEXED: list[tuple[str, Promise]] = [
    (Indexing.ALL, _("everything")),
    (Indexing.TEXT, _("the letter, but not the lists of names")),
    (Indexing.NOTHING, _("nothing")),
]
ASKED = ("ask_affiliation", "ask_role", "ask_country", "ask_comment")
# The fields of each group on the page. Those in ASKED are the rows of a table.
GROUPS: dict[Promise, tuple[str, ...]] = {
    _("Goal and dates"): ("goal", "opens_at", "opens_at_which", "closes_at", "closes_at_which"),
    _("Form fields"): ASKED,
    _("Names and review"): (
        *("displays", "batch_size", "comments_public", "breakdown_public", "indexing", "reviewed", "hold_from"),
    ),
    _("Nobody is named at first"): ("names_from", "notice_hours"),
    _("Who can sign"): ("organisations_sign", "domains", "addressee_domains", "asks_proof"),
    _("Other websites"): ("origins",),
    _("How long data about signers is kept"): ("keep_addresses", "keep_data", "withholds_names_later"),
}


@dataclass(frozen=True)
class Group:
    title: Promise
    fields: list[forms.BoundField]
    # The columns, if the fields are rows of a table.
    columns: list[tuple[str, Promise]]


class SettingsForm(Moments, forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """The settings of a letter: what the form asks, who may sign, and until when."""

    displays = forms.MultipleChoiceField(
        label=_("What signers can choose"),
        choices=Display.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Select at least one choice for signers.")},
    )
    domains = DomainsField(
        label=_("Limit to email domains"), help_text=_("One per line. Leave this empty to allow any address.")
    )
    addressee_domains = DomainsField(
        label=_("Email domains of the addressee"),
        help_text=_(
            "We warn people who sign with an address at one of these domains that the addressee could see our email."
        ),
    )

    origins = OriginsField(
        label=_("Websites on which people can sign too"),
        help_text=_(
            "One per line, like https://example.org. Each needs a form that uses the API of this site. It sees what "
            "people type there, their addresses included. So a letter that names nobody yet takes signatures only "
            "here. Leave this empty to do the same."
        ),
    )

    class Meta:
        model = Letter
        fields = SETTINGS
        field_classes = {"goal": WholeNumberField, "batch_size": WholeNumberField}
        labels = {
            "goal": _("Goal"),
            "batch_size": _("Count withheld names together, at least so many at a time"),
            "reviewed": _("Review each signature before it is published"),
            "asks_proof": _("Block automated signatures (the browser of each signer runs a short check)"),
            "ask_affiliation": _("Affiliation"),
            "ask_role": _("Role or profession"),
            "ask_country": _("Country"),
            "ask_comment": _("Why they sign"),
            "comments_public": _("Show why people sign beside their names"),
            "organisations_sign": _("Organisations can also sign"),
            "breakdown_public": _("Show how many sign from each country and email domain"),
            "withholds_names_later": _("Then withhold public names, too"),
        }
        help_texts = {
            "batch_size": _(
                "From 10 to 100; leave it empty for the number of the site. Someone who knows when a person got our "
                "email could otherwise see which entry is theirs. Once a day those that wait are counted, however few. "
                "Once the letter is public, you can only raise it."
            ),
            "breakdown_public": _(
                "Only groups of at least ten people whose name everyone can see, rounded down to tens and renewed "
                "once a day. The form says so, so you can switch it on only before you invite anyone and before the "
                "letter is public."
            ),
            "comments_public": _(
                "Readers see only what people send while this is on, and only beside public names. What was sent "
                "before stays with the organizers, unless the signer chooses otherwise."
            ),
            "withholds_names_later": _(
                "Otherwise public names stay under the letter for as long as it is public. Each signer can still "
                "withdraw or withhold their name. The numbers and the count stay in any case."
            ),
            "organisations_sign": _(
                "They are listed and counted separately from people. You decide about those that nobody "
                "confirms with an address at their own domain."
            ),
        }

    def __init__(self, letter: Letter, data: QueryDict | None = None, *, zone: ZoneInfo) -> None:
        super().__init__(data, instance=letter, auto_id="set_%s", label_suffix="")
        for name in ASKED:
            label = self.fields[name].label
            self.fields[name] = forms.ChoiceField(label=label, choices=ASKS, widget=forms.RadioSelect)
        # A form that was open before this choice existed changes nothing.
        self.fields["hold_from"] = forms.ChoiceField(
            label=_("Publish, or hold for review from"),
            help_text=_(
                "The site looks for signs of doubt in each confirmed signature. Signatures that it holds are not "
                "counted until a moderator decides. It never removes one by itself."
            ),
            choices=HOLDS,
            widget=forms.RadioSelect,
            required=False,
        )
        self.fields["indexing"] = forms.ChoiceField(
            label=_("Search engines may show"),
            help_text=_(
                "This is a request, which the large search engines follow. Anyone can still read and copy the pages. "
                "The page of the letter itself names first signatories and the newest signers, and the home page lists "
                "the letter."
            ),
            choices=INDEXED,
            widget=forms.RadioSelect,
            required=False,
        )
        for name, label in {
            "opens_at": _("Open for signatures from"),
            "closes_at": _("Open for signatures until"),
        }.items():
            self.fields[name] = MomentField(zone, label=label, required=False)
        self.fields |= fields_of_months()
        self.initial.update(keep_addresses=letter.months_of_addresses, keep_data=letter.months_of_data)
        self.ask_where_needed()
        self._ask_from_how_many(letter)

    def _ask_from_how_many(self, letter: Letter) -> None:
        """Offer to name nobody at first, which is decided before the letter is public."""
        if letter.status != Letter.Status.DRAFT:
            return
        self.fields["names_from"] = WholeNumberField(
            label=_("Show names once this many people have signed with their names"),
            help_text=_(
                "Leave this empty to show each name at once. Otherwise nobody sees any name, not even you or "
                "the moderators, until this many people have signed: from %(fewest)s to %(most)s. If too few "
                "have signed when the letter closes, we delete every signature. Once the letter is public, you "
                "can change neither this number nor the dates."
            )
            % {"fewest": FEWEST_NAMES, "most": f"{MOST_NAMES:,}"},
            min_value=FEWEST_NAMES,
            max_value=MOST_NAMES,
            required=False,
            initial=letter.names_from,
        )
        release = Release.objects.filter(letter=letter).first()
        self.fields["notice_hours"] = forms.IntegerField(
            label=_("Hours between our announcement and the names"),
            help_text=_(
                "Everyone who has signed gets an email, and can still withdraw or withhold their name: from "
                "%(fewest)s to %(most)s hours."
            )
            % {"fewest": NOTICE_HOURS[0], "most": NOTICE_HOURS[1]},
            min_value=NOTICE_HOURS[0],
            max_value=NOTICE_HOURS[1],
            required=False,
            initial=release.notice_hours if release else USUAL_NOTICE_HOURS,
        )

    def clean_keep_addresses(self) -> int | None:
        return chosen_months(self.cleaned_data["keep_addresses"], self.instance, "keep_addresses")

    def clean_keep_data(self) -> int | None:
        return chosen_months(self.cleaned_data["keep_data"], self.instance, "keep_data")

    def clean_hold_from(self) -> int:
        return int(self.cleaned_data["hold_from"] or self.instance.hold_from)

    def clean_indexing(self) -> str:
        return self.cleaned_data["indexing"] or str(self.instance.indexing)

    def groups(self) -> list[Group]:
        """Return the fields as the page shows them. A letter that is public has none about sealed names."""
        return [
            Group(title, fields, ASKS if names == ASKED else [])
            for title, names in GROUPS.items()
            if (fields := [self[name] for name in names if name in self.fields])
        ]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        self.settle_moments(cleaned)
        opens, closes = cleaned.get("opens_at"), cleaned.get("closes_at")
        if opens and closes and closes <= opens:
            self.add_error("closes_at", _("The letter must close after it opens. Change one of the dates."))
        return cleaned
