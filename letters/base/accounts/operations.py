"""What is decided and written about accounts, besides what allauth does."""

from collections.abc import Iterable
from datetime import UTC, datetime

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from celery import current_app
from celery.exceptions import CeleryError
from django.core.mail import EmailMessage
from django.db import connection, transaction
from kombu.exceptions import KombuError

from letters.base.accounts.mail import ACCOUNTS_QUEUE, pack
from letters.base.accounts.queries import owned_alone, unverified_accounts
from letters.base.audit_log.operations import record
from letters.models import Collective, User
from letters.shared.refused import Refusal, Refused

# Bytes of text, with the HTML made of it, that one account may add within a day, over all letters. A long letter in
# forty languages takes two megabytes, and each new revision of it as many.
MAX_TEXT_A_DAY = 20 * 1024 * 1024


def forget_unverified(email: str) -> bool:
    """Make room for who signs up with an address that somebody else has typed before and never confirmed.

    Whoever that was would otherwise keep the password of an account that its real owner confirms later.
    """
    deleted, _ = unverified_accounts().filter(email=email).delete()
    return bool(deleted)


@transaction.atomic
def close_account(user: User, *, now: datetime) -> None:
    """Nobody can sign in to it any more, and it holds no address. The row stays: the record refers to it."""
    # Before the account, as whoever moves a part takes them: of two owners who go at once, one finds the other gone.
    mine = Collective.objects.filter(pk__in=user.memberships.values("collective"))
    list(mine.order_by("pk").select_for_update(no_key=True))
    user = User.objects.select_for_update().get(pk=user.pk)
    if owned_alone(user).exists():
        raise Refused(Refusal.OWNS_LETTERS_ALONE)
    for session in UserSession.objects.filter(user=user):
        session.end()
    EmailAddress.objects.filter(user=user).delete()
    Authenticator.objects.filter(user=user).delete()
    SocialAccount.objects.filter(user=user).delete()
    for membership in user.memberships.all():
        details = {"member": user.pk, "role": membership.role}
        record("close_account", membership, by=user, now=now, details=details)
        membership.delete()
    user.email, user.name = f"closed-{user.pk}@invalid", ""
    user.is_active = user.is_staff = user.is_superuser = False
    user.set_unusable_password()
    user.save()
    record("close_account", user, by=user, now=now)


# A clock that is a little behind another one begins no new day.
ADD_WRITTEN = """
INSERT INTO letters_written AS kept (account_id, day, size) VALUES (%s, %s, %s)
ON CONFLICT (account_id) DO UPDATE SET
    size = CASE WHEN excluded.day > kept.day THEN excluded.size ELSE kept.size + excluded.size END,
    day = greatest(kept.day, excluded.day)
RETURNING size
"""


@transaction.atomic
def keep_text(texts: Iterable[str], *, instead_of: Iterable[str] = (), by: User, now: datetime) -> None:
    """Count text that an organizer stores, before it is written and in the same transaction.

    Of a text that takes the place of another only the growth counts, so an editor that saves at every pause uses up
    nothing. What is deleted gives nothing back. Raises Refused("too_much_text") beyond MAX_TEXT_A_DAY.
    """
    added = _bytes_of(texts) - _bytes_of(instead_of)
    if added <= 0:
        return
    # Lock order: the letter, then this row. Race: of two texts at once, one waits here until the other is counted.
    with connection.cursor() as cursor:
        cursor.execute(ADD_WRITTEN, [by.pk, now.astimezone(UTC).date(), added])
        (size,) = cursor.fetchone()
    if size > MAX_TEXT_A_DAY:
        raise Refused(Refusal.TOO_MUCH_TEXT)


def _bytes_of(texts: Iterable[str]) -> int:
    return sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)


def mail_to_account(message: EmailMessage) -> None:
    """Hand a mail to the worker, sealed, and write nothing down. Raises Refused("no_worker") if nobody takes it now."""
    try:
        current_app.send_task("letters.account_mail", args=[pack(message)], queue=ACCOUNTS_QUEUE)
    except (KombuError, CeleryError, OSError) as error:
        raise Refused(Refusal.NO_WORKER) from error
