"""The refusals about reviewing signatures. See refusals.py."""

from django.utils.translation import gettext_lazy as _

from letters.shared.explanation import Explanation
from letters.shared.refused import Refusal

OF_MODERATION: dict[Refusal, Explanation] = {
    Refusal.DECIDED_AGAIN: Explanation(
        _("You can no longer undo this decision, because the signature has changed since.")
    ),
    Refusal.ANOTHER_DECIDES: Explanation(
        _("The signer has appealed against a decision of yours, so another moderator must decide.")
    ),
    Refusal.BULK_MOVED_ON: Explanation(
        _("Someone else changed this bulk decision, or it was finished, after you opened the page.")
    ),
    Refusal.BULK_UNDER_WAY: Explanation(
        _("Another bulk decision about this letter is not finished. Wait until it is, or cancel it.")
    ),
    Refusal.MANY_ADDRESSES: Explanation(
        _("You have searched for as many addresses as you can in a day. Try again tomorrow."), field="email"
    ),
    Refusal.MANY_LOST_MAILBOXES: Explanation(
        _("You have acted for as many addresses as you can in a day. Try again tomorrow."), field="email"
    ),
    Refusal.NAMES_AN_ADDRESS: Explanation(
        _("Do not write an address here: we keep this permanently. Say what the person showed you."), field="proof"
    ),
    Refusal.NO_WAVE: Explanation(_("The wave is over.")),
    Refusal.MANY_PROOF_EMAILS: Explanation(
        _("We have sent three codes for this question, which is the limit. Enter the newest one, or give us a link."),
        field="email",
    ),
    Refusal.WRONG_PROOF_CODE: Explanation(
        _("That code is wrong or has expired. Use the code in our latest email, or ask for another one."), field="code"
    ),
    Refusal.NOTHING_ASKED: Explanation(
        _("You can no longer answer: the question has been answered, it is too late, or a moderator has decided.")
    ),
    Refusal.NOTHING_CHOSEN: Explanation(_("This decision would no longer change any signature. Search again.")),
    Refusal.SECOND_PERSON: Explanation(_("You asked for this decision, so another moderator must approve it.")),
    Refusal.TOO_MANY_CHOSEN: Explanation(
        _("One bulk decision can change at most 20,000 signatures. Narrow down the search, for example by time.")
    ),
    # Rules
    Refusal.ENDS_WRONG: Explanation(
        _("Enter today or a later day. A rule lasts at most a year, and one about a network at most 30 days."),
        field="last_day",
    ),
    Refusal.NO_BURST: Explanation(
        _("This signature is not part of a burst, so there is no network to make a rule about.")
    ),
    Refusal.RULE_OVER: Explanation(_("This rule has ended. Make a new one.")),
    Refusal.TOO_MANY_RULES: Explanation(_("There are 50 rules here already, which is the limit. End one first.")),
    Refusal.TOO_MANY_RULES_TODAY: Explanation(
        _("You have made ten rules within a day, which is the limit. Make the next one tomorrow.")
    ),
    # Taking a letter down
    Refusal.LETTER_TAKEN_DOWN: Explanation(
        _("The people who run this site have taken this letter down, so nothing about it can change."),
        for_action={
            "move": _("The people who run this site have taken this letter down, so it cannot move."),
            "send": _("The people who run this site have taken this letter down, so we send no emails about it."),
        },
    ),
    Refusal.APPEAL_OVER: Explanation(
        _("You can no longer appeal: there has already been an appeal, or it is too late.")
    ),
    Refusal.REPORT_LINK_OVER: Explanation(
        _(
            "This link is too old, a moderator has decided since we sent it, or the list no longer shows the "
            "name. If the list still shows it, you can report it again."
        ),
        410,
    ),
    Refusal.APPEAL_SETTLED: Explanation(_("No appeal is waiting for a decision. Reload this page.")),
    Refusal.NEEDS_ANOTHER_MODERATOR: Explanation(
        _(
            "Another moderator of the site must decide: you took the letter down yourself, or you are a member of its "
            "collective."
        )
    ),
    Refusal.NOT_TAKEN_DOWN: Explanation(_("This letter is no longer taken down. Reload this page.")),
}
