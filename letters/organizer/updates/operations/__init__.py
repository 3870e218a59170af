"""Updates to signers, and the addressee's answers, one flow per file. Import from here.

Privacy: people who get an update have asked for it, so it does not count towards the three emails a day that a stranger
can cause by typing an address into our forms (letters/signer/signing/queries/recipients.py). The limit for updates is
one per letter and day.
"""

from letters.organizer.updates.operations.answers import AnswerText, hide_answer, publish_answer, write_answer
from letters.organizer.updates.operations.binning import (
    bin_update,
    delete_update,
    empty_bin_of_updates,
    restore_update,
)
from letters.organizer.updates.operations.correcting import MAX_CORRECTION_LENGTH, correct_update
from letters.organizer.updates.operations.sending import (
    TEST_MAILS,
    pause_update,
    resume_update,
    send_test_mail,
    send_update,
    show_update,
    stop_update,
    why_not_now,
)
from letters.organizer.updates.operations.spreading import drop_owed, spread_update, tally_update
from letters.organizer.updates.operations.text import MAX_BODY_LENGTH, MAX_TITLE_LENGTH
from letters.organizer.updates.operations.translating import remove_update_translation, translate_update
from letters.organizer.updates.operations.unsubscribing import unsubscribe
from letters.organizer.updates.operations.writing import UpdateText, write_update

__all__ = [
    "MAX_BODY_LENGTH",
    "MAX_CORRECTION_LENGTH",
    "MAX_TITLE_LENGTH",
    "TEST_MAILS",
    "AnswerText",
    "UpdateText",
    "bin_update",
    "correct_update",
    "delete_update",
    "drop_owed",
    "empty_bin_of_updates",
    "hide_answer",
    "pause_update",
    "publish_answer",
    "remove_update_translation",
    "restore_update",
    "resume_update",
    "send_test_mail",
    "send_update",
    "show_update",
    "spread_update",
    "stop_update",
    "tally_update",
    "translate_update",
    "unsubscribe",
    "why_not_now",
    "write_answer",
    "write_update",
]
