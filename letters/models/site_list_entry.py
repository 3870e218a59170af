from __future__ import annotations

from django.db import models
from django.db.models import Q


class SiteListEntry(models.Model):
    """An entry that staff added to one of the site's lists, or removed from the list that the site begins with.

    A row is never changed: staff delete it and add another. So the number of rows and the highest id show whether a
    list has changed. Privacy: an entry holds no address and nothing about a signer. Its author is only in the audit
    log.
    """

    class List(models.TextChoices):
        NAMES = "names", "Well-known people"
        ABUSIVE = "abusive", "Abusive words"
        ADVERTISING = "advertising", "Words of advertising"
        THROWAWAY = "throwaway", "Domains of disposable mailboxes"
        TYPOS = "typos", "Mistyped domains"

    list = models.CharField(max_length=12, choices=List)
    text = models.CharField(max_length=253)
    # The language of a word, for people who read the list. Words are looked for in every text.
    language = models.CharField(max_length=12, default="", db_default="", blank=True)
    # For a mistyped domain, the domain that people mean.
    meant = models.CharField(max_length=253, default="", db_default="", blank=True)
    # Whether this is an entry that the site begins with and that staff removed.
    is_removed = models.BooleanField(default=False, db_default=False)
    added_at = models.DateTimeField()

    class Meta:
        verbose_name = "entry of the site's lists"
        verbose_name_plural = "site lists"
        constraints = [
            models.UniqueConstraint(fields=["list", "text"], name="list_entry_once"),
            models.CheckConstraint(
                condition=Q(list__in=["names", "abusive", "advertising", "throwaway", "typos"]), name="list_entry_known"
            ),
            models.CheckConstraint(condition=Q(text__gt=""), name="list_entry_says_something"),
            models.CheckConstraint(
                condition=Q(list="typos", is_removed=False, meant__gt="")
                | Q(meant="") & ~Q(list="typos", is_removed=False),
                name="list_entry_of_typo_says_what_was_meant",
            ),
        ]

    def __str__(self) -> str:
        return self.text
