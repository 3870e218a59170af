"""Everything that moderators do, one flow per file. Import from here."""

from letters.moderator.moderation.operations.appeals import queue_appeals
from letters.moderator.moderation.operations.asking import ask_signers, queue_answers
from letters.moderator.moderation.operations.begin import CLAIM_LIFETIME, MAX_BATCH_SIZE, UNSEEN, Seen
from letters.moderator.moderation.operations.bulk import (
    BulkRequest,
    approve_bulk,
    ask_bulk,
    cancel_bulk,
    needs_second_person,
    pause_bulk,
    resume_bulk,
    undo_bulk,
)
from letters.moderator.moderation.operations.bulk_work import forget_criteria, work_on_bulk
from letters.moderator.moderation.operations.claiming import claim_signatures, end_claims
from letters.moderator.moderation.operations.comments import hide_comments, show_comments
from letters.moderator.moderation.operations.deciding import (
    accept_signatures,
    decline_changes,
    forget_replaced_words,
    hold_signatures,
    reject_signatures,
    restore_signatures,
)
from letters.moderator.moderation.operations.opinions import (
    DRAWN_A_DAY,
    claim_opinion,
    draw_decisions,
    give_opinion,
    settle_opinion,
    tend_opinions,
)
from letters.moderator.moderation.operations.reasons import ReasonWords, add_first_reasons, set_reason
from letters.moderator.moderation.operations.searching import MAX_ADDRESSES_A_DAY, search_address
from letters.moderator.moderation.operations.site_moderators import set_site_moderator
from letters.moderator.moderation.operations.undoing import undo_decision, undo_own_decisions

__all__ = [
    "CLAIM_LIFETIME",
    "DRAWN_A_DAY",
    "MAX_ADDRESSES_A_DAY",
    "MAX_BATCH_SIZE",
    "UNSEEN",
    "BulkRequest",
    "ReasonWords",
    "Seen",
    "accept_signatures",
    "add_first_reasons",
    "approve_bulk",
    "ask_bulk",
    "ask_signers",
    "cancel_bulk",
    "claim_opinion",
    "claim_signatures",
    "decline_changes",
    "draw_decisions",
    "end_claims",
    "forget_criteria",
    "forget_replaced_words",
    "give_opinion",
    "hide_comments",
    "hold_signatures",
    "needs_second_person",
    "pause_bulk",
    "queue_answers",
    "queue_appeals",
    "reject_signatures",
    "restore_signatures",
    "resume_bulk",
    "search_address",
    "set_reason",
    "set_site_moderator",
    "settle_opinion",
    "show_comments",
    "tend_opinions",
    "undo_bulk",
    "undo_decision",
    "undo_own_decisions",
    "work_on_bulk",
]
