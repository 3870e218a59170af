"""How long the site keeps what it stores about the signers of a letter, as the letter's own row says it."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import models

# Organizers get an email so long before something is deleted; never less than the second, however late it was noticed.
TOLD_BEFORE = timedelta(days=30)
TOLD_AT_LEAST = timedelta(days=14)


class Deletion(models.TextChoices):
    """What is deleted next."""

    ADDRESSES = "addresses", "The addresses of people who did not agree to updates"
    DATA = "data", "Everything about signers that readers do not see"


def months_after(day: date, months: int) -> date:
    """Return the same day of a later month, or the last day of that month."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


class Retained(models.Model):
    """The part of a letter that says how long data about its signers is kept, and what was deleted.

    The months count from the end of the letter: see `ended_at` in letters/base/retention/queries.py.
    """

    # None until the letter is public: then the settings of the site apply. Privacy: signers have read these numbers, so
    # they are only lowered once the form has opened.
    keep_addresses = models.PositiveSmallIntegerField(null=True, blank=True)
    keep_data = models.PositiveSmallIntegerField(null=True, blank=True)
    # Whether public names are withheld, too, once everything else about the signers is deleted.
    withholds_names_later = models.BooleanField(default=False, db_default=False)
    # The day of the next deletion, once organizers were told about it.
    deletion_on = models.DateField(null=True, blank=True, editable=False)
    # When addresses were last deleted, and when the deletion of everything else began. From then on the letter is
    # closed for good, because the site no longer recognises who has signed.
    addresses_deleted_at = models.DateTimeField(null=True, blank=True, editable=False)
    data_deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    @property
    def months_of_addresses(self) -> int:
        return min(self.keep_addresses or settings.KEEP_ADDRESSES_MONTHS, settings.KEEP_ADDRESSES_MONTHS_MOST)

    @property
    def months_of_data(self) -> int:
        months = min(self.keep_data or settings.KEEP_DATA_MONTHS, settings.KEEP_DATA_MONTHS_MOST)
        return max(months, self.months_of_addresses)

    def next_deletion(self, ended_at: datetime) -> Deletion | None:
        """Return what is deleted next; None if nothing is left to delete.

        People may sign after addresses were deleted, if the letter is open. So addresses are deleted again.
        """
        if self.data_deleted_at is not None:
            return None
        done = self.addresses_deleted_at
        return Deletion.DATA if done is not None and done >= ended_at else Deletion.ADDRESSES

    def planned_day(self, deletion: Deletion, ended_on: date) -> date:
        """Return the day on which the months are over."""
        months = self.months_of_addresses if deletion == Deletion.ADDRESSES else self.months_of_data
        return months_after(ended_on, months)
