from django.conf import settings
from django.db import models
from django.db.models import F, Q

from letters.models.collective import Collective

# Privacy: owners see the day, not the time, of what signers and their mailboxes did.
OF_SIGNERS = Q(object_kind="signature") & ~Q(actor_kind="user")


class AuditEvent(models.Model):
    """A record of who did what.

    Rows are only added (a trigger enforces it), in the transaction of the action. Privacy: no address.
    """

    at = models.DateTimeField()
    # The user. None for a signer, the clock or a command.
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    # "user", "signer" or "system".
    actor_kind = models.CharField(max_length=10)
    # The name of the operation, for example "publish_letter".
    verb = models.CharField(max_length=50)
    # The object, for example "letter" and its id.
    object_kind = models.CharField(max_length=30)
    object_id = models.BigIntegerField()
    # The collective whose owners may read the event, if any.
    collective = models.ForeignKey(Collective, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    reason = models.TextField(blank=True)
    # Values before and after, where they matter.
    details = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(actor_kind="user", actor__isnull=False)
                | Q(actor_kind__in=["signer", "system"], actor__isnull=True),
                name="audit_event_has_an_actor",
            ),
        ]
        indexes = [
            models.Index("object_kind", "object_id", F("at").desc(), name="audit_event_of_an_object"),
            # Performance: people who moderate the site read the events of a day, or the newest.
            models.Index(F("at").desc(), F("id").desc(), name="audit_event_by_time"),
            models.Index(
                "collective",
                F("id").desc(),
                name="audit_event_of_a_collective",
                condition=Q(collective__isnull=False),
            ),
            # Performance: these events are few among those of moderators, and are read by day.
            models.Index("collective", "at", name="audit_event_of_signers", condition=OF_SIGNERS),
            # Performance: counts whom a person invited today, however much else they have done.
            models.Index("actor", "at", name="audit_event_of_a_round", condition=Q(verb="invite_first_signers")),
            # Performance: counts what a person has started and uploaded.
            models.Index(
                "actor",
                "at",
                name="audit_event_that_fills_disks",
                condition=Q(verb__in=["draft_letter", "add_picture"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.object_kind} {self.object_id}"
