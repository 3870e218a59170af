"""The refusals about webhooks and personal tokens. See refusals.py."""

from django.utils.translation import gettext_lazy as _

from letters.shared.explanation import Explanation
from letters.shared.refused import Refusal

OF_WEBHOOKS: dict[Refusal, Explanation] = {
    Refusal.TOO_MANY_TESTS: Explanation(
        _("Your collective has sent twenty tests within an hour, which is the limit. Try again later.")
    ),
    Refusal.TOO_MANY_TOKENS: Explanation(
        _("You have twenty personal tokens in this collective, which is the limit. Revoke one first."),
        field="name",
    ),
    Refusal.TOO_MANY_WEBHOOKS: Explanation(
        _("Your collective has five webhooks, which is the limit. Delete one that you no longer need."), field="url"
    ),
    Refusal.WEBHOOK_OFF: Explanation(_("This webhook is switched off. Switch it on first.")),
}
