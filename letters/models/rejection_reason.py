from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q


class RejectionReasonQuerySet(models.QuerySet["RejectionReason"]):
    def active(self) -> RejectionReasonQuerySet:
        """Select the reasons that moderators can choose, in the order of the number keys."""
        return self.filter(retired_at=None).order_by("position", "pk")


class RejectionReason(models.Model):
    """A reason for which moderators reject signatures, with its words in each interface language.

    Decisions refer to a row, so its words never change: new words make a new row, and retire this one.
    """

    # The same for all versions of the words.
    code = models.SlugField(max_length=20, db_index=False)
    # The words that moderators press, by language.
    labels = models.JSONField()
    # The sentence that the signer reads, by language.
    sentences = models.JSONField()
    position = models.PositiveSmallIntegerField(default=1)
    added_at = models.DateTimeField()
    # After this nobody can choose it. Rows are never deleted.
    retired_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[RejectionReason]] = models.Manager.from_queryset(RejectionReasonQuerySet)()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["code"], condition=Q(retired_at__isnull=True), name="rejection_reason_once"
            ),
            # These codes mean that the reason is not from the list.
            models.CheckConstraint(condition=~Q(code__in=["", "other"]), name="rejection_reason_has_a_code"),
        ]

    def __str__(self) -> str:
        return self.label_in(settings.LANGUAGE_CODE)

    def label_in(self, language: str) -> str:
        return _in(self.labels, language)

    def sentence_in(self, language: str) -> str:
        return _in(self.sentences, language)


def _in(words: dict[str, str], language: str) -> str:
    return words.get(language) or words[settings.LANGUAGE_CODE]
