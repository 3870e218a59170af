"""The sentence, the HTTP status and the form field for each refusal. Pages use explaining.py."""

from django.utils.translation import gettext_lazy as _

from letters.shared.explanation import Explanation
from letters.shared.refusals_of_mirrors import OF_MIRRORS
from letters.shared.refusals_of_moderation import OF_MODERATION
from letters.shared.refusals_of_moves import OF_MOVES
from letters.shared.refusals_of_organisations import OF_ORGANISATIONS
from letters.shared.refusals_of_paper import OF_PAPER
from letters.shared.refusals_of_publishers import OF_PUBLISHERS
from letters.shared.refusals_of_sealed_letters import OF_SEALED_LETTERS
from letters.shared.refusals_of_staff import OF_STAFF
from letters.shared.refusals_of_updates import OF_UPDATES
from letters.shared.refusals_of_webhooks import OF_WEBHOOKS
from letters.shared.refused import Refusal

NOT_FOUND = _("This page does not exist, or you cannot see it. Check the web address.")
TOO_OFTEN = _("You have tried too many times. Wait a few minutes, then try again.")

EXPLANATIONS: dict[Refusal, Explanation] = {
    # Privacy: a person who may not act on something reads the same as if it did not exist. The guards answer the same
    # (letters/base/accounts/guards.py).
    Refusal.NOT_YOURS: Explanation(NOT_FOUND, 404),
    Refusal.OWNS_LETTERS_ALONE: Explanation(
        _(
            "You are the only owner of a collective that has public letters or other members. Make another member an "
            "owner first."
        )
    ),
    # Collectives
    Refusal.FEW_TODAY: Explanation(
        _(
            "Your account has invited as many people as it can today. Try again tomorrow. Each signature on the "
            "published letters of your collectives lets you invite one more person a day."
        ),
        field="email",
    ),
    Refusal.GONE: Explanation(NOT_FOUND, 404),
    Refusal.INVITED_OTHERWISE: Explanation(
        _("This address already has an invitation with a different role. Withdraw that invitation first."),
        field="email",
    ),
    Refusal.IS_MEMBER: Explanation(
        _("The person with this address is already a member. You can change their role in the list of members."),
        field="email",
    ),
    Refusal.LAST_OWNER: Explanation(_("The collective has no other owner. Make another member an owner first.")),
    Refusal.NAMES_A_LINK: Explanation(
        _(
            "The name of your collective, or your own name, looks like a web address. Invitations show both. Change "
            "that name first."
        ),
        field="name",
    ),
    Refusal.NO_NAME: Explanation(_("Enter the name of the collective."), field="name"),
    Refusal.NOT_CLEARED: Explanation(
        _(
            "The people who run this site review each new collective before it can invite anyone. They have "
            "not reviewed yours yet. Try again later."
        ),
        field="email",
        for_action={
            "publish": _(
                "Your changes are saved, but the letter is not published. The people who run this site review "
                "each new collective before its first letter is published. They have not reviewed yours yet. "
                "Try again later."
            ),
            "schedule": _(
                "Your changes are saved, but the letter is not scheduled. The people who run this site review "
                "each new collective before its first letter is published. They have not reviewed yours yet. "
                "Set the time once they have."
            ),
            "move": _(
                "The people who run this site review each new collective before it can publish a letter. They have "
                "not reviewed yours yet, so a public letter cannot move to it. Try again later."
            ),
        },
    ),
    Refusal.OVER: Explanation(NOT_FOUND, 404),
    Refusal.INVITATIONS_STOPPED: Explanation(
        _(
            "Invitations have stopped automatically: too many of yours bounced or were reported as spam. We "
            "will send no more until the people who run this site have reviewed them."
        ),
        field="email",
        for_action={
            "invite": _(
                "Invitations to this letter have stopped automatically: too many of them bounced or were "
                "reported as spam. We will send no more until the people who run this site have reviewed them."
            ),
        },
    ),
    Refusal.SLUG_TAKEN: Explanation(
        _("Another collective uses this web address. Enter a different one."), field="slug"
    ),
    Refusal.TOO_MANY_OPEN: Explanation(
        _("Twenty invitations are unanswered, which is the limit. Wait until one is accepted, or withdraw one."),
        field="email",
    ),
    Refusal.TOO_MANY_TODAY: Explanation(
        _("You have sent fifty invitations today, which is the limit. Send more tomorrow."),
        field="email",
        for_action={
            "cover": _("You have uploaded too many pictures within a day. Upload this one tomorrow."),
            "export": _(
                "Twenty files of this letter were made within a day, which is the limit. Use one of "
                "those, or try again tomorrow."
            ),
            "invite": _(
                "Your account cannot invite that many people today. A new account can invite 20 people a day. Each "
                "signature on the published letters of your collectives lets you invite one more, up to 1,000. Send a "
                "shorter list now, and the rest tomorrow."
            ),
        },
    ),
    Refusal.UNKNOWN_ROLE: Explanation(_("Select a role from the list."), field="role"),
    Refusal.UNKNOWN_TIMEZONE: Explanation(_("Select a time zone from the list."), field="timezone"),
    Refusal.YOURSELF: Explanation(
        _("This is your own email address. Enter the address of the person you want to invite."), field="email"
    ),
    # The status of a letter
    Refusal.LETTER_CLOSED: Explanation(_("This letter is closed. You can no longer sign it.")),
    Refusal.LETTER_DRAFT: Explanation(_("This letter is a draft, so nobody has signed it yet. Publish it first.")),
    Refusal.LETTER_NOT_OPEN_YET: Explanation(_("You cannot sign this letter yet. Come back when it opens.")),
    Refusal.LETTER_OPEN: Explanation(
        _(
            "This letter is already open, so anyone can sign it. You can invite first signatories only "
            "before a letter opens."
        )
    ),
    Refusal.NOT_A_DRAFT: Explanation(_("Everyone can read this letter, so it does not need a draft link.")),
    Refusal.ONLY_DRAFTS: Explanation(_("Only a draft can be deleted. Withdraw a public letter instead.")),
    Refusal.LETTER_WITHDRAWN: Explanation(
        _("This letter was withdrawn, so you can no longer change it."),
        for_action={
            "move": _("The letter was withdrawn, so it cannot move to another collective."),
            "invite": _("The letter was withdrawn. Nobody can sign it."),
            "send": _("The letter was withdrawn, so we send no more emails about it."),
        },
    ),
    **OF_MIRRORS,
    **OF_MODERATION,
    **OF_MOVES,
    **OF_ORGANISATIONS,
    **OF_PAPER,
    **OF_PUBLISHERS,
    **OF_SEALED_LETTERS,
    **OF_STAFF,
    # Writing and publishing a letter
    Refusal.ADDRESS_RESERVED: Explanation(
        _("This site needs this web address itself. Enter a different one."), field="slug"
    ),
    Refusal.ADDRESS_TAKEN: Explanation(
        _("Another letter uses this web address, or used it before. Enter a different one."), field="slug"
    ),
    Refusal.CHANGED_MEANWHILE: Explanation(
        _("Another member has changed the text since you opened this page. Read it again before you send it."),
        for_action={
            "write": _(
                "Another member has saved a different text. Nothing is lost: your text is in the form, "
                "and theirs is below it. Copy what you want, then save."
            ),
            "save_page": _(
                "Someone has saved another version since you opened this page. Copy your text, open the page again, "
                "and put your changes in."
            ),
        },
    ),
    Refusal.END_IS_PAST: Explanation(
        _("This time has passed. Enter a later one, or leave this empty and close the letter."), field="closes_at"
    ),
    Refusal.FINAL: Explanation(_("More than a day has passed, so you can no longer undo the withdrawal.")),
    Refusal.IN_THE_PAST: Explanation(_("This time has passed. Enter a later one, or publish the letter now.")),
    Refusal.LANGUAGE_PUBLIC: Explanation(
        _("This translation is published, so you cannot remove it. You can change it in a new revision.")
    ),
    Refusal.LANGUAGES_MISSING: Explanation(
        _("The published letter exists in more languages than this revision. Add the missing translations.")
    ),
    Refusal.NO_KIND: Explanation(_("Select whether this is a correction or a change of substance."), field="kind"),
    Refusal.NO_NOTE: Explanation(_("Enter what has changed, in one sentence. It is public."), field="note"),
    Refusal.NO_REASON: Explanation(_("Enter a reason."), field="reason"),
    Refusal.NO_TEXT: Explanation(
        _("The letter has no text in its original language. Write that text first."),
        for_action={"invite": _("Write the letter first: the people you invite want to read what they sign.")},
    ),
    Refusal.PICTURE_NOT_DESCRIBED: Explanation(
        _(
            "A picture has no description yet. In the text, replace “Describe the picture here” with what the picture "
            "shows, for people who cannot see it."
        )
    ),
    Refusal.NOBODY_LEFT: Explanation(
        _("No member of the collective can publish letters now. Ask an owner to add an editor.")
    ),
    Refusal.NOT_A_CORRECTION: Explanation(
        _(
            "This is more than a correction. Since the first text or the last change of substance, the "
            "addressee, the title, a picture or more than 5 per cent of the words have changed in at least one "
            "language. Your text is saved. Publish it as a change of substance, so that nobody seems to "
            "have signed something they have not read."
        )
    ),
    Refusal.NOTHING_CHANGED: Explanation(
        _("Nothing has changed since the last publication, so there is nothing to publish."),
        for_action={
            "send": _("There is nothing to ask the signers, so we emailed nobody."),
            "save_page": _("The text is the same as before, so there is nothing to save."),
        },
    ),
    Refusal.OPEN_ALREADY: Explanation(
        _(
            "People have already signed this letter, so its opening time cannot be in the future. Enter an "
            "earlier time."
        ),
        field="opens_at",
    ),
    Refusal.ORIGINAL: Explanation(_("You cannot remove the original language of the letter.")),
    Refusal.PUBLISHED_ALREADY: Explanation(_("This letter is already published.")),
    Refusal.REVISION_PUBLISHED: Explanation(
        _("This text is published, so you cannot change it. Start a new revision instead."),
        for_action={
            "cover": _("This picture is part of the text that people sign. Start a new revision first."),
            "write": _(
                "The letter has been published since you opened this page, so its text can no longer "
                "change. What you typed is below: you can keep it as a new revision."
            ),
        },
    ),
    Refusal.TOO_COMPLICATED: Explanation(
        _("This text is too complicated. Put fewer lists, quotations and formatting marks inside one another."),
        field="body",
    ),
    Refusal.TOO_MANY_DRAFTS: Explanation(
        _("You have started twenty letters within a day, which is the limit. Start the next one tomorrow."),
        field="title",
    ),
    Refusal.TOO_MANY_LANGUAGES: Explanation(
        _(
            "We did not save this, because the letter has forty languages, which is the limit. Copy this "
            "text, then remove another language."
        )
    ),
    Refusal.TOO_MANY_LETTERS: Explanation(
        _(
            "Your changes are saved, but the letter is not published. One account can publish five "
            "letters within a day. Try again tomorrow."
        ),
        for_action={
            "schedule": _(
                "Your changes are saved, but the letter is not scheduled. One account can publish or schedule five "
                "letters within a day. Try again tomorrow."
            ),
        },
    ),
    Refusal.TOO_MANY_PUBLICATIONS: Explanation(
        _(
            "Your text is saved, but not published. You can publish new revisions of a letter at most ten "
            "times within a day. Publish this one tomorrow."
        )
    ),
    Refusal.TOO_MANY_TEXTS: Explanation(
        _("This letter has had 500 texts, which is the limit. Write a new letter, and link to this one.")
    ),
    Refusal.TOO_MUCH_TEXT: Explanation(
        _(
            "We did not save this, because your account has added 20 MB of text today, which is the "
            "limit. Copy this text, and save it here tomorrow."
        ),
        field="body",
        for_action={
            "revise": _(
                "We did not start a new revision, because your account has added 20 MB of text today, "
                "which is the limit. Start it tomorrow."
            ),
        },
    ),
    # Moderation
    Refusal.DECIDED_AGAIN: Explanation(
        _("You can no longer undo this decision, because the signature has changed since."), 409
    ),
    Refusal.REASON_RETIRED: Explanation(
        _("This reason is no longer on the list. Reload this page, then select another one."), 409
    ),
    # Pictures, lists and selections
    Refusal.TOO_MANY: Explanation(
        _("That is too many at once. Select fewer."),
        for_action={
            "cover": _(
                "This letter has fifty pictures, which is the limit. We delete pictures after a week "
                "if no text shows them."
            ),
            "invite": _(
                "A letter can have at most 10,000 addresses, counting every list that you have added. Add "
                "a shorter list."
            ),
            "show": _("A letter can have at most 20 draft links. Revoke one that you no longer need."),
            "send": _(
                "You have sent too many tests within an hour. Look at the ones that you already have, "
                "or try again later."
            ),
        },
    ),
    **OF_UPDATES,
    **OF_WEBHOOKS,
    # Letter deliveries and exports
    Refusal.GAVE_UP: Explanation(_("We could not make this file. Ask for it again.")),
    Refusal.NEVER_PUBLISHED: Explanation(
        _("You can record a letter delivery only for a published letter. Publish the letter first.")
    ),
    Refusal.NO_FILE: Explanation(_("We no longer have this file. Ask for it again."), 404),
    Refusal.NO_SUCH_FORMAT: Explanation(_("You cannot export in that format. Select another one."), 404),
    Refusal.NO_SUCH_LANGUAGE: Explanation(_("The letter has not been published in this language. Select another one.")),
    Refusal.NOT_SETTABLE: Explanation(
        _(
            "We could not make this file, because part of the text does not fit on a page. It may contain "
            "a very long word. Change the text, then ask again."
        )
    ),
    Refusal.TOO_MANY_OF_YOURS: Explanation(
        _("You have asked for sixty files within a day, which is the limit. Use one of those, or try again tomorrow.")
    ),
    Refusal.TOO_MANY_SIGNATURES: Explanation(
        _("The letter has never had so many signatures. Enter a lower number."), field="signature_count"
    ),
    # Signing
    Refusal.ANSWERED: Explanation(
        _("You have already answered. To change your answer, use the private link in our email.")
    ),
    Refusal.CHANGED: Explanation(
        _("The signature has changed since you opened this page. Read it again, then confirm it.")
    ),
    Refusal.CHANGED_AGAIN: Explanation(
        _("The text changed again while you were reading, and nothing was saved. This is the current text.")
    ),
    Refusal.ELSEWHERE: Explanation(
        _(
            "You can sign this letter only with an email address at certain domains. The address that was invited"
            " is not at one of them."
        )
    ),
    Refusal.INVITATION_OVER: Explanation(_("This invitation has expired. It was valid for two weeks.")),
    Refusal.NOT_ASKED: Explanation(
        _("There is nothing to choose, because the organizers are not asking about this signature now.")
    ),
    Refusal.PAUSED: Explanation(_("Signing is paused. Try again in a few minutes."), 503),
    Refusal.SIGNATURE_WITHDRAWN: Explanation(_("This signature was withdrawn.")),
    Refusal.TEXT_CHANGED: Explanation(
        _(
            "The text has changed since you opened it, so we did not record your signature. Read the current text"
            " below, then sign."
        )
    ),
    Refusal.TRY_AGAIN: Explanation(
        _("Something changed while you were signing, and nothing was saved. Press “Sign” again.")
    ),
    Refusal.WRONG_CODE: Explanation(
        _("That code is wrong or has expired. Use the code in our latest email, or open its link."),
        field="code",
    ),
    # Limits, and services that do not answer
    **{
        each: Explanation(TOO_OFTEN, 429)
        for each in (
            Refusal.MANY_CONFIRMATIONS,
            Refusal.MANY_DOWNLOADS,
            Refusal.MANY_FOR_ADDRESS,
            Refusal.MANY_FROM_NETWORK,
            Refusal.MANY_PICTURES,
            Refusal.MANY_SEARCHES,
            Refusal.MANY_REQUESTS,
            Refusal.MANY_WITHOUT_PROOF,
        )
    },
    Refusal.NO_WORKER: Explanation(
        _("We could not send the email. Try again in a minute."),
        503,
        for_action={
            "withdraw": _(
                "Nothing was changed, because we could not email the owners about it. Try again in a minute."
            ),
        },
    ),
    Refusal.PROOF_WANTED: Explanation(_("Your browser must run a short check first. Send the form again."), 422),
}
