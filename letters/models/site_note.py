from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from letters.models.collective import Collective
from letters.models.letter import Letter


class SiteNote(models.Model):
    """A note of a site moderator about an account, a collective or a letter, for other site moderators.

    Notes are added and deleted, and never changed. Privacy: nobody else reads them, and no export has them.
    """

    # Exactly one of the three is set.
    letter = models.ForeignKey(
        Letter, on_delete=models.CASCADE, null=True, blank=True, related_name="+", db_index=False
    )
    collective = models.ForeignKey(
        Collective, on_delete=models.CASCADE, null=True, blank=True, related_name="+", db_index=False
    )
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="+", db_index=False
    )
    words = models.TextField(max_length=2000)
    written_at = models.DateTimeField()
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(letter__isnull=False, collective__isnull=True, account__isnull=True)
                | Q(letter__isnull=True, collective__isnull=False, account__isnull=True)
                | Q(letter__isnull=True, collective__isnull=True, account__isnull=False),
                name="site_note_about_one",
            ),
            models.CheckConstraint(condition=~Q(words=""), name="site_note_says_something"),
        ]
        indexes = [
            models.Index("letter", F("id").desc(), name="site_note_of_letter", condition=Q(letter__isnull=False)),
            models.Index(
                "collective", F("id").desc(), name="site_note_of_collective", condition=Q(collective__isnull=False)
            ),
            models.Index("account", F("id").desc(), name="site_note_of_account", condition=Q(account__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"Note {self.pk}"
