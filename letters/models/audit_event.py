from django.conf import settings
from django.db import models
from django.db.models import F, Q

from letters.models.collective import Collective

# What signers and their mailboxes did: owners read the day of it, and no time.
OF_SIGNERS = Q(object_kind="signature") & ~Q(actor_kind="user")


class AuditEvent(models.Model):
    """Who did what. Rows are only added (a trigger sees to it), in the transaction of the deed; no address."""

    at = models.DateTimeField()
    # The user who did it; none for a signer, the clock or a command.
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    # What kind of actor: "user", "signer", "system".
    actor_kind = models.CharField(max_length=10)
    # The operation's name, for example "publish_letter".
    verb = models.CharField(max_length=50)
    # What it was done to, for example "letter" and its id.
    object_kind = models.CharField(max_length=30)
    object_id = models.BigIntegerField()
    # Whose owners may read it: the collective to which the thing belongs, if it belongs to one.
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
            models.Index(
                "collective",
                F("id").desc(),
                name="audit_event_of_a_collective",
                condition=Q(collective__isnull=False),
            ),
            # Few among what moderators do to signatures, and read by days.
            models.Index("collective", "at", name="audit_event_of_signers", condition=OF_SIGNERS),
            # Whom somebody invited today is counted, however much else they have done.
            models.Index("actor", "at", name="audit_event_of_a_round", condition=Q(verb="invite_first_signers")),
            # So is what they have begun and uploaded.
            models.Index(
                "actor",
                "at",
                name="audit_event_that_fills_disks",
                condition=Q(verb__in=["draft_letter", "add_picture"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.object_kind} {self.object_id}"
