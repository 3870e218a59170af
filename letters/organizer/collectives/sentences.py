"""A sentence for each kind of event in a collective's activity."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from html import unescape
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.html import format_html, strip_tags
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from letters.models import Membership
from letters.organizer.collectives.queries import LogLine

# By verb. {who} is the actor, {member} the person concerned.
SENTENCES = {
    "create_collective": _("{who} created the collective."),
    "describe_collective": _("{who} changed the description of the collective."),
    "choose_replies": _("{who} changed who reads replies to emails of the collective."),
    "invite_member": _("{who} invited someone as {role}."),
    "revoke_invitation": _("{who} withdrew an invitation as {role}."),
    "decline_member_invitation": _("Someone declined an invitation as {role}."),
    "accept_invitation": _("{who} joined as {role}, invited by {member}."),
    "change_role": _("{who} changed the role of {member} from {role} to {to}."),
    "remove_member": _("{who} removed {member}, who was {role}."),
    "leave_collective": _("{who}, who was {role}, left."),
    "close_account": _("{who}, who was {role}, closed their account and left."),
    "notice_wave": _("{who} noticed unusually many signatures of {letter}."),
    "raise_shield": _("{who} raised the shield of {letter}."),
    "end_wave": _("{who} ended the wave, and the shield, of {letter}."),
    "check_decision": _("{who} gave a second opinion about a decision of a moderator on {letter}."),
    "settle_check": _("{who} settled a disagreement about a decision of a moderator on {letter}."),
    "draft_letter": _("{who} started the letter {letter}."),
    "translate_letter": _("{who} edited the text of {letter} ({language})."),
    "set_up_letter": _("{who} changed the form or the dates of {letter}."),
    "ask_for_review": _("{who} asked the people who run the site to review {letter} before it is public."),
    "approve_text": _("The people who run the site said that {letter} looks fine."),
    "send_text_back": _("The people who run the site sent {letter} back, to be changed."),
    "publish_letter": _("{who} published {letter}."),
    "announce_names": _("Enough people had signed {letter}, so its names were announced."),
    "call_off_names": _("Too few names were left, so the announcement of the names of {letter} was cancelled."),
    "release_names": _("The names of {letter} appeared."),
    "miss_names": _("Too few people had signed {letter} when it closed."),
    "delete_unreached": _("All signatures of {letter} were deleted, because too few people had signed."),
    "delete_addresses": _("The addresses of signers of {letter} who did not agree to updates were deleted."),
    "delete_data": _("Everything about the signers of {letter} that readers do not see was deleted."),
    "close_letter": _("{who} closed {letter}."),
    "reopen_letter": _("{who} reopened {letter}."),
    "withdraw_letter": _("{who} withdrew {letter}."),
    "restore_letter": _("{who} undid the withdrawal of {letter}."),
    "settle_reports": _("The people who run the site decided on reports about {letter}."),
    "take_down_letter": _("The people who run the site took {letter} down."),
    "appeal_takedown": _("{who} appealed against taking {letter} down."),
    "uphold_takedown": _("The people who run the site decided that {letter} stays down."),
    "reverse_takedown": _("The people who run the site restored {letter} after an appeal."),
    "restore_taken_down": _("The people who run the site restored {letter}."),
    "fail_publication": _("{letter} could not be published on time."),
    "suspend_collective": _("{who}, who runs the site, suspended the collective."),
    "restore_collective": _("{who}, who runs the site, ended the suspension of the collective."),
    "ask_domain_code": _("{who} had a code sent to a domain for the collective."),
    "verify_domain": _("{who} verified a domain of the collective."),
    "remove_domain": _("{who} removed a domain of the collective."),
    "remove_domain_for_site": _("The people who run the site removed a domain of the collective."),
    "let_prove_domain": _("The people who run the site allowed the collective to verify a domain again."),
    "end_domain": _("A domain of the collective was not verified again within a year."),
    "allow_name": _(
        "The people who run the site allowed the name of the collective, although another has one that looks like it."
    ),
    "clear_collective": _("{who}, who runs the site, allowed the collective to publish."),
    "create_draft_link": _("{who} created a link that shows the draft of {letter} to an outsider."),
    "revoke_draft_link": _("{who} revoked a link that showed the draft of {letter} to an outsider."),
    "offer_letter": _("{who} offered {letter} to another collective."),
    "cancel_offer": _("{who} cancelled the offer of {letter} to another collective."),
    "have_letter_declined": _("“{other}” declined {letter}."),
    "be_offered_letter": _("Another collective offered a letter."),
    "decline_letter": _("{who} declined a letter that another collective offered."),
    "hand_over_letter": _("{letter} moved to “{other}”."),
    "receive_letter": _("{who} accepted {letter} from “{other}”."),
    "bin_draft": _("{who} deleted the draft of {letter}."),
    "restore_draft": _("{who} restored the deleted draft of {letter}."),
    "delete_draft": _("The deleted draft of {letter} was removed for good."),
    "start_revision": _("{who} started a new revision of {letter}."),
    "discard_revision": _("{who} discarded the new revision of {letter}."),
    "remove_translation": _("{who} removed a translation of {letter} ({language})."),
    "schedule_letter": _("{who} changed when {letter} is published automatically."),
    "make_rule": _("{who} made a rule about signatures."),
    "switch_rule_on": _("{who} switched on a rule about signatures."),
    "switch_rule_off": _("{who} switched off a rule about signatures."),
    "end_rule": _("{who} ended a rule about signatures."),
    "ask_bulk_decision": _("{who} asked for a bulk decision about signatures of {letter}."),
    "approve_bulk_decision": _("{who} approved a bulk decision about signatures of {letter}."),
    "pause_bulk_decision": _("{who} paused a bulk decision about signatures of {letter}."),
    "resume_bulk_decision": _("{who} resumed a bulk decision about signatures of {letter}."),
    "cancel_bulk_decision": _("{who} cancelled a bulk decision about signatures of {letter}."),
    "undo_bulk_decision": _("{who} undid a bulk decision about signatures of {letter}."),
    "readdress_letter": _("{who} changed the web address of {letter}."),
    "add_picture": _("{who} added a picture to {letter}."),
    "choose_cover": _("{who} changed the picture above {letter}."),
    "ask_to_carry_over": _("{who} asked the signers of {letter} whether their signatures carry over."),
    "invite_first_signers": _("{who} invited first signatories of {letter}."),
    "upload_list": _("{who} added a list of people to invite to {letter}."),
    "ask_to_invite_again": _("{who} asked the people who run the site to allow the collective to invite again."),
    "let_invite_again": _("{who}, who runs the site, allowed the collective to invite again."),
    "remind_first_signers": _("{who} reminded first signatories of {letter}."),
    "resend_invitation": _(
        "{who} asked to resend an invitation to sign {letter} first. We resend it only if it has not been answered."
    ),
    "resend_confirmations": _("{who} sent the confirmations of {letter} again."),
    "order_first_signers": _("{who} changed the order of the first signatories of {letter}."),
    "withdraw_invitation": _("{who} cancelled an invitation to sign {letter} first, if there was one."),
    "call_off_round": _("{who} cancelled all unanswered invitations to sign {letter} first."),
    "write_update": _("{who} wrote an update for the signers of {letter}."),
    "send_test_mail": _("{who} sent themselves a test of an update about {letter}."),
    "bin_update": _("{who} deleted the draft of an update for the signers of {letter}."),
    "restore_update": _("{who} restored a deleted draft of an update for the signers of {letter}."),
    "delete_update": _("{who} removed a deleted draft of an update for the signers of {letter} for good."),
    "send_update": _("{who} sent an update to the signers of {letter}."),
    "pause_update": _("{who} paused an update about {letter}."),
    "resume_update": _("{who} resumed an update about {letter}."),
    "stop_update": _("{who} stopped an update about {letter}."),
    "translate_update": _("{who} translated an update about {letter}."),
    "remove_update_translation": _("{who} deleted a translation of an update about {letter}."),
    "correct_update": _("{who} corrected an update about {letter} in public."),
    "show_update": _("{who} put an update on the public page of {letter}."),
    "hide_update": _("{who} took an update off the public page of {letter}."),
    "write_answer": _("{who} entered an answer to {letter}."),
    "publish_answer": _("{who} published an answer to {letter}."),
    "hide_answer": _("{who} took an answer to {letter} off its page."),
    "ask_export": _("{who} requested an export of {letter}."),
    "make_export": _("An export of {letter} was made for {who}."),
    "fail_export": _("An export of {letter} could not be made."),
    "download_export": _("{who} downloaded an export of {letter}."),
    "record_letter_delivery": _("{who} recorded that {letter} was delivered."),
    "remove_letter_delivery": _("{who} removed the record that {letter} was delivered."),
    "add_paper_count": _("{who} entered a number of signatures on paper of {letter}."),
    "correct_paper_count": _("{who} corrected a number of signatures on paper of {letter}."),
    "withdraw_paper_count": _("{who} withdrew a number of signatures on paper of {letter}."),
    "hide_paper_count": _("{who} hid a number of signatures on paper of {letter}."),
    "show_paper_count": _("{who} showed a number of signatures on paper of {letter} again."),
    "create_personal_token": _("{who} created the personal token “{named}”."),
    "revoke_personal_token": _("{who} revoked the personal token “{named}” of {member}."),
    "add_mirror": _("{who} listed a copy of {letter} at {host}."),
    "remove_mirror": _("{who} no longer lists the copy of {letter} at {host}."),
    "add_webhook": _("{who} added a webhook at {host}."),
    "delete_webhook": _("{who} deleted the webhook at {host}."),
    "switch_webhook_on": _("{who} switched on the webhook at {host}."),
    "switch_webhook_off": _("{who} switched off the webhook at {host}."),
    "fail_webhook": _("The webhook at {host} was switched off, because nothing arrived there."),
    "test_webhook": _("{who} sent a test to the webhook at {host}."),
    "resend_webhook": _("{who} sent a message to the webhook at {host} again."),
    "vouch_for_organisation": _("{who} vouched for an organisation that signs {letter}."),
    "reject_organisation": _("{who} rejected or removed an organisation that signed {letter}."),
    "restore_organisation": _("{who} restored an organisation that signed {letter}."),
    "withdraw_organisation": _("An organisation that had signed {letter} was withdrawn."),
    "load_sample": _("{who} loaded the sample {letter}."),
}

# Verbs that can apply to {n} objects at once.
COUNTED: Mapping[str, Callable[[int], str]] = {
    "note_complaint": lambda n: ngettext(
        "The owner of an address reported our email as spam.",
        "The owners of {n} addresses reported our email as spam.",
        n,
    ),
    "disown_signature": lambda n: ngettext(
        "Someone whose address had been used said that they did not sign {letter}.",
        "{n} people whose addresses had been used said that they did not sign {letter}.",
        n,
    ),
    "unsubscribe": lambda n: ngettext(
        "A signer of {letter} unsubscribed from its updates.",
        "{n} signers of {letter} unsubscribed from its updates.",
        n,
    ),
    "accept_signature": lambda n: ngettext(
        "{who} accepted a signature of {letter}.", "{who} accepted {n} signatures of {letter}.", n
    ),
    "reject_signature": lambda n: ngettext(
        "{who} rejected a signature of {letter}.", "{who} rejected {n} signatures of {letter}.", n
    ),
    "appeal_rejection": lambda n: ngettext(
        "A signer of {letter} appealed against a rejection.",
        "{n} signers of {letter} appealed against rejections.",
        n,
    ),
    "ask_to_feature": lambda n: ngettext(
        "{who} asked a signer of {letter} whether its page may feature their name.",
        "{who} asked {n} signers of {letter} whether its page may feature their names.",
        n,
    ),
    "take_question_back": lambda n: ngettext(
        "{who} withdrew the question whether the page of {letter} may feature the name of a signer.",
        "{who} withdrew the question whether the page of {letter} may feature the names of {n} signers.",
        n,
    ),
    "answer_featuring": lambda n: ngettext(
        "A signer of {letter} answered whether its page may feature their name.",
        "{n} signers of {letter} answered whether its page may feature their names.",
        n,
    ),
    "feature_signer": lambda n: ngettext(
        "{who} featured a name on the page of {letter}.", "{who} featured {n} names on the page of {letter}.", n
    ),
    "stop_featuring": lambda n: ngettext(
        "{who} stopped featuring a name on the page of {letter}.",
        "{who} stopped featuring {n} names on the page of {letter}.",
        n,
    ),
    "ask_signature": lambda n: ngettext(
        "{who} asked a signer of {letter} for more.", "{who} asked {n} signers of {letter} for more.", n
    ),
    "answer_question": lambda n: ngettext(
        "A signer of {letter} answered a question of a moderator.",
        "{n} signers of {letter} answered questions of moderators.",
        n,
    ),
    "undo_ask": lambda n: ngettext(
        "{who} withdrew a question to a signer of {letter}.",
        "{who} withdrew questions to {n} signers of {letter}.",
        n,
    ),
    "hold_signature": lambda n: ngettext(
        "{who} put a signature of {letter} on hold.", "{who} put {n} signatures of {letter} on hold.", n
    ),
    "hide_comment": lambda n: ngettext(
        "{who} hid the comment of a signature of {letter}.", "{who} hid the comments of {n} signatures of {letter}.", n
    ),
    "show_comment": lambda n: ngettext(
        "{who} showed the comment of a signature of {letter} again.",
        "{who} showed the comments of {n} signatures of {letter} again.",
        n,
    ),
    "undo_accept": lambda n: ngettext(
        "{who} undid accepting a signature of {letter}.", "{who} undid accepting {n} signatures of {letter}.", n
    ),
    "undo_reject": lambda n: ngettext(
        "{who} undid rejecting a signature of {letter}.", "{who} undid rejecting {n} signatures of {letter}.", n
    ),
    "undo_decline": lambda n: ngettext(
        "{who} undid rejecting changes to a signature of {letter}.",
        "{who} undid rejecting changes to {n} signatures of {letter}.",
        n,
    ),
    "undo_hold": lambda n: ngettext(
        "{who} ended the hold of a signature of {letter}.", "{who} ended the hold of {n} signatures of {letter}.", n
    ),
    "restore_signature": lambda n: ngettext(
        "{who} restored a signature of {letter}.", "{who} restored {n} signatures of {letter}.", n
    ),
    "undo_restore": lambda n: ngettext(
        "{who} undid restoring a signature of {letter}.", "{who} undid restoring {n} signatures of {letter}.", n
    ),
    "decline_change": lambda n: ngettext(
        "{who} rejected changes to a signature of {letter}.",
        "{who} rejected changes to {n} signatures of {letter}.",
        n,
    ),
    "restore_change": lambda n: ngettext(
        "{who} returned changes to a signature of {letter} to review.",
        "{who} returned changes to {n} signatures of {letter} to review.",
        n,
    ),
    "note_bounce": lambda n: ngettext(
        "An email to a signer of {letter} bounced.", "Emails to {n} signers of {letter} bounced.", n
    ),
}


def role_name(role: str) -> str:
    names = {
        Membership.Role.OWNER.value: gettext("owner"),
        Membership.Role.EDITOR.value: gettext("editor"),
        Membership.Role.MODERATOR.value: gettext("moderator"),
    }
    return names.get(role, role)


def sentence_of(line: LogLine) -> SafeString:
    """Return the sentence for an event; for a verb without a sentence, the verb itself."""
    event = line.event
    counted = COUNTED.get(event.verb)
    return format_html(
        counted(line.number) if counted else str(SENTENCES.get(event.verb, _("{who}: {verb}."))),
        who=_isolated(line.who or (gettext("A signer") if event.actor_kind == "signer" else gettext("The site"))),
        member=_isolated(line.member or gettext("someone")),
        role=role_name(str(event.details.get("role", ""))),
        to=role_name(str(event.details.get("to", ""))),
        other=_isolated(str(event.details.get("collective", ""))),
        named=_isolated(str(event.details.get("name", ""))),
        host=_isolated(str(event.details.get("host", ""))),
        language=event.details.get("language", ""),
        letter=_letter(line),
        verb=event.verb.replace("_", " "),
        n=line.number,
    )


def csv_heading(zone: ZoneInfo) -> list[str]:
    time = gettext("Time (%(zone)s)") % {"zone": zone.key}
    return [gettext("Day"), time, gettext("What happened"), gettext("Reason"), gettext("Kind of event")]


def csv_rows_of(lines: Iterable[LogLine], zone: ZoneInfo) -> Iterator[list[str]]:
    """Yield a row for each line: day, time, sentence, reason and verb.

    Privacy: what a signer did has no time, as on the page.
    """
    for line in lines:
        there = line.event.at.astimezone(zone)
        time = "" if line.is_of_a_signer else there.strftime("%H:%M")
        said = unescape(strip_tags(sentence_of(line)))
        yield [there.date().isoformat(), time, said, line.event.reason, line.event.verb]


def _letter(line: LogLine) -> SafeString:
    if not line.slug:
        return _isolated(line.title) if line.title else format_html("{}", gettext("a letter"))
    url = reverse("edit_letter", kwargs={"slug": line.slug})
    return format_html('<a href="{}"><bdi>{}</bdi></a>', url, line.title)


def _isolated(name: str) -> SafeString:
    return format_html("<bdi>{}</bdi>", name)
