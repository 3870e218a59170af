"""The invitation to a first signatory.

Abuse: it repeats no name from the list, because a list can contain any text and we would deliver it. It repeats the
sender's name and the note, and says that nobody has checked them; `render_email` makes nothing in them a link.
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.utils import timezone

from letters.base.accounts.invitations import ASKED_AGAIN_AFTER, has_stopped_in_second
from letters.base.outbox.built import Builder, Built, Drop, DropReason, Send, Wait
from letters.base.outbox.composing import compose_email, render_email
from letters.base.outbox.daily_limit import full_since, instead_of_one_too_many
from letters.base.outbox.senders import of_collective
from letters.models import INVITATION_LIFETIME, EmailKind, Letter, OutgoingEmail, Signature
from letters.organizer.first_signatories import queries
from letters.organizer.first_signatories.invited import words_of
from letters.shared.refused import Refusal

BOUNCED_OR_REPORTED = {Signature.Concern.BOUNCED, Signature.Concern.COMPLAINED}


def invited(outgoing: OutgoingEmail) -> Built:
    """Build the invitation, or the reminder if the key says so."""
    now = timezone.now()
    signature = Signature.objects.select_related("letter__collective", "contact").get(outgoing_emails=outgoing)
    letter = signature.letter
    if reason := _no_longer_true(signature, now):
        return Drop(reason)
    if instead := instead_of_one_too_many(outgoing, full_since(outgoing, signature, now=now)):
        return instead
    if has_stopped_in_second(letter.collective_id, int(time.monotonic())):
        # The invitation is still valid. Its email leaves if staff let the collective invite again.
        return Wait(now + ASKED_AGAIN_AFTER)
    sender, note = words_of(letter.pk, signature.signed_at)
    decline_url = settings.SITE_URL + signature.link("decline", now=now)
    parts = _parts(
        letter,
        language=signature.language,
        title=queries.title_now(signature),
        letter_url=settings.SITE_URL + signature.link("invitation", now=now),
        decline_url=decline_url,
        until=_last_moment(letter, signature.signed_at),
        sender=sender,
        note=note,
        again=outgoing.key.startswith("invited_again:"),
    )
    message = compose_email(outgoing, parts, to=signature.contact.address)
    # RFC 8058: the unsubscribe button of the email program does the same as the button on our page.
    message.extra_headers |= {
        "List-Unsubscribe": f"<{decline_url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    return Send(message)


def preview(letter: Letter, *, sender: str, note: str, now: datetime) -> dict[str, str]:
    """Return the email as people on the list will get it, for organizers to check. Its links lead nowhere."""
    return _parts(
        letter,
        language=letter.language,
        title=letter.newest_title(),
        letter_url=f"{settings.SITE_URL}/signatures/invitation/…/",
        decline_url=f"{settings.SITE_URL}/signatures/decline/…/",
        until=_last_moment(letter, now),
        sender=sender,
        note=note,
        again=False,
    )


def _last_moment(letter: Letter, invited_at: datetime) -> datetime:
    return min(invited_at + INVITATION_LIFETIME, letter.closes_at or datetime.max.replace(tzinfo=UTC))


def _parts(letter: Letter, *, language: str, **words: Any) -> dict[str, str]:
    context = {"letter": letter, "is_public": letter.status == Letter.Status.PUBLISHED, **words}
    sender = of_collective(letter.collective, is_named=True, language=language)
    return render_email("invited", context, language=language, sender=sender)


def _no_longer_true(signature: Signature, now: datetime) -> DropReason | None:
    letter = signature.letter
    if signature.state != Signature.State.INVITED:
        return DropReason.SETTLED
    if signature.concern in BOUNCED_OR_REPORTED:
        return DropReason.BOUNCED
    if letter.status not in {Letter.Status.DRAFT, Letter.Status.PUBLISHED}:
        return DropReason.LETTER_OVER
    if not hasattr(signature, "contact"):
        return DropReason.NO_ADDRESS
    return DropReason.LETTER_OVER if letter.refusal(now) == Refusal.LETTER_CLOSED else None


EMAIL_BUILDERS: Mapping[str, Builder] = {EmailKind.INVITED: invited}
