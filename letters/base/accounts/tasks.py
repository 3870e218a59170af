"""Background work for accounts."""

import logging
from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.mail import get_connection

from letters.base.accounts.mail import unpack
from letters.base.accounts.queries import unverified_accounts
from letters.base.outbox.mail import Verdict, hand_over
from letters.shared.sessions import SessionStore

log = logging.getLogger(__name__)

UNVERIFIED_HOURS = 24


class TryLater(Exception):
    """The mail server has a temporary problem."""


def send_packed(packed: str) -> None:
    """Send one email, unless it has no recipient. Raises TryLater. After a permanent refusal, log it and give up."""
    message = unpack(packed)
    if not message.to:
        return
    answer = hand_over(message, get_connection())
    if answer.verdict is Verdict.LATER:
        raise TryLater(answer.error)
    if answer.verdict is Verdict.NEVER:
        log.warning("The mail server refused an email about an account: %s", answer.error)


def tidy(*, now: datetime) -> None:
    """Delete expired sessions, and accounts that were never confirmed."""
    SessionStore.clear_expired()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
    unverified_accounts().filter(joined_at__lt=now - timedelta(hours=UNVERIFIED_HOURS)).delete()
