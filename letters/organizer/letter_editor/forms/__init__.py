"""The forms of the letter editor. They check only the shape of the input; operations decide."""

from letters.organizer.letter_editor.forms.draft_links import DraftLinkForm
from letters.organizer.letter_editor.forms.publishing import RevisionForm, ScheduleForm, WithdrawForm
from letters.organizer.letter_editor.forms.settings import SettingsForm
from letters.organizer.letter_editor.forms.texts import FirstStartForm, StartForm, TextForm
from letters.organizer.letter_editor.forms.web_address import AddressForm

__all__ = [
    "AddressForm",
    "DraftLinkForm",
    "FirstStartForm",
    "RevisionForm",
    "ScheduleForm",
    "SettingsForm",
    "StartForm",
    "TextForm",
    "WithdrawForm",
]
