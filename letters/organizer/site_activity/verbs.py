"""The kinds of events that people can choose."""

from letters.organizer.collectives.sentences import COUNTED, SENTENCES

# These happen to no collective, and have no sentence.
OF_THE_SITE = [
    "add_list_entry",
    "change_own_name",
    "delete_note",
    "end_site_moderator",
    "make_site_moderator",
    "remove_list_entry",
    "reset_limit",
    "restore_account",
    "retally_letter",
    "save_site_page",
    "set_limit",
    "set_reason",
    "suspend_account",
    "turn_switch",
    "write_note",
]
VERBS = sorted({*SENTENCES, *COUNTED, *OF_THE_SITE})
