from __future__ import annotations

from django.db import models


class StoppedDomain(models.Model):
    """A domain that refused so much of our mail that one email a minute is sent there for a while.
    What is owed waits.

    Privacy: it names a domain that somebody can own, never an address, and says nothing of who signed: anybody may have
    typed addresses there.
    """

    domain = models.CharField(max_length=253, unique=True)
    stopped_at = models.DateTimeField()
    # Mail goes there as usual from then on.
    until = models.DateTimeField()
    # How often in a row, and how much of how much was refused within the hour before.
    times = models.PositiveSmallIntegerField(default=1)
    refused = models.PositiveIntegerField()
    tried = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["until"], name="stopped_domain_until")]

    def __str__(self) -> str:
        return self.domain
