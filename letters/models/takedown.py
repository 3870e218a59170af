from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from letters.models.letter import Letter
from letters.models.user import User

# The collective can appeal for this long (Article 20 of the Digital Services Act: at least six months).
APPEAL_WITHIN = timedelta(days=183)


class TakeDown(models.Model):
    """A letter that the site has taken down: the statement of reasons, the collective's appeal, and its result.

    Privacy: the statement is public while the letter is down, so it names no person. The appeal is never public.
    """

    class Ground(models.TextChoices):
        LAW = "law", "Illegal content"
        RULES = "rules", "Against the rules of the site"

    class FoundBy(models.TextChoices):
        REPORT = "report", "A report"
        MODERATOR = "moderator", "The site's own review"
        AUTOMATED = "automated", "An automated check"

    class Outcome(models.TextChoices):
        OPEN = "", "Not decided"
        UPHELD = "upheld", "The letter stays down"
        REVERSED = "reversed", "The letter was restored"

    letter = models.ForeignKey(Letter, on_delete=models.PROTECT, related_name="takedowns", db_index=False)
    ground = models.CharField(max_length=10, choices=Ground)
    # The law and its article, or the rule.
    named = models.CharField(max_length=300)
    # Why the letter breaks the law or the rule.
    facts = models.CharField(max_length=2000)
    found_by = models.CharField(max_length=10, choices=FoundBy)
    # The status to which a restoration returns.
    status_before = models.CharField(max_length=10, choices=Letter.Status)
    taken_down_at = models.DateTimeField()
    taken_down_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    appeal = models.CharField(max_length=3000, default="", db_default="", blank=True)
    appealed_at = models.DateTimeField(null=True, blank=True)
    appealed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.OPEN, db_default="", blank=True)
    # The reasons that the collective gets with a decision on its appeal, or with a restoration.
    answer = models.CharField(max_length=2000, default="", db_default="", blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    # None for the person who runs the site, at its console.
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    # A letter can be restored with or without an appeal.
    restored_at = models.DateTimeField(null=True, blank=True)
    restored_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            # Race: if two moderators take a letter down at once, only one take-down is stored.
            models.UniqueConstraint(
                fields=["letter"], condition=Q(restored_at__isnull=True), name="takedown_one_at_a_time"
            ),
            models.CheckConstraint(condition=Q(ground__in=["law", "rules"]), name="takedown_ground_known"),
            models.CheckConstraint(
                condition=Q(found_by__in=["report", "moderator", "automated"]), name="takedown_found_by_known"
            ),
            models.CheckConstraint(condition=~Q(named="") & ~Q(facts=""), name="takedown_says_why"),
            models.CheckConstraint(
                condition=Q(appeal="", appealed_at__isnull=True, appealed_by__isnull=True)
                | (~Q(appeal="") & Q(appealed_at__isnull=False, appealed_by__isnull=False)),
                name="takedown_appeal_says_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(outcome="", decided_at__isnull=True, decided_by__isnull=True)
                | (
                    Q(outcome__in=["upheld", "reversed"], decided_at__isnull=False)
                    & Q(appealed_at__isnull=False)
                    & ~Q(answer="")
                ),
                name="takedown_decision_says_by_whom",
            ),
            # Nobody may decide on an appeal against their own decision.
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("taken_down_by")),
                name="takedown_decided_by_another",
            ),
            models.CheckConstraint(
                condition=Q(restored_at__isnull=True, restored_by__isnull=True)
                | (Q(restored_at__isnull=False) & ~Q(answer="")),
                name="takedown_restored_says_by_whom",
            ),
            models.CheckConstraint(
                condition=~Q(outcome="reversed") | Q(restored_at__isnull=False), name="takedown_reversed_is_restored"
            ),
        ]
        indexes = [
            models.Index("letter", F("id").desc(), name="takedown_of_letter"),
            # Appeals that wait for a moderator.
            models.Index(
                "appealed_at",
                name="takedown_appeal_waits",
                condition=Q(appealed_at__isnull=False, outcome="", restored_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"Take-down {self.pk} of letter {self.letter_id}"

    @property
    def appeal_waits(self) -> bool:
        return self.appealed_at is not None and not self.outcome and self.restored_at is None

    def may_appeal(self, now: datetime) -> bool:
        """Return whether the collective can still appeal. It can do so once."""
        return self.appealed_at is None and self.restored_at is None and now < self.appeal_until

    @property
    def appeal_until(self) -> datetime:
        return self.taken_down_at + APPEAL_WITHIN

    def may_be_decided_by(self, person: User) -> bool:
        """Return whether this person may decide on the appeal: nobody decides on their own decision or collective."""
        is_member = self.letter.collective.has_member(person)
        return person.pk != self.taken_down_by_id and not is_member


def current_takedown(letter: Letter) -> TakeDown | None:
    """Return the take-down because of which the letter is down; None if it is not."""
    return TakeDown.objects.filter(letter=letter, restored_at=None).first()
