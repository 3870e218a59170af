"""The email that invites somebody to a collective.

Privacy: it names the person who invites only by the name that they chose for teammates, and gives nobody's address.
"""

import time
from collections.abc import Callable, Mapping

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone

from letters.base.accounts.invitations import ASKED_AGAIN_AFTER, has_stopped_in_second
from letters.base.outbox.composing import compose_mail, render_mail
from letters.base.outbox.mail import NotBefore
from letters.models import MemberInvitation, OutgoingEmail
from letters.organizer.collectives import queries


def team_invitation(outgoing: OutgoingEmail) -> EmailMessage | NotBefore | None:
    """Ask somebody to accept a role, or return None if the invitation is not valid any more.

    The email is in the language of the collective's newest letter, because we know only an address.
    """
    now = timezone.now()
    standing = MemberInvitation.objects.standing(now).select_related("collective", "invited_by")
    invitation = standing.filter(outgoing_emails=outgoing).first()
    if invitation is None or not invitation.address or queries.is_one_mail_too_many(outgoing, invitation):
        return None
    if has_stopped_in_second(invitation.collective_id, int(time.monotonic())):
        # The invitation is still valid. Its email leaves if staff let the collective invite again.
        return NotBefore(now + ASKED_AGAIN_AFTER)
    context = {
        "invitation": invitation,
        "collective": invitation.collective,
        "inviter": invitation.invited_by.name,
        "join_url": settings.SITE_URL + invitation.link(),
        "until": invitation.expires_at,
    }
    parts = render_mail("team_invitation", context, language=queries.language_of(invitation.collective))
    return compose_mail(outgoing, parts, to=invitation.address)


MAILS: Mapping[str, Callable[[OutgoingEmail], EmailMessage | NotBefore | None]] = {
    OutgoingEmail.Kind.TEAM_INVITATION: team_invitation
}
