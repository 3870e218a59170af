"""The email that invites someone to a collective.

Privacy: it names the person who invites only by the name that they chose for other members, and contains nobody's
address.
"""

import time
from collections.abc import Iterator, Mapping

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from letters.base.accounts.invitations import ASKED_AGAIN_AFTER, has_stopped_in_second
from letters.base.accounts.queries import confirmed, reachable
from letters.base.outbox.built import Builder, Built, Drop, DropReason, Send, Wait
from letters.base.outbox.composing import compose_email, compose_email_to, render_email
from letters.base.outbox.daily_limit import instead_of_one_too_many
from letters.models import EmailKind, MemberInvitation, OutgoingEmail, Suspension, User
from letters.organizer.collectives import queries


def team_invitation(outgoing: OutgoingEmail) -> Built:
    """Ask someone to accept a role, if the invitation is still valid.

    The email is in the language of the collective's newest letter, because we know only an address.
    """
    now = timezone.now()
    active = MemberInvitation.objects.active(now).select_related("collective", "invited_by")
    invitation = active.filter(outgoing_emails=outgoing).first()
    if invitation is None or not invitation.address:
        return Drop(DropReason.SETTLED)
    if instead := instead_of_one_too_many(outgoing, queries.full_since(outgoing, invitation)):
        return instead
    if queries.is_unwanted(invitation):
        return Drop(DropReason.UNWANTED)
    if has_stopped_in_second(invitation.collective_id, int(time.monotonic())):
        # The invitation is still valid. Its email leaves if staff let the collective invite again.
        return Wait(now + ASKED_AGAIN_AFTER)
    context = {
        "invitation": invitation,
        "collective": invitation.collective,
        "inviter": invitation.invited_by.name,
        "join_url": settings.SITE_URL + invitation.link(),
        "until": invitation.expires_at,
    }
    parts = render_email("team_invitation", context, language=invitation.collective.language_of_emails())
    return Send(compose_email(outgoing, parts, to=invitation.address))


EMAIL_BUILDERS: Mapping[str, Builder] = {EmailKind.TEAM_INVITATION: team_invitation}


def suspension_emails(suspension: Suspension, *, is_end: bool) -> Iterator[EmailMultiAlternatives]:
    """Build the emails that tell the people concerned of a suspension or of its end, each in their language."""
    collective = suspension.collective
    context = {
        "is_end": is_end,
        "is_account": collective is None,
        "collective": collective,
        "reason": suspension.end_reason if is_end else suspension.reason,
    }
    # The account itself is not active.
    of_collective = reachable().filter(memberships__collective=collective)
    people = of_collective if collective else confirmed().filter(suspensions=suspension)
    for person in people.select_related("email_choices").distinct().order_by("pk"):
        parts = render_email("suspension", context, language=_language(person, suspension))
        yield compose_email_to(parts, to=person.email)


def _language(person: User, suspension: Suspension) -> str:
    of_collective = suspension.collective.language_of_emails() if suspension.collective else settings.LANGUAGE_CODE
    return person.language_of_emails(of_collective)
