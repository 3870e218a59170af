from __future__ import annotations

from django.db import models


class StoppedDomain(models.Model):
    """A domain that refused so much of our email that we send only one email a minute there for a while. The rest
    waits.

    Privacy: it contains a domain, which one person can own, but never an address. It says nothing about who signed,
    because anyone may have typed addresses at that domain.
    """

    domain = models.CharField(max_length=253, unique=True)
    stopped_at = models.DateTimeField()
    # After this time we send to the domain as usual.
    until = models.DateTimeField()
    # How often in a row it was stopped; and how many emails it refused and got in the hour before the stop.
    times = models.PositiveSmallIntegerField(default=1)
    refused = models.PositiveIntegerField()
    tried = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["until"], name="stopped_domain_until")]

    def __str__(self) -> str:
        return self.domain
