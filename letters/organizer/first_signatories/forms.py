"""Forms for a list of people to invite. They check only the shape of the input."""

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from letters.models import MAX_NOTE_LENGTH, MAX_SENDER_LENGTH
from letters.organizer.collectives.forms import NameLine
from letters.organizer.first_signatories.signatory_import import (
    ENCODINGS,
    MAX_BYTES,
    Guess,
    Row,
    UnreadableList,
    decode,
    read_rows,
)
from letters.organizer.first_signatories.signatory_import.headings import MEANINGS
from letters.shared.address_words import why_not
from letters.shared.addresses import MAX_TYPED_LENGTH, Address, NoAddress, parse_address
from letters.shared.text import UnusableText, clean_line

UNREADABLE = {
    "empty": _("This is empty. Enter one address on each line."),
    "too_large": _(
        "The file is larger than 2 MB. Send the list in several files, without columns that you do not need."
    ),
    "workbook": _("We cannot read spreadsheet files. Save the sheet as CSV, then upload that file."),
    "no_text": _("This is not a plain-text list. Save it as CSV and upload that, or paste the addresses."),
    "too_many_rows": _("The list has more than 5,000 lines. Send it in several parts."),
    "too_many_columns": _("This list has more than 256 columns. Remove those that you do not need."),
    "encoding": _("We cannot read the file with this encoding. Select another one."),
}


class ListForm(forms.Form):
    """Addresses, pasted or in a file."""

    # One of the two is needed.
    marks_optional = False

    pasted = forms.CharField(
        label=_("Email addresses, one per line"),
        required=False,
        strip=False,
        widget=forms.Textarea(
            attrs={"rows": 6, "autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}
        ),
        help_text=_("Enter “name@example.org” or “Name <name@example.org>”, or paste columns from a spreadsheet."),
    )
    file = forms.FileField(
        label=_("Or upload a CSV file"),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv,text/plain"}),
        help_text=_(
            "Exports from Google Forms and other petition sites work too. At most 5,000 lines and 2 MB "
            "at a time. You can check the list on the next page. We do not email anyone until you "
            "confirm."
        ),
    )

    def __init__(
        self, data: QueryDict | None = None, files: "MultiValueDict[str, UploadedFile[Any]] | None" = None
    ) -> None:
        super().__init__(data, files, auto_id="list_%s", label_suffix="")
        self.text, self.encoding = "", ""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        file: UploadedFile[Any] | None = cleaned.get("file")
        name = "file" if file else "pasted"
        try:
            if file:
                self.text, self.encoding = _read(file)
            else:
                self.text = _bounded(cleaned.get("pasted", ""))
            read_rows(self.text)
        except UnreadableList as problem:
            self.add_error(name, ValidationError(UNREADABLE[problem.code], problem.code))
        return cleaned


def _read(file: "UploadedFile[Any]") -> tuple[str, str]:
    if (file.size or 0) > MAX_BYTES:
        raise UnreadableList("too_large")
    return decode(file.read())


def _bounded(text: str) -> str:
    if len(text.encode()) > MAX_BYTES:
        raise UnreadableList("too_large")
    return text


class WordsForm(forms.Form):
    """The words that organizers add to the email."""

    sender = NameLine(
        label=_("Your name in the email"),
        max_length=MAX_SENDER_LENGTH,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        help_text=_(
            "People answer sooner if they know who is asking. Everyone on this list can read the name. Leave it empty "
            "to give only the name of the collective."
        ),
    )
    note = forms.CharField(
        label=_("A personal note"),
        max_length=MAX_NOTE_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_(
            "Plain text for everyone on this list, at most 1,000 characters. Web addresses in it will not be links."
        ),
    )

    def __init__(self, data: QueryDict | None = None, *, sender: str = "", note: str = "") -> None:
        super().__init__(data, auto_id="words_%s", label_suffix="", initial={"sender": sender, "note": note})

    def clean_note(self) -> str:
        try:
            lines = [clean_line(line) for line in self.cleaned_data["note"].splitlines()]
        except UnusableText as unusable:
            raise ValidationError(
                _("This contains a character that we cannot show. Type it again."), "unusable"
            ) from unusable
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


MEANING_WORDS = {
    "ignored": _("ignore this column"),
    "address": _("email address"),
    "name": _("name"),
    "prefix": _("title before the name"),
    "given": _("first name"),
    "middle": _("middle name"),
    "family": _("last name"),
    "suffix": _("title after the name"),
    "affiliation": _("affiliation"),
    "role": _("role or profession"),
}
ADDRESS_COLUMN_WANTED = _("Select the column with the email addresses.")


class ColumnsForm(forms.Form):
    """The meaning of each column, shown with its first cells. Empty columns are left out."""

    encoding = forms.ChoiceField(
        label=_("Character encoding of the file"),
        choices=list(ENCODINGS.items()),
        required=False,
        help_text=_("If names look wrong below, select another encoding, then press “Read the file again”."),
    )
    has_heading = forms.BooleanField(label=_("The first line contains column names"), required=False)

    def __init__(self, rows: Sequence[Row], guess: Guess, data: QueryDict | None = None, *, encoding: str = "") -> None:
        initial = {"has_heading": guess.has_heading, "encoding": encoding}
        super().__init__(data, auto_id="list_%s", label_suffix="", initial=initial)
        if not encoding:  # UTF-8 is hardly ever detected by mistake.
            del self.fields["encoding"]
        self.width = len(guess.columns)
        filled = _filled(rows[1 if guess.has_heading else 0 :])
        for place, meaning in enumerate(guess.columns):
            if place not in filled:
                continue
            cells = [row.cells[place] for row in rows[:4] if place < len(row.cells) and row.cells[place]]
            self.fields[f"column_{place}"] = forms.ChoiceField(
                label=gettext("Column %(number)d") % {"number": place + 1},
                choices=[(each, MEANING_WORDS[each]) for each in MEANINGS],
                initial=meaning,
                help_text=" · ".join(cell[:60] for cell in cells),
            )

    @property
    def columns(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith("column_")]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        meant = self.meanings()
        if "address" not in meant:
            raise ValidationError(ADDRESS_COLUMN_WANTED, "no_address")
        if twice := next((each for each in meant if each != "ignored" and meant.count(each) > 1), ""):
            sentence = gettext("Two columns are marked as “%(meaning)s”. Select only one.")
            raise ValidationError(sentence, "twice", {"meaning": MEANING_WORDS[twice]})
        return cleaned

    def meanings(self) -> list[str]:
        """Return the chosen meaning of each column."""
        return [self.cleaned_data.get(f"column_{place}", "ignored") for place in range(self.width)]


def _filled(rows: Sequence[Row]) -> set[int]:
    """Return the positions of columns that are not empty."""
    return {place for row in rows for place, cell in enumerate(row.cells) if cell}


class WithdrawInvitationForm(forms.Form):
    """The address of an invitation to cancel."""

    email = forms.CharField(
        label=_("Their email address"),
        max_length=MAX_TYPED_LENGTH,
        error_messages={"required": _("Enter the email address of the invitation that you want to cancel.")},
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, auto_id="back_%s", label_suffix="")

    def clean_email(self) -> Address:
        try:
            return parse_address(self.cleaned_data["email"])
        except NoAddress as problem:
            raise ValidationError(why_not(problem.code), problem.code) from problem
