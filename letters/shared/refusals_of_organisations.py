"""The refusals about organisations that sign. See refusals.py."""

from django.utils.translation import gettext_lazy as _

from letters.shared.explanation import Explanation
from letters.shared.refused import Refusal

OF_ORGANISATIONS: dict[Refusal, Explanation] = {
    Refusal.ORGANISATION_DECIDED: Explanation(
        _("This organisation is no longer waiting for you: it was withdrawn, or another member has decided."), 409
    ),
    Refusal.ORGANISATION_SIGNED: Explanation(
        _("An organisation with a website at this domain is already on the list. Each domain can sign once."), 409
    ),
    Refusal.ORGANISATIONS_OFF: Explanation(
        _("The organizers are not accepting signatures from organisations at the moment."), 409
    ),
}
