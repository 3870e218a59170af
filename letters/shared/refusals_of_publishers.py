"""The refusals about who publishes, under which name, whom a page features, and whether the site must agree first."""

from django.utils.translation import gettext_lazy as _

from letters.shared.explanation import Explanation
from letters.shared.refused import Refusal

OF_PUBLISHERS: dict[Refusal, Explanation] = {
    Refusal.BATCH_TOO_SMALL: Explanation(
        _(
            "Withheld names must be counted together with no fewer than the site asks for, and with no fewer than you "
            "told people who may have signed. Enter a larger number, up to 100."
        ),
        field="batch_size",
    ),
    Refusal.BREAKDOWN_TOO_LATE: Explanation(
        _(
            "You can switch this on only before the letter is public and before you invite people to sign first: "
            "everyone who signs must read on the form that these numbers are shown."
        ),
        field="breakdown_public",
    ),
    Refusal.DATA_DELETED: Explanation(
        _(
            "What we stored about the signers of this letter is deleted. We would no longer notice who signs twice, so "
            "the letter stays closed."
        )
    ),
    Refusal.KEPT_LONGER: Explanation(
        _(
            "Signers have read on the form how long we keep what we store about them. So you can shorten this time, "
            "but not make it longer."
        ),
        field="keep_addresses",
    ),
    Refusal.DECLINED_FEATURING: Explanation(
        _("This signer does not want to be featured. They can change their mind on the page of their signature.")
    ),
    Refusal.NOT_FEATURABLE: Explanation(
        _("You can feature a signature only while everyone can read its name. Choose another one.")
    ),
    Refusal.TOO_MANY_ASKED: Explanation(
        _("You have asked 60 signers, which is the limit for one letter. Withdraw a question that nobody has answered.")
    ),
    Refusal.OWN_LETTER: Explanation(
        _("You are a member of the collective that publishes this letter, so another moderator must decide.")
    ),
    Refusal.REVIEW_OVER: Explanation(_("This text no longer needs a decision. These texts do.")),
    Refusal.TEXT_CHANGED_SINCE: Explanation(
        _("The organizers have changed the text since you opened it, so nothing is decided. Read it again.")
    ),
    Refusal.WAITS_FOR_SITE: Explanation(
        _("The people who run this site review each letter before it is public. They have not reviewed yours yet.")
    ),
    Refusal.DOMAIN_IS_ANYONES: Explanation(
        _(
            "Many people who do not know each other have addresses or websites there, so it says nothing about your "
            "collective. Enter a domain that belongs to one organisation."
        ),
        field="domain",
    ),
    Refusal.DOMAIN_REMOVED: Explanation(
        _(
            "The people who run this site have removed this domain from your collective. Write to them if that is "
            "wrong: they can let you verify it again."
        ),
        field="domain",
    ),
    Refusal.MANY_DOMAIN_CODES: Explanation(
        _(
            "We have sent as many codes to this domain, or for your collective, as we send in a day. Try again "
            "tomorrow."
        ),
        field="domain",
    ),
    Refusal.TOO_MANY_DOMAINS: Explanation(
        _("A collective can have five domains, which is the limit. Remove one first."), field="domain"
    ),
    Refusal.WRONG_DOMAIN_CODE: Explanation(
        _("That code is wrong or has expired. Use the code in our latest email, or have another one sent."),
        field="code",
    ),
    Refusal.NAME_IN_USE: Explanation(
        _(
            "Another collective has published letters under this name, or under one that looks the same. Choose "
            "another name. If you are the same people, write to the people who run this site: they can allow it."
        ),
        field="name",
        for_action={
            "publish": _(
                "Your changes are saved, but the letter is not published. Another collective has published letters "
                "under your name, or under one that looks the same. Change the name of your collective. If you are the "
                "same people, write to the people who run this site: they can allow it."
            ),
            "schedule": _(
                "Your changes are saved, but the letter is not scheduled. Another collective has published letters "
                "under your name, or under one that looks the same. Change the name of your collective. If you are the "
                "same people, write to the people who run this site: they can allow it."
            ),
            "move": _(
                "Another collective has published letters under your name, or under one that looks the same. Change "
                "the name of your collective, then accept the letter. If you are the same people, write to the people "
                "who run this site: they can allow it."
            ),
        },
    ),
}
