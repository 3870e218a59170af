"""The mail that invites somebody to a collective. None if it is no longer true when its turn has come.

It names who invites only by the name that they have given themselves for teammates, and nobody by their address.
"""

from collections.abc import Callable, Mapping

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone, translation

from letters.collectives import queries
from letters.delivering.mail import headers_of
from letters.models import Delivery, Invitation
from letters.shared.addresses import unseal


def team_invitation(delivery: Delivery) -> EmailMessage | None:
    """Asks whether somebody wants the part that is offered."""
    standing = Invitation.objects.standing(timezone.now()).select_related("collective", "invited_by")
    invitation = standing.filter(deliveries=delivery).first()
    if invitation is None or not invitation.address or queries.is_one_mail_too_many(delivery, invitation):
        return None
    with translation.override(settings.LANGUAGE_CODE):
        context = {
            "invitation": invitation,
            "collective": invitation.collective,
            "inviter": invitation.invited_by.name,
            "title": invitation.collective.name,
            "join_url": settings.SITE_URL + invitation.link(),
            "until": invitation.expires_at.astimezone(invitation.collective.zone()),
            "language": translation.get_language(),
            "SITE_URL": settings.SITE_URL,
        }
        parts = {
            part: render_to_string(f"letters/mail/team_invitation.{part}", context)
            for part in ("subject.txt", "txt", "html")
        }
    message = EmailMultiAlternatives(
        subject=" ".join(parts["subject.txt"].split()),
        body=parts["txt"].strip() + "\n",
        to=[unseal(invitation.address)],
        headers=headers_of(delivery.pk),
    )
    message.attach_alternative(parts["html"], "text/html")
    return message


MAILS: Mapping[str, Callable[[Delivery], EmailMessage | None]] = {Delivery.Kind.TEAM_INVITATION: team_invitation}
