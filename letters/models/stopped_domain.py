from __future__ import annotations

from django.db import models


class StoppedDomain(models.Model):
    """A domain that refused so much of our email that we send only one email a minute there for
    a while. The rest stays owed.

    Privacy: it names a domain that somebody can own, never an address, and says nothing about who signed: anybody may
    have typed addresses there.
    """

    domain = models.CharField(max_length=253, unique=True)
    stopped_at = models.DateTimeField()
    # From then on we send there as usual.
    until = models.DateTimeField()
    # How often in a row, and how many of how many emails were refused in the hour before.
    times = models.PositiveSmallIntegerField(default=1)
    refused = models.PositiveIntegerField()
    tried = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["until"], name="stopped_domain_until")]

    def __str__(self) -> str:
        return self.domain
