"""Read accounts: their second factors, their addresses, and how many people they may invite."""

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

# Recovery codes do not count: they only stand in for one of these when it is lost.
SECOND_FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


def has_second_factor(user: User | AnonymousUser) -> bool:
    """Return whether the account has an authenticator app or a passkey."""
    return user.is_authenticated and Authenticator.objects.filter(user=user, type__in=SECOND_FACTORS).exists()


def lacks_second_factor(user: User | AnonymousUser) -> bool:
    """Return whether the site requires a second factor that the account does not have."""
    return settings.SECOND_FACTOR_REQUIRED and not has_second_factor(user)


def is_verified(user: User | None, email: str) -> bool:
    """Return whether this user has confirmed the address. Timing defence: the query is the same without a user."""
    return bool(EmailAddress.objects.filter(user=user, email=email.lower(), verified=True).exists())


def reachable() -> "QuerySet[User]":
    """Select accounts to which we write about letters."""
    return confirmed().filter(is_active=True)


def confirmed() -> "QuerySet[User]":
    """Select accounts with a confirmed address, also suspended ones. Security: another may be someone else's.

    An account that staff created in the admin has no row until its owner confirms the address.
    """
    addresses = EmailAddress.objects.filter(user=OuterRef("pk"), email=OuterRef("email"), verified=True)
    return User.objects.filter(Exists(addresses))


def verified_addresses(user: User) -> list[str]:
    """Return the addresses that this user has confirmed."""
    return list(EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True))


def unverified_accounts() -> "QuerySet[User]":
    """Select accounts that were never confirmed and never used."""
    begun = User.objects.filter(emailaddress__verified=False, last_login=None, is_staff=False, memberships=None)
    return begun.exclude(emailaddress__verified=True)


def drafts_left_alone(user: User) -> "QuerySet[Letter]":
    """Select the drafts of collectives in which this user is the only member: nobody could open them any more."""
    others = Exists(Membership.objects.filter(collective=OuterRef("collective")).exclude(user=user))
    drafts = Letter.objects.filter(collective__memberships__user=user, status=Letter.Status.DRAFT)
    return drafts.exclude(others).order_by("pk")


def owned_alone(user: User) -> "QuerySet[Collective]":
    """Select the collectives with public letters or other members that would have no owner without this user."""
    owner = Membership.Role.OWNER
    owners = Count("memberships", filter=Q(memberships__role=owner), distinct=True)
    owned = Collective.objects.filter(pk__in=user.memberships.filter(role=owner).values("collective"))
    others = Exists(Membership.objects.filter(collective=OuterRef("pk")).exclude(user=user))
    public = Exists(Letter.objects.public().filter(collective=OuterRef("pk")))
    kept = Q(public) | Q(others)
    return owned.annotate(owners=owners).filter(kept, owners=1).distinct().order_by("name")


# The daily number of people whom an account may invite, as first signatories and as members together. Abuse: an account
# costs nothing, and each invitation is an email to someone who did not ask for it. So the number is small at first, and
# grows by one with each published signature of its collectives' letters, up to a maximum. Privacy: these counts are
# public, so they do not reveal which of the invited people have answered.
FEW_INVITATIONS = 20
MAX_INVITATIONS = 1000


def invitations_a_day(user: User) -> int:
    """Return how many people this account may invite in a day."""
    mine = Membership.objects.filter(user=user, role__in=WRITING).values("collective")
    letters = Letter.objects.public().filter(collective__in=mine, is_sample=False)
    letters = letters.exclude(status=Letter.Status.TAKEN_DOWN)
    signatures: int = letters.aggregate(total=Sum("signature_count"))["total"] or 0
    return int(min(MAX_INVITATIONS, FEW_INVITATIONS + signatures))


def invited_today(user: User, now: datetime) -> int:
    """Return how many people the account has invited in the last day, whatever has become of the invitations."""
    since = now - timedelta(days=1)
    lists = AuditEvent.objects.filter(verb="invite_first_signers", actor=user, at__gt=since)
    listed: int = sum(details["invited"] for details in lists.values_list("details", flat=True))
    return listed + MemberInvitation.objects.filter(invited_by=user, created_at__gt=since).count()
