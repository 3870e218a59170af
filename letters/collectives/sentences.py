"""Every deed in a sentence that an owner can read."""

from collections.abc import Callable, Mapping

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from letters.collectives.queries import Deed
from letters.models import Membership

# By the verb that is recorded. {who} did it, {member} it was done to.
SENTENCES = {
    "create_collective": _("{who} made the collective."),
    "describe_collective": _("{who} changed how the collective is described."),
    "invite_member": _("{who} invited somebody as {role}."),
    "revoke_invitation": _("{who} took back an invitation as {role}."),
    "accept_invitation": _("{who} joined as {role}, invited by {member}."),
    "change_role": _("{who} changed the part of {member} from {role} to {to}."),
    "remove_member": _("{who} removed {member}, until then {role}."),
    "leave_collective": _("{who} left, until then {role}."),
    "close_account": _("{who} closed the account and left, until then {role}."),
    "draft_letter": _("{who} began the letter {letter}."),
    "translate_letter": _("{who} wrote the text of {letter} ({language})."),
    "set_up_letter": _("{who} changed the form or the dates of {letter}."),
    "publish_letter": _("{who} published {letter}."),
    "close_letter": _("{who} closed {letter}."),
    "reopen_letter": _("{who} opened {letter} again."),
    "withdraw_letter": _("{who} withdrew {letter}."),
    "load_sample": _("{who} loaded the sample {letter}."),
    "disown_signature": _("Somebody whose address had been used said that they did not sign {letter}."),
    "note_complaint": _("The owner of an address called our mail spam."),
}

# What may be done to {n} at once.
COUNTED: Mapping[str, Callable[[int], str]] = {
    "accept_signature": lambda n: ngettext(
        "{who} accepted a signature of {letter}.", "{who} accepted {n} signatures of {letter}.", n
    ),
    "reject_signature": lambda n: ngettext(
        "{who} rejected a signature of {letter}.", "{who} rejected {n} signatures of {letter}.", n
    ),
    "restore_signature": lambda n: ngettext(
        "{who} put back a signature of {letter}.", "{who} put back {n} signatures of {letter}.", n
    ),
    "note_bounce": lambda n: ngettext(
        "Mail to a signer of {letter} came back.", "Mail to {n} signers of {letter} came back.", n
    ),
}


def role_name(role: str) -> str:
    names = {
        Membership.Role.OWNER.value: gettext("owner"),
        Membership.Role.EDITOR.value: gettext("editor"),
        Membership.Role.MODERATOR.value: gettext("moderator"),
    }
    return names.get(role, role)


def sentence_of(deed: Deed) -> SafeString:
    """What was done, by whom and to what; for a verb that has no sentence yet, its own words."""
    event = deed.event
    counted = COUNTED.get(event.verb)
    return format_html(
        counted(deed.number) if counted else str(SENTENCES.get(event.verb, _("{who}: {verb}."))),
        who=_isolated(deed.who or (gettext("A signer") if event.actor_kind == "signer" else gettext("The site"))),
        member=_isolated(deed.member or gettext("somebody")),
        role=role_name(str(event.details.get("role", ""))),
        to=role_name(str(event.details.get("to", ""))),
        language=event.details.get("language", ""),
        letter=_letter(deed),
        verb=event.verb.replace("_", " "),
        n=deed.number,
    )


def _letter(deed: Deed) -> SafeString:
    if not deed.slug:
        return format_html("{}", gettext("a letter"))
    url = reverse("edit_letter", kwargs={"slug": deed.slug})
    return format_html('<a href="{}"><bdi>{}</bdi></a>', url, deed.title)


def _isolated(name: str) -> SafeString:
    return format_html("<bdi>{}</bdi>", name)
