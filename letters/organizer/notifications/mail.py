"""The emails to organizers and staff. Each says who gets it and why, and has a link that switches off its kind."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.urls import reverse
from django.utils import timezone

from letters.base.outbox.built import Builder, Built, Drop, DropReason, Send
from letters.base.outbox.composing import compose_email_to, render_email
from letters.base.retention.queries import day_of_deletion
from letters.models import Deletion, EmailKind, Letter, LetterMove, NotificationKind, OutgoingEmail
from letters.organizer.notifications import queries
from letters.organizer.notifications.daily_email import LetterDay, days_of
from letters.organizer.notifications.queries import MAX_NAMED, Recipient
from letters.shared.message_ids import list_headers, message_id
from letters.shared.tokens import make_dated_handle

# The function that builds the words of an email, by its kind. It returns None if they are no longer true.
Context = dict[str, Any] | None


def notification(outgoing: OutgoingEmail) -> Built:
    """Build the email to one person, unless it is no longer true or they may not or do not want to get it."""
    recipient = queries.recipient_of(outgoing, now=timezone.now())
    if recipient is None:
        return Drop(DropReason.UNWANTED)
    kind = NotificationKind(recipient.notification.kind)
    context = CONTEXTS[kind](recipient)
    if context is None:
        return Drop(DropReason.SETTLED)
    parts = render_email(f"organizer_{kind.value}", {**context, **footer(recipient)}, language=recipient.language)
    return Send(compose_notification(outgoing, recipient, parts))


EMAIL_BUILDERS: Mapping[str, Builder] = {EmailKind.NOTIFICATION: notification}


def footer(recipient: Recipient) -> dict[str, Any]:
    """Return the data for the footer of these emails."""
    collective = recipient.notification.collective
    return {
        "member_of": collective.name if collective else "",
        "choices_url": settings.SITE_URL + reverse("emails_you_get"),
        "off_url": off_url(recipient),
    }


def off_url(recipient: Recipient) -> str:
    """Return the URL that switches off this kind of email. It works for anyone who has it."""
    kind = recipient.notification.kind
    token = make_dated_handle(queries.purpose_of(kind), recipient.account.pk, now=recipient.at)
    return settings.SITE_URL + reverse("switch_emails_off", kwargs={"kind": kind, "token": token})


def compose_notification(
    outgoing: OutgoingEmail, recipient: Recipient, parts: Mapping[str, str]
) -> EmailMultiAlternatives:
    """Build the message, with the headers by which an email program unsubscribes (RFC 8058)."""
    message = compose_email_to(parts, to=recipient.account.email)
    message.extra_headers |= {"Message-ID": message_id(outgoing.pk), **list_headers(off_url(recipient))}
    return message


def _daily(recipient: Recipient) -> Context:
    about = recipient.notification
    collective, begins, ends = about.collective, about.begins_at, about.ends_at
    if collective is None or begins is None or ends is None:
        return None
    days = days_of(collective, begins, ends, recipient.topics)
    dates = _dates(begins, ends, collective.zone())
    shown = [_shown(day, dates) for day in days]
    named = {"collective": collective, "days": shown, "organize_url": _organize_url(), **dates}
    return named if days else None


def _shown(day: LetterDay, dates: dict[str, date]) -> dict[str, Any]:
    letter = day.letter
    own_dates = _dates(day.begins, day.ends, letter.zone())
    # A letter keeps its time zone when its collective changes to another one, so the letter's days can differ.
    own = own_dates | {"zone": letter.zone().key} if own_dates != dates else None
    return {"day": day, "title": letter.newest_title(), "own": own, **_links(letter)}


def _dates(begins: datetime, ends: datetime, zone: ZoneInfo) -> dict[str, date]:
    # `ends` is the midnight after the last of these days.
    last = (ends - ends.resolution).astimezone(zone).date()
    return {"first_day": begins.astimezone(zone).date(), "last_day": last}


def _published(recipient: Recipient) -> Context:
    letter = recipient.notification.letter
    return _about(letter) if letter and letter.status == Letter.Status.PUBLISHED else None


def _not_published(recipient: Recipient) -> Context:
    letter = recipient.notification.letter
    return {**_about(letter), "reason": letter.publish_refused} if letter and letter.publish_refused else None


def _cleared(recipient: Recipient) -> Context:
    collective = recipient.notification.collective
    return {"collective": collective, "organize_url": _organize_url()} if collective else None


def _letter_reviewed(recipient: Recipient) -> Context:
    letter = recipient.notification.letter
    review = queries.decided_review(letter) if letter else None
    if letter is None or review is None:
        return None
    # The subject's template gets only booleans.
    return {"review": review, "is_sent_back": review.outcome == "sent_back", **_about(letter)}


def _collectives_wait(recipient: Recipient) -> Context:
    about = recipient.notification
    if about.ends_at is None:
        return None
    waiting = list(queries.collectives_waiting(about.begins_at, about.ends_at)[: MAX_NAMED + 1])
    admin_url = settings.SITE_URL + reverse("admin:letters_collective_changelist")
    named = {"collectives": waiting[:MAX_NAMED], "and_more": len(waiting) > MAX_NAMED, "admin_url": admin_url}
    return named if waiting else None


def _reports_wait(recipient: Recipient) -> Context:
    """Privacy: numbers alone. The page names the letters, after the person has signed in."""
    waiting = queries.waits_for_moderators()
    if not any(waiting):
        return None
    urls = {"letters_url": "site_letters", "texts_url": "letters_to_review"}
    return {"waiting": waiting, **{name: settings.SITE_URL + reverse(page) for name, page in urls.items()}}


def _letter_offered(recipient: Recipient) -> Context:
    """Abuse: do not name the letter or its owners to the other collective: a stranger chose these words."""
    move = recipient.notification.move
    if move is None or not LetterMove.objects.open_at(timezone.now()).filter(pk=move.pk).exists():
        return None
    if recipient.notification.collective_id == move.source_id:
        offer_url = settings.SITE_URL + reverse("offer_letter", args=[move.letter.slug])
        return {"move": move, "is_own": True, "offer_url": offer_url, **_about(move.letter)}
    offer_url = settings.SITE_URL + reverse("letter_offer", args=[move.pk])
    return {"move": move, "is_own": False, "offer_url": offer_url}


def _offer_answered(recipient: Recipient) -> Context:
    move = recipient.notification.move
    if move is None or move.outcome not in {LetterMove.Outcome.ACCEPTED, LetterMove.Outcome.DECLINED}:
        return None
    is_own = recipient.notification.collective_id == move.source_id
    has_moved = move.outcome == LetterMove.Outcome.ACCEPTED
    return {"move": move, "is_own": is_own, "has_moved": has_moved, **_about(move.letter)}


def _shield(recipient: Recipient) -> Context:
    letter = recipient.notification.letter
    if letter is None or not letter.is_shielded:
        return None
    return {**_about(letter), "wave_url": settings.SITE_URL + reverse("wave", args=[letter.slug])}


def _webhook_off(recipient: Recipient) -> Context:
    """Privacy: the email does not contain the address of the other program, which may contain a password."""
    collective = recipient.notification.collective
    if collective is None or not collective.webhooks.filter(off__in=["failing", "gone"]).exists():
        return None
    webhooks_url = settings.SITE_URL + reverse("webhooks", args=[collective.slug])
    return {"webhooks_url": webhooks_url}


def _deletion(recipient: Recipient) -> Context:
    letter = recipient.notification.letter
    planned = day_of_deletion(letter) if letter else None
    if letter is None or planned is None or letter.deletion_on is None:
        return None
    settings_url = settings.SITE_URL + reverse("set_up_letter", args=[letter.slug])
    is_of_addresses = planned[0] == Deletion.ADDRESSES
    return {
        "day": letter.deletion_on,
        "is_of_addresses": is_of_addresses,
        "settings_url": settings_url,
        **_about(letter),
    }


def _organize_url() -> str:
    return settings.SITE_URL + reverse("organize")


def _about(letter: Letter) -> dict[str, Any]:
    return {"letter": letter, "title": letter.newest_title(), **_links(letter)}


def _links(letter: Letter) -> dict[str, str]:
    """Return the URLs of the letter's pages that an email links to."""
    pages = {"edit_url": "edit_letter", "overview_url": "dashboard", "review_url": "moderate_letter"}
    pages["organisations_url"] = "organize_organisations"
    pages |= {"first_url": "first_signatories"}
    links = {name: settings.SITE_URL + reverse(page, args=[letter.slug]) for name, page in pages.items()}
    return {**links, "letter_url": settings.SITE_URL + letter.get_absolute_url()}


CONTEXTS: Mapping[NotificationKind, Callable[[Recipient], Context]] = {
    NotificationKind.DAILY: _daily,
    NotificationKind.PUBLISHED: _published,
    NotificationKind.NOT_PUBLISHED: _not_published,
    NotificationKind.CLEARED: _cleared,
    NotificationKind.LETTER_REVIEWED: _letter_reviewed,
    NotificationKind.LETTER_OFFERED: _letter_offered,
    NotificationKind.OFFER_ANSWERED: _offer_answered,
    NotificationKind.SHIELD: _shield,
    NotificationKind.WEBHOOK_OFF: _webhook_off,
    NotificationKind.DELETION: _deletion,
    NotificationKind.COLLECTIVES_WAIT: _collectives_wait,
    NotificationKind.REPORTS_WAIT: _reports_wait,
}
