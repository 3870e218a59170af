from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q

from letters.models.collective import Collective
from letters.models.letter import Letter


class BlockRule(models.Model):
    """A rule of moderators: it holds the signatures that it matches for review, or keeps signals from holding them.

    It begins switched off, so that its author reads first what it would have done. Privacy: an address and a network
    are stored only as keyed hashes, and go when the rule ends. The rest goes a month later. No row says whom it
    matched.
    """

    class Kind(models.TextChoices):
        DOMAIN = "domain", "Email domain"
        ADDRESS = "address", "Email address"
        NETWORK = "network", "Network of a burst"
        NAME = "name", "Name"

    class Effect(models.TextChoices):
        HOLD = "hold", "Hold for a moderator"
        ALLOW = "allow", "Do not hold because of signals"

    # The place where it applies; the whole site if neither is set.
    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, null=True, blank=True, related_name="rules")
    collective = models.ForeignKey(Collective, on_delete=models.CASCADE, null=True, blank=True, related_name="rules")
    # People who moderate the site made it, and only they read and change it.
    is_of_site = models.BooleanField()
    kind = models.CharField(max_length=10, choices=Kind)
    effect = models.CharField(max_length=10, choices=Effect)
    # A domain, or a pattern of names.
    text = models.CharField(max_length=253, default="", db_default="", blank=True)
    # A keyed hash of the address, or of the network for this letter. None after the end.
    digest = models.BinaryField(max_length=32, null=True, blank=True)
    # Moderators read the reason beside each signature that the rule holds.
    reason = models.CharField(max_length=200)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    # This is moved to an earlier time if someone ends the rule.
    ended_at = models.DateTimeField(null=True, blank=True)
    is_on = models.BooleanField(default=False, db_default=False)
    # The number of past signatures that it would have matched, and the number tested. Privacy: counted once, at first.
    # Someone who counts again after each signer would learn who matches.
    tested = models.PositiveIntegerField(null=True, blank=True)
    tested_of = models.PositiveIntegerField(default=0, db_default=0)
    # The number of signatures that it has matched while it was on.
    hits = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(letter__isnull=True) | Q(collective__isnull=True), name="block_rule_applies_somewhere"
            ),
            models.CheckConstraint(
                condition=Q(is_of_site=True) | Q(letter__isnull=False) | Q(collective__isnull=False),
                name="block_rule_of_all_is_of_site",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["domain", "name"], digest__isnull=True) & ~Q(text="")
                | Q(kind__in=["address", "network"], text=""),
                name="block_rule_about_one_thing",
            ),
            models.CheckConstraint(
                condition=~Q(kind="address") | Q(is_of_site=True), name="block_rule_of_address_is_of_site"
            ),
            models.CheckConstraint(
                condition=~Q(kind="network") | Q(letter__isnull=False), name="block_rule_of_network_of_one_letter"
            ),
            models.CheckConstraint(condition=Q(effect__in=["hold", "allow"]), name="block_rule_effect_known"),
            models.CheckConstraint(condition=~Q(reason=""), name="block_rule_has_a_reason"),
            models.CheckConstraint(
                condition=Q(is_on=False) | Q(ended_at__isnull=True), name="block_rule_that_ended_is_off"
            ),
        ]
        indexes = [
            # Each batch of signatures reads these rules. They are few.
            models.Index("letter", "collective", name="block_rule_on", condition=Q(is_on=True)),
            models.Index("ends_at", name="block_rule_to_end"),
        ]

    def __str__(self) -> str:
        return f"Rule {self.pk}"

    def is_over(self, now: datetime) -> bool:
        return self.ended_at is not None or self.ends_at <= now

    @property
    def is_about_one(self) -> bool:
        """Return whether it is about one mailbox or one network, so that no page gives numbers."""
        return self.kind in {self.Kind.ADDRESS, self.Kind.NETWORK}


# A rule applies for at most this long. A network's hash is kept no longer than a month.
MAX_RULE_LIFETIME = timedelta(days=366)
MAX_NETWORK_RULE_LIFETIME = timedelta(days=30)
RULE_KEPT_AFTER_END = timedelta(days=30)
