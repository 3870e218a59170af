"""Create, use and revoke personal tokens."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from letters.base.accounts.operations import mail_to_account
from letters.base.accounts.queries import lacks_second_factor
from letters.base.changes.operations import change_collective, change_collective_unasked
from letters.models import OWNING, Collective, Letter, Membership, PersonalToken, User
from letters.organizer.personal_tokens import queries
from letters.organizer.personal_tokens.mail import created_email
from letters.shared.limits import Limit, TooMany, count, seconds_left
from letters.shared.refused import Refusal, Refused
from letters.shared.secrets_of_programs import PERSONAL_TOKEN, PREFIX

MAX_TOKENS = 20
# For how many days a token can work.
LIFETIMES = (30, 90, 365)
USUAL_LIFETIME = 90
# Expired tokens are listed for this long, so that members see why a program has stopped.
KEPT_AFTER_END = timedelta(days=30)
SHAPE = re.compile(PERSONAL_TOKEN)


@transaction.atomic
def create_token(
    collective: Collective,
    *,
    name: str,
    scopes: Collection[str],
    letter: Letter | None = None,
    days: int = USUAL_LIFETIME,
    by: User,
    now: datetime,
) -> tuple[PersonalToken, str]:
    """Create a token, and return it with its secret, which is never shown again. The member gets an email about it.

    Raises Refused("not_yours") and Refused("suspended"); Refused("too_many_tokens") beyond MAX_TOKENS of one member;
    Refused("no_worker") if nobody can send the email.
    """
    change = change_collective(collective, list(Membership.Role), by=by, now=now)
    membership = Membership.objects.select_related("user").get(collective=collective, user=by)
    membership.collective = collective
    if letter and letter.collective_id != collective.pk:
        raise Refused(Refusal.NOT_YOURS)
    if membership.personal_tokens.count() >= MAX_TOKENS:
        raise Refused(Refusal.TOO_MANY_TOKENS)
    secret = PREFIX + secrets.token_hex(32)
    lifetime = timedelta(days=days if days in LIFETIMES else min(LIFETIMES))
    token: PersonalToken = membership.personal_tokens.create(
        name=name,
        scopes=sorted(scopes),
        letter=letter,
        digest=_digest(secret),
        beginning=secret[:8],
        created_at=now,
        expires_at=now + lifetime,
    )
    details = {"name": name, "scopes": token.scopes, "days": lifetime.days, "letter": letter.pk if letter else None}
    change.record("create_personal_token", token, details=details)
    mail_to_account(created_email(token))
    return token, secret


@transaction.atomic
def revoke_token(collective: Collective, token_id: int, *, by: User, now: datetime) -> None:
    """End a token at once. Its member and the owners of the collective may do so, even while it is suspended.

    Idempotent for owners. Raises Refused("not_yours").
    """
    change = change_collective_unasked(collective, by=by, now=now)
    tokens = PersonalToken.objects.filter(membership__collective=collective)
    if not collective.has_role(by, OWNING):
        tokens = tokens.filter(membership__user=by)
        if not by.is_active or not tokens.filter(pk=token_id).exists():
            raise Refused(Refusal.NOT_YOURS)
    token = tokens.select_related("membership").filter(pk=token_id).first()
    if token:
        details = {"name": token.name, "member": token.membership.user_id}
        change.record("revoke_personal_token", token, details=details)
        token.delete()


def use_token(secret: str, *, now: datetime) -> PersonalToken | None:
    """Return the token with this secret, and note the day. None for one that does not work, whatever the reason.

    Raises TooMany("many_requests") beyond the limit of one token.
    """
    if not SHAPE.fullmatch(secret):
        return None
    digest = _digest(secret)
    token = queries.token_with(digest, now)
    # Timing defence: an index finds the hash. Nobody who measures it learns more than parts of the hash of what they
    # sent; the last comparison takes the same time for every secret.
    if token is None or not hmac.compare_digest(bytes(token.digest), digest):
        return None
    if lacks_second_factor(token.membership.user):
        return None
    limit = Limit("personal tokens", str(token.pk), settings.LIMIT_PERSONAL_TOKENS)
    if count([limit]):
        raise TooMany(Refusal.MANY_REQUESTS, seconds=seconds_left(limit))
    today = now.astimezone(token.membership.collective.zone()).date()
    if token.last_used_on != today:
        PersonalToken.objects.filter(pk=token.pk).update(last_used_on=today)
    return token


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def forget_tokens(*, now: datetime) -> int:
    """Delete tokens that expired long ago. Returns how many."""
    return PersonalToken.objects.filter(expires_at__lt=now - KEPT_AFTER_END).delete()[0]
