"""The form in the admin that adds entries to the site's lists. The admin is in English."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from letters.base.site_lists.queries import MAX_ENTRIES, current_entries, entries_in
from letters.models import SiteListEntry
from letters.moderator.signals.word_lists import MAX_PHRASE, comparable, shipped
from letters.shared.address_typos import likely_meant
from letters.shared.domains import DOMAIN, SUFFIXES, is_disposable, is_private
from letters.shared.languages import language_choices
from letters.shared.text import UnusableText, clean_line

List = SiteListEntry.List
# Denial of service: an entry that is longer than any word a signer may type would match nothing.
MAX_LINES, MAX_LENGTH = 500, 100
BETWEEN_DOMAINS = re.compile(r"\s*(?:->|→|=|,|\s)\s*")


class ListEntriesForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """The form for entries of one list, one on each line. `found` are the entries, ready to be added."""

    list = forms.ChoiceField(choices=List, help_text="Where signatures, or addresses, are compared with it.")
    is_removed = forms.TypedChoiceField(
        label="What to do",
        choices=[("", "Add to the list"), ("yes", "Remove from the list that the site begins with")],
        coerce=bool,
        empty_value="",
        required=False,
    )
    entries = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 12}),
        max_length=MAX_LINES * MAX_LENGTH,
        help_text="One in a line. For mistyped domains: the wrong domain, a space, and the right one "
        "(gmial.com gmail.com). To remove one, enter only the wrong domain.",
    )
    language = forms.ChoiceField(
        required=False, help_text="For words: the language that they are from. They are looked for in every text."
    )
    reason = forms.CharField(required=False, max_length=500, help_text="Stored in the audit record. Name no signer.")

    class Meta:
        model = SiteListEntry
        fields = ["list", "is_removed", "language"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = [("", "Any"), *language_choices("en")]  # type: ignore[attr-defined]
        self.found: list[SiteListEntry] = []

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        lines = [line for line in cleaned.get("entries", "").splitlines() if line.strip()]
        if len(lines) > MAX_LINES:
            self.add_error("entries", f"Enter at most {MAX_LINES} lines at a time. You entered {len(lines)}.")
        elif "list" in cleaned and lines:
            for number, line in enumerate(lines, 1):
                self._read(number, line, cleaned)
            self._check_room(cleaned["list"])
        return cleaned

    def _check_room(self, name: str) -> None:
        if (has := entries_in(name)) + len(self.found) > MAX_ENTRIES:
            sentence = f"This list can have {MAX_ENTRIES} entries, and it has {has}. Delete some first."
            self.add_error("entries", ValidationError(sentence, "full"))

    def _read(self, number: int, line: str, cleaned: dict[str, Any]) -> None:
        name = List(cleaned["list"])
        try:
            entry = self._entry(line, name, is_removed=bool(cleaned["is_removed"]))
        except ValidationError as wrong:
            self.add_error("entries", ValidationError(f"Line {number}: {wrong.message}", wrong.code))
            return
        entry.language = cleaned.get("language", "") if name in (List.ABUSIVE, List.ADVERTISING) else ""
        if entry.text not in {each.text for each in self.found}:
            self.found.append(entry)

    def _entry(self, line: str, name: List, *, is_removed: bool) -> SiteListEntry:
        try:
            text = clean_line(line)
        except UnusableText as unusable:
            raise ValidationError(
                "It contains characters that nobody can read. Type it again.", "damaged"
            ) from unusable
        if len(text) > MAX_LENGTH:
            raise ValidationError(f"It is longer than {MAX_LENGTH} characters.", "long")
        entry = READERS[name](text, is_removed)
        entry.list, entry.is_removed = name, is_removed
        return entry


def _read_name(text: str, is_removed: bool) -> SiteListEntry:
    if len(comparable(text)) < 2:
        raise ValidationError(f"“{text}” is not a name. Enter at least two letters.", "short")
    return _of_shipped(text, shipped()["watched"], is_removed)


def _read_word(list_name: str) -> Callable[[str, bool], SiteListEntry]:
    def read(text: str, is_removed: bool) -> SiteListEntry:
        words = comparable(text).split()
        if len("".join(words)) < 2:
            raise ValidationError(f"“{text}” would be found in nearly every text. Enter a longer word.", "short")
        if len(words) > MAX_PHRASE:
            raise ValidationError(f"“{text}” has more than {MAX_PHRASE} words.", "long")
        return _of_shipped(text, shipped()[list_name], is_removed)

    return read


def _of_shipped(text: str, listed: list[str], is_removed: bool) -> SiteListEntry:
    """Return the entry. Nobody adds what the list begins with, or removes what it does not have."""
    is_shipped = comparable(text) in set(map(comparable, listed))
    if is_removed and not is_shipped:
        raise ValidationError(f"“{text}” is not on the list that the site begins with.", "unknown")
    if is_shipped and not is_removed:
        raise ValidationError(f"“{text}” is already on the list that the site begins with.", "known")
    return SiteListEntry(text=text)


def _read_throwaway(text: str, is_removed: bool) -> SiteListEntry:
    domain = _domain(text)
    if is_private(domain):
        raise ValidationError(f"{domain} is a large provider. All its addresses would be held.", "provider")
    if is_removed and not is_disposable(domain):
        raise ValidationError(f"“{domain}” is not on the list that the site begins with.", "unknown")
    if not is_removed and is_disposable(domain):
        raise ValidationError(f"“{domain}” is already on the list that the site begins with.", "known")
    return SiteListEntry(text=domain)


def _read_typo(text: str, is_removed: bool) -> SiteListEntry:
    wrong, *rest = BETWEEN_DOMAINS.split(text)
    wrong = _domain(wrong)
    if is_removed:
        if rest:
            raise ValidationError("To remove one, enter only the wrong domain.", "two")
        if not likely_meant(f"name@{wrong}"):
            raise ValidationError(f"The site does not ask about “{wrong}” anyway.", "unknown")
        return SiteListEntry(text=wrong)
    if len(rest) != 1:
        raise ValidationError(f"Enter the wrong domain, a space, and the right one: {wrong} example.org.", "one")
    meant = _domain(rest[0])
    if wrong == meant:
        raise ValidationError("Both domains are the same.", "same")
    if is_private(wrong):
        raise ValidationError(f"{wrong} is a large provider, so its addresses are right.", "provider")
    if meant in current_entries().typos:
        raise ValidationError(f"“{meant}” is itself a mistyped domain.", "loop")
    return SiteListEntry(text=wrong, meant=meant)


def _domain(text: str) -> str:
    domain = text.lower().removeprefix("@").rstrip(".")
    try:
        domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        domain = ""
    if not DOMAIN.fullmatch(domain):
        raise ValidationError(f"“{text}” is not a domain. Enter one like example.org.", "domain")
    if SUFFIXES.publicsuffix(domain) == domain:
        raise ValidationError(f"“{domain}” would mean every domain that ends with it. Enter a longer one.", "suffix")
    return domain


READERS: Mapping[List, Callable[[str, bool], SiteListEntry]] = {
    List.NAMES: _read_name,
    List.ABUSIVE: _read_word("abusive"),
    List.ADVERTISING: _read_word("advertising"),
    List.THROWAWAY: _read_throwaway,
    List.TYPOS: _read_typo,
}
