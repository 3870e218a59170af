from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q


class SiteLimit(models.Model):
    """A limit that staff changed while the site runs. Without a row, or after its end, the setting applies.

    Of a rate, this is the number. The time for which it counts is that of the setting.
    """

    class Name(models.TextChoices):
        BULK_DECISION_ALONE = "bulk_decision_alone", "Signatures that one moderator decides about in bulk within a day"
        NETWORK_SOFT = "limit_network_soft", "Signatures from one network, above which browsers do a check"
        NETWORK_HARD = "limit_network_hard", "Signatures from one network, above which nobody there can sign"
        LETTER_SOFT = "limit_letter_soft", "Signatures of one letter, above which browsers do a check"
        DOMAIN = "limit_domain", "Signatures of one letter from one email domain, above which a moderator reviews them"
        UNPROVEN = "limit_unproven", "Signatures from one network without the browser check"
        REQUESTS = "limit_requests", "Emails and private links that one network requests again"
        REPORTS = "limit_reports", "Reports from one network"

    name = models.CharField(max_length=30, choices=Name)
    value = models.PositiveIntegerField()
    # The setting applies again from then on. None: until someone ends it.
    until = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = "limit"
        constraints = [
            models.UniqueConstraint(fields=["name"], name="site_limit_once"),
            models.CheckConstraint(
                condition=Q(
                    name__in=[
                        "bulk_decision_alone",
                        "limit_network_soft",
                        "limit_network_hard",
                        "limit_letter_soft",
                        "limit_domain",
                        "limit_unproven",
                        "limit_requests",
                        "limit_reports",
                    ]
                ),
                name="site_limit_name_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} = {self.value}"

    def applies(self, now: datetime) -> bool:
        return self.until is None or now < self.until
