"""The email that invites somebody to a collective.

Privacy: it names the person who invites only by the name that they chose for other members, and contains nobody's
address.
"""

import time
from collections.abc import Mapping

from django.conf import settings
from django.utils import timezone

from letters.base.accounts.invitations import ASKED_AGAIN_AFTER, has_stopped_in_second
from letters.base.outbox.built import Builder, Built, Drop, DropReason, Send, Wait
from letters.base.outbox.composing import compose_email, render_email
from letters.base.outbox.daily_limit import instead_of_one_too_many
from letters.models import EmailKind, MemberInvitation, OutgoingEmail
from letters.organizer.collectives import queries


def team_invitation(outgoing: OutgoingEmail) -> Built:
    """Ask somebody to accept a role, if the invitation is still valid.

    The email is in the language of the collective's newest letter, because we know only an address.
    """
    now = timezone.now()
    standing = MemberInvitation.objects.standing(now).select_related("collective", "invited_by")
    invitation = standing.filter(outgoing_emails=outgoing).first()
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
    parts = render_email("team_invitation", context, language=queries.language_of(invitation.collective))
    return Send(compose_email(outgoing, parts, to=invitation.address))


EMAIL_BUILDERS: Mapping[str, Builder] = {EmailKind.TEAM_INVITATION: team_invitation}
