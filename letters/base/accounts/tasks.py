"""What a worker does for accounts."""

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
    """The mail server is not well."""


def send_packed(packed: str) -> None:
    """Send one mail, unless it is for nobody. Raises TryLater; what will never be accepted is noted and given up."""
    message = unpack(packed)
    if not message.to:
        return
    answer = hand_over(message, get_connection())
    if answer.verdict is Verdict.LATER:
        raise TryLater(answer.error)
    if answer.verdict is Verdict.NEVER:
        log.warning("The mail server refused an email about an account: %s", answer.error)


def tidy(*, now: datetime) -> None:
    """Forget sessions that are over, and accounts that were begun and never confirmed."""
    SessionStore.clear_expired()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
    unverified_accounts().filter(joined_at__lt=now - timedelta(hours=UNVERIFIED_HOURS)).delete()
