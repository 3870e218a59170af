"""The refusals about letters that name nobody until enough people have signed. See refusals.py."""

from django.utils.translation import gettext_lazy as _

from letters.shared.explanation import Explanation
from letters.shared.refused import Refusal

OF_SEALED_LETTERS: dict[Refusal, Explanation] = {
    Refusal.LETTER_SEALED: Explanation(
        _(
            "This letter names nobody until enough people have signed. Until then, nothing that signers were "
            "told may change, so you cannot do this now."
        )
    ),
    Refusal.SEALED_HAS_INVITED: Explanation(
        _(
            "You have invited people to sign first, so their names are known. Only a letter without invitations can "
            "name nobody at first."
        ),
        field="names_from",
    ),
    Refusal.SEALED_NEEDS_END: Explanation(
        _(
            "A letter that names nobody at first needs a closing date that has not passed. If too few people "
            "have signed by then, we delete every signature."
        ),
        field="closes_at",
        for_action={
            "publish": _(
                "Your changes are saved, but the letter is not published. A letter that names nobody at first "
                "needs a closing date. Enter one on the page “Form and dates”."
            ),
            "schedule": _(
                "Your changes are saved, but the letter is not scheduled. A letter that names nobody at first "
                "needs a closing date. Enter one on the page “Form and dates”."
            ),
        },
    ),
    Refusal.SEALED_NOT_REVIEWED: Explanation(
        _("Moderators cannot review names that nobody sees. Switch the review off, or let names appear at once."),
        field="reviewed",
    ),
    Refusal.SEALED_NO_ORGANISATIONS: Explanation(
        _(
            "Organisations would be named at once, so they cannot sign a letter that names nobody at first. Switch "
            "this off. You can switch it on when the names have appeared."
        ),
        field="organisations_sign",
    ),
    Refusal.SEALED_NO_WEBSITES: Explanation(
        _(
            "Other websites see who signs there, so a letter that names nobody at first takes signatures only here. "
            "Remove them. You can allow websites when the names have appeared."
        ),
        field="origins",
    ),
}
