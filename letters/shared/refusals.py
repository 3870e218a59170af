"""The sentence, the HTTP status and the form field for each refusal."""

import dataclasses
from collections.abc import Mapping
from typing import Literal

from django.forms import BaseForm
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from letters.shared.limits import TooMany
from letters.shared.refused import Refusal, Refused

# What the person was doing, where the same refusal needs another sentence.
Doing = Literal["", "begin", "cover", "export", "invite", "publish", "revise", "schedule", "send", "withdraw", "write"]


@dataclasses.dataclass(frozen=True)
class Answer:
    sentence: Promise
    status: int = 409
    # The form field that the sentence is about. Forms without it show the sentence above.
    field: str | None = None
    while_doing: Mapping[Doing, Promise] = dataclasses.field(default_factory=dict)


NOT_FOUND = _("There is nothing here, or you may not see it. Check the address.")
TOO_OFTEN = _("You have tried this too often. Wait a few minutes, then try again.")

ANSWERS: dict[Refusal, Answer] = {
    # Privacy: a person who may not act on something reads the same as if it did not exist, like the guards answer
    # (letters/base/accounts/guards.py).
    Refusal.NOT_YOURS: Answer(NOT_FOUND, 404),
    Refusal.OWNS_LETTERS_ALONE: Answer(
        _("You are the only owner of a collective that has letters. Make another member an owner first.")
    ),
    # Collectives
    Refusal.FEW_TODAY: Answer(
        _(
            "Your account has invited as many people as it can today. Try again tomorrow. Each signature on the "
            "published letters of your collectives lets you invite one more person a day."
        ),
        field="email",
    ),
    Refusal.GONE: Answer(NOT_FOUND, 404),
    Refusal.INVITED_OTHERWISE: Answer(
        _("This address is invited already, to another part. Take that invitation back first."), field="email"
    ),
    Refusal.IS_MEMBER: Answer(_("Whoever has this address belongs to the collective already."), field="email"),
    Refusal.LAST_OWNER: Answer(_("Nobody else owns the collective. Make somebody else an owner first.")),
    Refusal.NAMES_A_LINK: Answer(
        _(
            "The name of your collective, or your own name, looks like a web address. Invitations show both. Change "
            "that name first."
        ),
        field="name",
    ),
    Refusal.NO_NAME: Answer(_("Enter the name of the collective."), field="name"),
    Refusal.NOT_CLEARED: Answer(
        _(
            "The people who run this site check each new collective before it can invite anyone. They have not checked "
            "yours yet. Try again later."
        ),
        field="email",
        while_doing={
            "publish": _(
                "Saved, and not published yet. The people who run this site look at each new collective before its "
                "first letter goes out, and they have still to look at yours. Please come back later and press the "
                "button again."
            ),
            "schedule": _(
                "Your changes are saved, but the letter is not scheduled. The people who run this site check each new "
                "collective before its first letter is published. They have not checked yours yet. Set the time once "
                "they have."
            ),
        },
    ),
    Refusal.OVER: Answer(NOT_FOUND, 404),
    Refusal.ROUND_STOPPED: Answer(
        _(
            "Invitations have stopped automatically: too many of yours came back or were reported as spam. We send "
            "nothing until the people who run this site have checked them."
        ),
        field="email",
        while_doing={
            "invite": _(
                "The round has stopped automatically: too many of your invitations came back or were reported as spam. "
                "We send nothing until the people who run this site have checked it."
            ),
        },
    ),
    Refusal.SLUG_TAKEN: Answer(_("This address is taken. Choose another one."), field="slug"),
    Refusal.TOO_MANY_OPEN: Answer(
        _("Twenty invitations are waiting for an answer. Wait until one is accepted, or cancel one."), field="email"
    ),
    Refusal.TOO_MANY_TODAY: Answer(
        _("You have sent fifty invitations today. Send more tomorrow."),
        field="email",
        while_doing={
            "cover": _("You have uploaded too many pictures within a day. Upload this one tomorrow."),
            "export": _(
                "Twenty files were made of this letter within a day. Take one of those, or come back tomorrow."
            ),
            "invite": _(
                "Your account cannot invite that many people today. A new account can invite 20 people a day. Each "
                "signature on the published letters of your collectives lets you invite one more, up to 1,000. Send a "
                "shorter list now, and the rest tomorrow."
            ),
        },
    ),
    Refusal.UNKNOWN_ROLE: Answer(_("Select a role from the list."), field="role"),
    Refusal.UNKNOWN_TIMEZONE: Answer(_("Select a time zone from the list."), field="timezone"),
    Refusal.YOURSELF: Answer(_("This is your own address."), field="email"),
    # The status of a letter
    Refusal.LETTER_CLOSED: Answer(_("This letter is closed. You can no longer sign it.")),
    Refusal.LETTER_DRAFT: Answer(_("The letter is a draft: nobody has signed it yet. Publish it first.")),
    Refusal.LETTER_NOT_OPEN_YET: Answer(_("You cannot sign this letter yet. Come back when it opens.")),
    Refusal.LETTER_OPEN: Answer(
        _("The letter is open: whoever reads it can sign. First signatories are invited before that.")
    ),
    Refusal.LETTER_WITHDRAWN: Answer(
        _("The letter has been withdrawn, and stays as it is."),
        while_doing={
            "invite": _("The letter was withdrawn. Nobody can sign it."),
            "send": _("The letter was withdrawn. We send no more emails about it."),
        },
    ),
    # Writing and publishing a letter
    Refusal.ADDRESS_TAKEN: Answer(_("Another letter has this address, or had it once. Choose another."), field="slug"),
    Refusal.CHANGED_MEANWHILE: Answer(
        _("A teammate has changed the text meanwhile. Read it again before you send it."),
        while_doing={
            "write": _(
                "A teammate has written meanwhile. Nothing is lost: your text stands in the form, theirs below it. "
                "Take over what you want, and save."
            ),
        },
    ),
    Refusal.END_IS_PAST: Answer(
        _("This time has passed. Choose a later one, or leave it empty and close the letter."), field="closes_at"
    ),
    Refusal.FINAL: Answer(_("A day has passed, so the withdrawal is final.")),
    Refusal.IN_THE_PAST: Answer(_("That moment has passed. Choose a later one, or publish it now.")),
    Refusal.LANGUAGE_PUBLIC: Answer(_("Readers have this language: it stays, and can be changed in a new revision.")),
    Refusal.LANGUAGES_MISSING: Answer(
        _("Readers have the letter in more languages than this revision. Add the languages that are missing.")
    ),
    Refusal.NO_KIND: Answer(_("Choose whether this is a correction or a change of substance."), field="kind"),
    Refusal.NO_NOTE: Answer(_("Write what has changed, for the public."), field="note"),
    Refusal.NO_REASON: Answer(_("Write a reason."), field="reason"),
    Refusal.NO_TEXT: Answer(
        _("The letter has no text in its own language."),
        while_doing={"invite": _("Write the letter first: those whom you invite want to read what they sign.")},
    ),
    Refusal.NOBODY_LEFT: Answer(_("Nobody in the collective can publish now. Ask an owner to add someone.")),
    Refusal.NOT_A_CORRECTION: Answer(
        _(
            "This is more than a correction. Compared with the last text that people signed as such, the addressee, "
            "the title, a picture or more than 5 % of the words are different in one of the languages. Your text is "
            "saved. Publish it as a change of substance, so that nobody seems to have signed what they have not read."
        )
    ),
    Refusal.NOTHING_CHANGED: Answer(
        _("Nothing has changed since the last publication, so there is nothing to publish."),
        while_doing={"send": _("There is nothing to ask: nobody was written to.")},
    ),
    Refusal.OPEN_ALREADY: Answer(
        _("The letter has already taken signatures, so this time cannot be in the future."), field="opens_at"
    ),
    Refusal.ORIGINAL: Answer(_("The letter's own language cannot be removed.")),
    Refusal.PUBLISHED_ALREADY: Answer(_("The letter is published already.")),
    Refusal.REVISION_PUBLISHED: Answer(
        _("This text has been published and cannot change any more. Start a new revision to change it."),
        while_doing={
            "cover": _("This picture is part of the text that people sign. Start a new text first."),
            "write": _(
                "The letter has been published meanwhile, and its text does not change any more. What you have typed "
                "stands below: you can keep it as a new revision."
            ),
        },
    ),
    Refusal.TOO_COMPLICATED: Answer(
        _("This text is too complicated. Use fewer lists, quotations and formatting marks inside each other."),
        field="body",
    ),
    Refusal.TOO_MANY_DRAFTS: Answer(
        _("You have started twenty letters within a day. Start the next one tomorrow."), field="title"
    ),
    Refusal.TOO_MANY_LANGUAGES: Answer(
        _(
            "This was not saved, because the letter has forty languages, as many as it can have. Keep a copy of this "
            "text, and remove another language first."
        )
    ),
    Refusal.TOO_MANY_LETTERS: Answer(
        _(
            "Saved, and not published yet. One account can publish five letters within a day. Please come back "
            "tomorrow and press the button again."
        ),
        while_doing={
            "schedule": _(
                "Your changes are saved, but the letter is not scheduled. One account can publish or schedule five "
                "letters within a day. Try again tomorrow."
            ),
        },
    ),
    Refusal.TOO_MANY_PUBLICATIONS: Answer(
        _(
            "Your text is saved, but not published. A letter can be published anew ten times within a day, and this "
            "one has been. Publish it tomorrow."
        )
    ),
    Refusal.TOO_MANY_TEXTS: Answer(
        _("This letter has had 500 texts, which is the most that we keep. Write a new letter, and link to this one.")
    ),
    Refusal.TOO_MUCH_TEXT: Answer(
        _(
            "This was not saved, because your account has added as much text today as it may, 20 MB. Keep a copy of "
            "this text, and save it here tomorrow."
        ),
        field="body",
        while_doing={
            "revise": _(
                "A new revision was not started, because your account has added as much text today as it may, 20 MB. "
                "Start it tomorrow."
            ),
        },
    ),
    # Pictures, lists and selections
    Refusal.TOO_MANY: Answer(
        _("That is too many at once. Choose fewer."),
        while_doing={
            "cover": _("A letter has room for fifty pictures, and this one has as many."),
            "invite": _(
                "A letter can have at most 10,000 addresses, counting every list you have sent in for it. Send a "
                "shorter list."
            ),
            "send": _("You have sent too many tests within an hour. Look at the emails that you already have."),
        },
    ),
    # Updates and the addressee's answers
    Refusal.ANOTHER_UNDER_WAY: Answer(_("Another one is on its way. Wait until it has been sent, or stop it.")),
    Refusal.BEGUN: Answer(
        _("It is on its way already, and its text does not change any more."),
        while_doing={
            "write": _(
                "Another member has started to send this update, so you cannot change its text any more. "
                "What you typed is below."
            ),
        },
    ),
    Refusal.IMPOSSIBLE_DAY: Answer(_("Choose a day between the start of the letter and today."), field="answered_on"),
    Refusal.NO_BODY: Answer(_("Write the text."), field="body"),
    Refusal.NO_LINK: Answer(_("Enter a web address that begins with https://."), field="link"),
    Refusal.NO_RESPONDENT: Answer(_("Enter who has answered."), field="respondent"),
    Refusal.NO_TITLE: Answer(_("Enter a title."), field="title"),
    Refusal.TOO_LONG: Answer(_("This is too long. Shorten it."), field="body"),
    Refusal.TOO_MANY_ANSWERS: Answer(
        _(
            "This was not saved, because the letter has twenty answers, as many as it can have. Change one of them "
            "instead."
        )
    ),
    Refusal.TOO_MANY_UNSENT: Answer(
        _(
            "This was not saved, because the letter has twenty drafts that have not been sent. Change one of them, or "
            "send it, before you start another."
        )
    ),
    Refusal.TOO_SOON: Answer(
        _("The last one was sent less than a day ago. Signers get one a day at most, so send this tomorrow.")
    ),
    # Letter deliveries and exports
    Refusal.GAVE_UP: Answer(_("We could not make this file. Ask for it again.")),
    Refusal.NEVER_PUBLISHED: Answer(_("A draft cannot have been delivered. Publish the letter first.")),
    Refusal.NO_FILE: Answer(_("This file is not there any more. Ask for it again."), 404),
    Refusal.NO_SUCH_FORMAT: Answer(_("You cannot export in that format. Select another one."), 404),
    Refusal.NO_SUCH_LANGUAGE: Answer(_("The letter has not been published in this language.")),
    Refusal.NOT_SETTABLE: Answer(
        _(
            "We could not make this file: something in the text cannot be laid out, such as a word that never ends. "
            "Change it, then ask again."
        )
    ),
    Refusal.TOO_MANY_OF_YOURS: Answer(
        _("You have asked for sixty files within a day. Use one of those, or try again tomorrow.")
    ),
    Refusal.TOO_MANY_SIGNATURES: Answer(_("The letter has never had so many signatures."), field="signature_count"),
    # Signing
    Refusal.ANSWERED: Answer(_("You have answered this already. Use the private link in our email to change it.")),
    Refusal.CHANGED: Answer(_("The signature has changed since you opened this page. Read it again, then confirm it.")),
    Refusal.CHANGED_AGAIN: Answer(
        _("The text changed again while you were reading, and nothing was saved. This is the current text.")
    ),
    Refusal.ELSEWHERE: Answer(
        _(
            "You can sign this letter only with an email address at certain domains. The address that was invited"
            " is not at one of them."
        )
    ),
    Refusal.INVITATION_OVER: Answer(_("This invitation has expired. It was valid for two weeks.")),
    Refusal.NOT_ASKED: Answer(_("Nobody asks about this signature now, so there is nothing to choose.")),
    Refusal.PAUSED: Answer(_("Signing is paused. Try again in a few minutes."), 503),
    Refusal.TAKEN_BACK: Answer(_("This signature was withdrawn.")),
    Refusal.TEXT_CHANGED: Answer(
        _(
            "The text has changed since you opened it, so we did not record your signature. Read the current text"
            " below, then sign."
        )
    ),
    Refusal.TRY_AGAIN: Answer(
        _("Something changed while you were signing, and nothing was saved. Press “Sign” again.")
    ),
    Refusal.WRONG_CODE: Answer(
        _("That code is wrong or has expired. Use the code in our latest email, or the button in it."),
        field="code",
    ),
    # Limits, and what is needed and does not answer
    **{
        each: Answer(TOO_OFTEN, 429)
        for each in (
            Refusal.MANY_CONFIRMATIONS,
            Refusal.MANY_DOWNLOADS,
            Refusal.MANY_FOR_ADDRESS,
            Refusal.MANY_FROM_NETWORK,
            Refusal.MANY_PICTURES,
            Refusal.MANY_REQUESTS,
            Refusal.MANY_WITHOUT_PROOF,
        )
    },
    Refusal.NO_WORKER: Answer(
        _("We could not send the email. Try again in a minute."),
        503,
        while_doing={
            "withdraw": _(
                "Nothing was changed, because we could not email the owners about it. Try again in a minute."
            ),
        },
    ),
    Refusal.PROOF_WANTED: Answer(_("Your browser must run a short check first. Send the form again."), 422),
}


def sentence(refusal: Refusal, doing: Doing = "") -> str:
    answer = ANSWERS[refusal]
    return str(answer.while_doing.get(doing, answer.sentence))


def explain(refused: Refused, doing: Doing = "") -> str:
    """The sentence for a page that goes on. Raises the refusal again where a page would say too much.

    Privacy: a person who may not act on something gets 404 from the middleware, whatever the page was. The middleware
    answers a limit as well: it says how long to wait.
    """
    if ANSWERS[refused.code].status == 404 or isinstance(refused, TooMany):
        raise refused
    return sentence(refused.code, doing)


def add_refusal(form: BaseForm, refused: Refused, doing: Doing = "") -> None:
    """Put the sentence beside its field on the form, or above a form without that field. Raises as `explain` does."""
    name = ANSWERS[refused.code].field
    form.add_error(name if name in form.fields else None, explain(refused, doing))
