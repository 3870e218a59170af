"""What is asked about accounts."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Exists, OuterRef, Q, Sum

from letters.models import WRITING, AuditEvent, Collective, Letter, MemberInvitation, Membership, User

if TYPE_CHECKING:
    from django.db.models import QuerySet

# What somebody can have besides the password. Recovery codes replace one of these for a day, and are none.
SECOND_FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


def has_second_factor(user: User | AnonymousUser) -> bool:
    """Whether an app that makes codes, or a passkey, belongs to the account."""
    return user.is_authenticated and Authenticator.objects.filter(user=user, type__in=SECOND_FACTORS).exists()


def lacks_second_factor(user: User | AnonymousUser) -> bool:
    """Whether this site asks for one that the account has not."""
    return settings.SECOND_FACTOR_REQUIRED and not has_second_factor(user)


def is_verified(user: User | None, email: str) -> bool:
    """Whether somebody has shown that they read the mail to this address. Without a user the same question is asked."""
    return bool(EmailAddress.objects.filter(user=user, email=email.lower(), verified=True).exists())


def unverified_accounts() -> "QuerySet[User]":
    """Accounts that somebody began to make and that nobody has ever signed in to."""
    begun = User.objects.filter(emailaddress__verified=False, last_login=None, is_staff=False, memberships=None)
    return begun.exclude(emailaddress__verified=True)


def owned_alone(user: User) -> "QuerySet[Collective]":
    """The collectives that have letters, or other members, and would have no owner without this user."""
    owner = Membership.Role.OWNER
    owners = Count("memberships", filter=Q(memberships__role=owner), distinct=True)
    owned = Collective.objects.filter(pk__in=user.memberships.filter(role=owner).values("collective"))
    others = Exists(Membership.objects.filter(collective=OuterRef("pk")).exclude(user=user))
    kept = Q(letters__isnull=False) | Q(others)
    return owned.annotate(owners=owners).filter(kept, owners=1).distinct().order_by("name")


# The rule of how many people an account may invite within a day, to sign first and to join a collective together. An
# account costs nothing, and each invitation is an email to somebody who has not asked for it. So it begins with few,
# and each signature under the published letters of its collectives makes room for one more, up to an end. These
# numbers are public: what makes room tells nobody which of the invited has answered.
FEW_INVITATIONS = 20
MAX_INVITATIONS = 1000


def invitations_a_day(user: User) -> int:
    """How many people this account may invite within a day."""
    mine = Membership.objects.filter(user=user, role__in=WRITING).values("collective")
    letters = Letter.objects.public().filter(collective__in=mine, is_sample=False)
    signatures: int = letters.aggregate(total=Sum("signature_count"))["total"] or 0
    return int(min(MAX_INVITATIONS, FEW_INVITATIONS + signatures))


def invited_today(user: User, now: datetime) -> int:
    """How many they have invited within a day, whatever became of it."""
    since = now - timedelta(days=1)
    lists = AuditEvent.objects.filter(verb="invite_first_signers", actor=user, at__gt=since)
    listed: int = sum(details["invited"] for details in lists.values_list("details", flat=True))
    return listed + MemberInvitation.objects.filter(invited_by=user, created_at__gt=since).count()
