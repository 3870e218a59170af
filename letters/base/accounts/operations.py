"""Operations on accounts that allauth does not have."""

from collections.abc import Iterable
from datetime import UTC, datetime

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from celery import current_app
from celery.exceptions import CeleryError
from django.core.mail import EmailMessage
from django.db import transaction
from kombu.exceptions import KombuError

from letters.base.accounts.mail import ACCOUNTS_QUEUE, pack
from letters.base.accounts.queries import drafts_left_alone, owned_alone, unverified_accounts
from letters.base.audit_log.operations import record
from letters.base.changes.bin import delete_soon
from letters.models import Collective, SiteNote, User
from letters.shared.refused import Refusal, Refused
from letters.shared.sql import fetch_one

# Bytes of text, and HTML rendered from it, that one account may add in a day, over all letters. A long letter in forty
# languages takes two megabytes, and so does each new revision of it.
MAX_TEXT_A_DAY = 20 * 1024 * 1024


def forget_unverified(email: str) -> bool:
    """Delete an unconfirmed account with this address, so that the owner of the address can sign up.

    Security: otherwise a stranger who typed the address first would know the password of an account that its owner
    confirms later.
    """
    deleted, _ = unverified_accounts().filter(email=email).delete()
    return bool(deleted)


@transaction.atomic
def close_account(user: User, *, now: datetime) -> None:
    """Close an account: nobody can sign in to it, and it holds no address. The row stays for the audit records."""
    # Lock order: collectives before the account, as everywhere roles change. Race: of two owners who leave at once, the
    # second then sees that the first is gone.
    mine = Collective.objects.filter(pk__in=user.memberships.values("collective"))
    list(mine.order_by("pk").select_for_update(no_key=True))
    # The letters come before the account too.
    delete_soon(drafts_left_alone(user), now)
    user = User.objects.select_for_update().get(pk=user.pk)
    if owned_alone(user).exists():
        raise Refused(Refusal.OWNS_LETTERS_ALONE)
    for session in UserSession.objects.filter(user=user):
        session.end()
    EmailAddress.objects.filter(user=user).delete()
    Authenticator.objects.filter(user=user).delete()
    SocialAccount.objects.filter(user=user).delete()
    SiteNote.objects.filter(account=user).delete()
    for membership in user.memberships.all():
        details = {"member": user.pk, "role": membership.role}
        record("close_account", membership, by=user, now=now, details=details)
        membership.delete()
    user.email, user.name = f"closed-{user.pk}@invalid", ""
    user.is_active = user.is_staff = user.is_superuser = user.moderates_site = False
    user.suspended_at = None
    user.set_unusable_password()
    user.save()
    record("close_account", user, by=user, now=now)


# Race: a process whose clock is slightly behind must not start a new day.
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

    A text that replaces another counts only by its growth, so autosave uses up nothing. Deleting gives nothing back.
    Raises Refused("too_much_text") beyond MAX_TEXT_A_DAY.
    """
    added = _bytes_of(texts) - _bytes_of(instead_of)
    if added <= 0:
        return
    # Lock order: the letter, then this row. Race: two texts at once wait for each other here, so that both are counted.
    (size,) = fetch_one(ADD_WRITTEN, [by.pk, now.astimezone(UTC).date(), added])
    if size > MAX_TEXT_A_DAY:
        raise Refused(Refusal.TOO_MUCH_TEXT)


def _bytes_of(texts: Iterable[str]) -> int:
    return sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)


def mail_to_account(message: EmailMessage) -> None:
    """Pass an encrypted email to the worker, without storing it. Raises Refused("no_worker") if the broker fails."""
    try:
        current_app.send_task("letters.account_mail", args=[pack(message)], queue=ACCOUNTS_QUEUE)
    except (KombuError, CeleryError, OSError) as error:
        raise Refused(Refusal.NO_WORKER) from error
