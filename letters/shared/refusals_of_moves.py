"""The refusals about moving a letter to another collective. See refusals.py."""

from django.utils.translation import gettext_lazy as _

from letters.shared.explanation import Explanation
from letters.shared.refused import Refusal

OF_MOVES: dict[Refusal, Explanation] = {
    Refusal.CANNOT_MOVE_NOW: Explanation(
        _("This letter cannot move now. The owners who offered it can see the reason. Ask them.")
    ),
    Refusal.EMAILS_UNDER_WAY: Explanation(
        _("We are still sending emails to the signers. Wait until all of them are sent, then try again.")
    ),
    Refusal.INVITED_LATELY: Explanation(
        _(
            "You have invited people to sign this letter first. They trusted your collective, so a draft with "
            "invitations cannot move, and a public letter cannot move within 30 days after an invitation."
        )
    ),
    Refusal.JUST_DECLINED: Explanation(
        _("This collective has declined this letter. You can offer it there again 30 days later."), field="slug"
    ),
    Refusal.MOVED_LATELY: Explanation(
        _("This letter has moved within the last 30 days. It can move again 30 days after that.")
    ),
    Refusal.NAMES_ENTRUSTED: Explanation(
        _(
            "Some people show their name only to the organizers. They trusted your collective and no other, so this "
            "letter cannot move while they sign like this."
        )
    ),
    Refusal.OFFER_OVER: Explanation(
        _("This offer has ended. If you still want the letter, ask its owners to offer it again.")
    ),
    Refusal.OFFERED_ALREADY: Explanation(_("This letter is already on offer. Cancel that offer first.")),
    Refusal.OFFERED_TOO_OFTEN: Explanation(
        _("You have offered five letters within a day, which is the limit. Try again tomorrow.")
    ),
    Refusal.OWN_COLLECTIVE: Explanation(
        _("This letter already belongs to this collective. Enter the name of another one."), field="slug"
    ),
    Refusal.STILL_CANCELLABLE: Explanation(
        _("The other owners of this letter have a day to cancel the offer. Accept it after that.")
    ),
}
