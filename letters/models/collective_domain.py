from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from letters.models.collective import Collective
from letters.shared.shown_domains import shown_domain

# A proof counts for so long. Owners are reminded so long before its end.
VERIFIED_FOR = timedelta(days=365)
REMINDED_BEFORE = timedelta(days=30)
CODE_LIFETIME = timedelta(days=1)
SALT_LENGTH = 16


class Mailbox(models.TextChoices):
    """Mailboxes that only those who run a domain have (RFC 2142, and the rules for web certificates)."""

    HOSTMASTER = "hostmaster", "hostmaster@"
    POSTMASTER = "postmaster", "postmaster@"
    WEBMASTER = "webmaster", "webmaster@"
    ADMIN = "admin", "admin@"


class CollectiveDomainQuerySet(models.QuerySet["CollectiveDomain"]):
    def verified(self) -> CollectiveDomainQuerySet:
        """Select those that the public sees."""
        return self.filter(verified_at__isnull=False)

    def listed(self) -> CollectiveDomainQuerySet:
        """Select those that owners see: without those that an owner has removed."""
        return self.filter(dropped_at__isnull=True)


class CollectiveDomain(models.Model):
    """An internet domain that a collective shows as its own, or is proving.

    Privacy: the address of a proof is one of four fixed ones at the domain, never that of a person.
    """

    Mailbox = Mailbox

    collective = models.ForeignKey(Collective, on_delete=models.CASCADE, related_name="domains")
    # In ASCII (IDNA), in lower case.
    domain = models.CharField(max_length=253)
    # The newest email with a code: to which mailbox, and when.
    mailbox = models.CharField(max_length=12, choices=Mailbox)
    asked_at = models.DateTimeField()
    # How many emails left since `emails_since`, which is at most a day ago. Counted even if the domain was removed.
    emails = models.PositiveSmallIntegerField(default=0)
    emails_since = models.DateTimeField()
    # The newest code is computed from this and a secret key, so nothing stored reveals it. Empty without a code.
    salt = models.BinaryField(max_length=SALT_LENGTH, default=b"")
    tries = models.PositiveSmallIntegerField(default=0)
    # Since when, and until when, the public sees the domain.
    verified_at = models.DateTimeField(null=True, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    # When an owner removed it. The row stays for a while, because it counts emails.
    dropped_at = models.DateTimeField(null=True, blank=True)
    # When a site moderator removed it, and why. Then the collective cannot prove it again.
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    removed_because = models.CharField(max_length=1000, default="", blank=True)

    objects: ClassVar[models.Manager[CollectiveDomain]] = models.Manager.from_queryset(CollectiveDomainQuerySet)()

    class Meta:
        constraints = [
            # Race: if two owners enter it at once, one row is stored.
            models.UniqueConstraint(fields=["collective", "domain"], name="collective_domain_once"),
            models.CheckConstraint(condition=Q(domain__gt=""), name="collective_domain_says_something"),
            models.CheckConstraint(
                condition=Q(verified_at__isnull=True, until__isnull=True)
                | Q(
                    verified_at__isnull=False,
                    until__isnull=False,
                    removed_at__isnull=True,
                    dropped_at__isnull=True,
                ),
                name="collective_domain_verified_is_shown",
            ),
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True, removed_by__isnull=True, removed_because="")
                | Q(removed_at__isnull=False, removed_by__isnull=False, removed_because__gt=""),
                name="collective_domain_removed_says_why",
            ),
        ]
        indexes = [
            models.Index("domain", name="collective_domain_by_name"),
            # The clock ends these, or reminds owners of them.
            models.Index("until", name="collective_domain_to_end", condition=Q(until__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.domain

    @property
    def shown(self) -> str:
        """Return the domain so that no character can pass for another one."""
        return shown_domain(self.domain)

    @property
    def address(self) -> str:
        return f"{self.mailbox}@{self.domain}"

    def takes_code(self, now: datetime) -> bool:
        return bool(self.salt) and now < self.asked_at + CODE_LIFETIME

    def emails_within_a_day(self, now: datetime) -> int:
        return self.emails if now < self.emails_since + timedelta(days=1) else 0
