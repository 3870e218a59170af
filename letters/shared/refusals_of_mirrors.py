"""The refusals about copies of letters. See refusals.py."""

from django.utils.translation import gettext_lazy as _

from letters.shared.explanation import Explanation
from letters.shared.refused import Refusal

OF_MIRRORS: dict[Refusal, Explanation] = {
    Refusal.MIRROR_NOT_PUBLIC: Explanation(_("Publish the letter first. There are copies of public letters only.")),
    Refusal.TOO_MANY_MIRRORS: Explanation(
        _("A letter lists at most 20 copies. Remove one that nobody needs, then list this one.")
    ),
}
