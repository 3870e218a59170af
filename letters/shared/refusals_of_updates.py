"""The refusals about updates and the addressee's answers. See refusals.py."""

from django.utils.translation import gettext_lazy as _

from letters.shared.explanation import Explanation
from letters.shared.refused import Refusal

OF_UPDATES: dict[Refusal, Explanation] = {
    Refusal.ANOTHER_UNDER_WAY: Explanation(
        _("We are still sending another update. Wait until it is sent, or stop it.")
    ),
    Refusal.BEGUN: Explanation(
        _("We have started to send this update, so you can no longer change its text."),
        for_action={
            "write": _(
                "Another member has started to send this update, so you can no longer change its text. "
                "What you typed is below."
            ),
        },
    ),
    Refusal.IMPOSSIBLE_DAY: Explanation(
        _("Enter a date between the date of the letter and today."), field="answered_on"
    ),
    Refusal.NO_BODY: Explanation(_("Enter the text."), field="body"),
    Refusal.NO_LINK: Explanation(_("Enter a web address that begins with https://."), field="link"),
    Refusal.NO_RESPONDENT: Explanation(_("Enter who answered."), field="respondent"),
    Refusal.NOT_PUBLIC: Explanation(
        _("Only an update that was sent, and that is on a public page, can be corrected in public.")
    ),
    Refusal.NO_TITLE: Explanation(_("Enter a title."), field="title"),
    Refusal.TOO_LONG: Explanation(_("This is too long. Shorten it."), field="body"),
    Refusal.TOO_MANY_ANSWERS: Explanation(
        _(
            "We did not save this, because the letter has twenty answers, which is the limit. Change one "
            "of them instead."
        )
    ),
    Refusal.TOO_MANY_CORRECTIONS: Explanation(
        _("This update has twenty corrections, which is the limit. Write a new update instead.")
    ),
    Refusal.TOO_MANY_UNSENT: Explanation(
        _(
            "We did not save this, because the letter has twenty unsent drafts, which is the limit. "
            "Change or send one of them before you start another."
        )
    ),
    Refusal.TOO_SOON: Explanation(
        _("The last update was sent less than a day ago. Signers get at most one a day, so send this one tomorrow.")
    ),
}
