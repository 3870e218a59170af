"""The refusals about signatures on paper. See refusals.py."""

from django.utils.translation import gettext_lazy as _

from letters.shared.explanation import Explanation
from letters.shared.refused import Refusal

OF_PAPER: dict[Refusal, Explanation] = {
    Refusal.PAPER_HIDDEN: Explanation(
        _(
            "A moderator of this site has hidden a number of signatures on paper of this letter. You can neither "
            "change that number nor enter another one. The reason is on this page. If it is wrong, write to the people "
            "who run this site."
        )
    ),
    Refusal.PAPER_NOT_PUBLIC: Explanation(
        _("Publish the letter first. Signatures on paper are shown on its public page, beside its count.")
    ),
    Refusal.PAPER_OVER: Explanation(
        _("This number is no longer current: it was corrected or withdrawn. Reload this page.")
    ),
    Refusal.PAPER_WRONG: Explanation(
        _("Enter a number between 1 and 10,000,000, a day that is not in the future, and who counted them.")
    ),
    Refusal.TOO_MANY_PAPER: Explanation(
        _("A letter shows at most 20 numbers of signatures on paper. Correct one of them, and enter the sum.")
    ),
}
