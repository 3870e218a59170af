from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from letters.base.public_letters.queries import public_letter
from letters.models import MAX_NETWORK_RULE_LIFETIME, BlockRule, Collective, Letter, Signature
from letters.moderator.block_rules.operations import RuleWish
from letters.moderator.signals.rules import MAX_PATTERN, BadPattern, read_pattern
from letters.shared.address_words import why_not
from letters.shared.addresses import MAX_TYPED_LENGTH, NoAddress, parse_address
from letters.shared.domains import DOMAIN, SUFFIXES, is_private

Kind, Effect = BlockRule.Kind, BlockRule.Effect
KINDS = [(Kind.NAME, _("A name")), (Kind.DOMAIN, _("An email domain"))]
OF_SITE = [*KINDS, (Kind.ADDRESS, _("One email address"))]
PATTERN_WRONG = {
    "long": _("Enter a shorter name: at most 60 characters."),
    "words": _("Enter at most 4 words."),
    "wildcards": _("Use at most one * in each word."),
    "short": _("This would match too many people. Enter at least 3 letters."),
}
NO_END = _("Enter the last day of the rule, for example 2026-03-05.")


class RuleForm(forms.Form):
    """The form for a rule.

    If it begins at a signature of a burst, the rule is about the network of the burst, and applies to that letter.
    """

    marks_optional = False

    where = forms.ChoiceField(
        label=_("Where the rule applies"), error_messages={"required": _("Select where the rule applies.")}
    )
    letter = forms.CharField(label=_("Web address of the letter"), max_length=300, required=False)
    kind = forms.ChoiceField(
        label=_("What the rule is about"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Select what the rule is about.")},
    )
    about = forms.CharField(
        label=_("The name or domain"),
        max_length=MAX_TYPED_LENGTH,
        error_messages={"required": _("Enter what the rule is about.")},
        help_text=_(
            "For a name, enter one or more words. A * stands for any letters of a word: Mick* Mouse. Upper case and "
            "accents make no difference. A domain like example.org includes those below it."
        ),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}),
    )
    effect = forms.ChoiceField(
        label=_("What happens to a signature that matches"),
        choices=[
            (Effect.HOLD, _("It waits for a moderator")),
            (Effect.ALLOW, _("Signals cannot hold it")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Select what happens.")},
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        error_messages={"required": _("Enter a reason. Other moderators read it.")},
        help_text=_("Other moderators read it beside each signature that is held. Do not include names."),
    )
    last_day = forms.DateField(
        label=_("Last day"),
        error_messages={"required": NO_END, "invalid": NO_END},
        help_text=_("At most a year from now. The rule ends at midnight (UTC)."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(
        self,
        *,
        letters: Sequence[tuple[str, str]],
        collectives: Sequence[Collective],
        is_of_site: bool,
        burst: Signature | None = None,
        data: QueryDict | None = None,
    ) -> None:
        """`is_of_site`: the person is a site moderator."""
        super().__init__(data, auto_id="rule_%s", label_suffix="", initial={"effect": Effect.HOLD, "kind": Kind.NAME})
        self.collectives = {f"collective:{each.slug}": each for each in collectives}
        self.burst = burst
        if burst:
            for name in ("where", "letter", "kind", "about"):
                del self.fields[name]
            days = MAX_NETWORK_RULE_LIFETIME.days
            self.fields["last_day"].help_text = ngettext(
                "At most %(days)d day from now. The rule ends at midnight (UTC).",
                "At most %(days)d days from now. The rule ends at midnight (UTC).",
                days,
            ) % {"days": days}
            return
        own = [(f"letter:{slug}", title) for slug, title in letters]
        whole = [(key, _("All letters of %(name)s") % {"name": each.name}) for key, each in self.collectives.items()]
        site = [("letter", _("One letter of the site")), ("site", _("The whole site"))] if is_of_site else []
        cast("forms.ChoiceField", self.fields["where"]).choices = [*own, *whole, *site]
        cast("forms.ChoiceField", self.fields["kind"]).choices = OF_SITE if is_of_site else KINDS
        if is_of_site:
            self.fields["about"].label = _("The name, domain or email address")
            self.fields["letter"].help_text = _("Only for one letter of the site.")
        else:
            del self.fields["letter"]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.burst:
            self._clean_place(cleaned)
            self._clean_about(cleaned)
        return cleaned

    def _clean_place(self, cleaned: dict[str, Any]) -> None:
        where = cleaned.get("where", "")
        if where == "letter" or where.startswith("letter:"):
            typed = cleaned.get("letter", "") if where == "letter" else where.removeprefix("letter:")
            cleaned["letter"] = self._letter(typed)
        else:
            cleaned["letter"] = None
        if cleaned.get("kind") == Kind.ADDRESS and where not in {"letter", "site"}:
            self.add_error("where", _("A rule about one address is for the whole site, or for one letter of the site."))

    def _letter(self, typed: str) -> Letter | None:
        try:
            return public_letter(typed.strip().rstrip("/").rpartition("/")[2])
        except Letter.DoesNotExist:
            self.add_error("letter" if "letter" in self.fields else "where", _("There is no public letter here."))
            return None

    def _clean_about(self, cleaned: dict[str, Any]) -> None:
        kind, about = cleaned.get("kind"), str(cleaned.get("about", "")).strip()
        if not kind or not about:
            return
        try:
            if kind == Kind.ADDRESS:
                cleaned["address"] = parse_address(about)
            else:
                cleaned["text"] = _pattern(about) if kind == Kind.NAME else _domain(about, cleaned.get("effect"))
        except NoAddress as problem:
            self.add_error("about", ValidationError(why_not(problem.code), problem.code))
        except ValidationError as wrong:
            self.add_error("about", wrong)

    def wish(self) -> RuleWish:
        """Return the input for `make_rule`. The form must be valid."""
        found = self.cleaned_data
        ends_at = datetime.combine(found["last_day"] + timedelta(days=1), time(), UTC)
        common: dict[str, Any] = {"effect": found["effect"], "reason": found["reason"], "ends_at": ends_at}
        if self.burst:
            where: dict[str, Any] = {"letter": self.burst.letter, "is_of_site": True}
            return RuleWish(kind=Kind.NETWORK, burst=self.burst, **where, **common)
        return RuleWish(
            kind=found["kind"],
            text=found.get("text", ""),
            address=found.get("address"),
            letter=found["letter"],
            collective=self.collectives.get(found["where"]),
            is_of_site=found["where"] in {"letter", "site"},
            **common,
        )


def _pattern(text: str) -> str:
    try:
        read_pattern(text)
    except BadPattern as bad:
        raise ValidationError(PATTERN_WRONG[bad.code], bad.code) from bad
    return text[:MAX_PATTERN]


def _domain(text: str, effect: str | None) -> str:
    try:
        domain = text.lower().removeprefix("@").rstrip(".").encode("idna").decode("ascii")
    except UnicodeError:
        domain = ""
    if not DOMAIN.fullmatch(domain) or SUFFIXES.publicsuffix(domain) == domain:
        raise ValidationError(_("Enter a domain like example.org."), "domain")
    if effect == Effect.HOLD and is_private(domain):
        raise ValidationError(_("This is a large provider. The rule would hold nearly everyone."), "provider")
    return domain
