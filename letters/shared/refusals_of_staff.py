"""The refusals that people who run the site read. See refusals.py."""

from django.utils.translation import gettext_lazy as _

from letters.shared.explanation import Explanation
from letters.shared.refused import Refusal

OF_STAFF: dict[Refusal, Explanation] = {
    Refusal.NAME_IS_FREE: Explanation(
        _("No other collective has published under a name like this, so there is nothing to allow."),
        field="collective",
    ),
    Refusal.OUT_OF_BOUNDS: Explanation(_("This number is too low or too high for this limit."), field="value"),
    Refusal.UNFINISHED: Explanation(
        _("The text still says TODO. Write what is missing there, or delete it."), field="markdown"
    ),
    Refusal.UNKNOWN_PLACEHOLDER: Explanation(
        _("The text has words in curly brackets that mean nothing here. Use only those listed below the text."),
        field="markdown",
    ),
    Refusal.SUSPENDED: Explanation(
        _(
            "The people who run this site have suspended this collective. Nobody can change anything in it until "
            "they end the suspension. Its members got an email with the reason."
        )
    ),
    Refusal.SUSPENDED_ALREADY: Explanation(_("This is already suspended.")),
    Refusal.RUNS_THE_SITE: Explanation(
        _("You cannot suspend your own account, or that of a person who runs the site."), field="email"
    ),
    Refusal.CLOSED_ACCOUNT: Explanation(_("This account is closed."), field="email"),
}
