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
    # After this time we send to the domain as usual.
    until = models.DateTimeField()
    # The number of stops in a row; then the refused emails and all emails of the hour before the stop.
    times = models.PositiveSmallIntegerField(default=1)
    refused = models.PositiveIntegerField()
    tried = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["until"], name="stopped_domain_until")]

    def __str__(self) -> str:
        return self.domain
