"""Everything a collective does to a letter, one flow per file. Import from here."""

from letters.organizer.letter_editor.operations.binning import bin_draft, delete_draft, empty_bin, restore_draft
from letters.organizer.letter_editor.operations.clearing import clear_collective
from letters.organizer.letter_editor.operations.closing import close_letter, reopen_letter
from letters.organizer.letter_editor.operations.draft_links import create_draft_link, note_opened, revoke_draft_link
from letters.organizer.letter_editor.operations.drafting import draft_letter, free_slug, start_letter
from letters.organizer.letter_editor.operations.letter_settings import SETTINGS, set_up_letter
from letters.organizer.letter_editor.operations.publishing import (
    MAX_FIRST_PUBLICATIONS,
    publish_if_due,
    publish_letter,
    schedule_letter,
)
from letters.organizer.letter_editor.operations.revising import discard_revision, start_revision
from letters.organizer.letter_editor.operations.web_address import readdress_letter
from letters.organizer.letter_editor.operations.withdrawing import restore_letter, withdraw_letter
from letters.organizer.letter_editor.operations.writing import Text, remove_translation, translate_letter, write_text

__all__ = [
    "MAX_FIRST_PUBLICATIONS",
    "SETTINGS",
    "Text",
    "bin_draft",
    "clear_collective",
    "close_letter",
    "create_draft_link",
    "delete_draft",
    "discard_revision",
    "draft_letter",
    "empty_bin",
    "free_slug",
    "note_opened",
    "publish_if_due",
    "publish_letter",
    "readdress_letter",
    "remove_translation",
    "reopen_letter",
    "restore_draft",
    "restore_letter",
    "revoke_draft_link",
    "schedule_letter",
    "set_up_letter",
    "start_letter",
    "start_revision",
    "translate_letter",
    "withdraw_letter",
    "write_text",
]
