from __future__ import annotations

from django.db import models


class Switch(models.Model):
    """One activity that staff can stop or start while the site runs. Without a row, its default applies."""

    class Name(models.TextChoices):
        TAKE_SIGNATURES = "take_signatures", "Accept signatures"
        SEND_BULK_MAIL = "send_bulk_mail", "Send bulk email: reminders, invitations, carry-over questions, updates"
        ASK_PROOF = "ask_proof", "Ask every signer for a browser check"
        PUBLISH = "publish", "Publish confirmed signatures"
        MAINTENANCE = "maintenance", "Maintenance: everyone can read letters, and only staff can change anything"

    name = models.CharField(max_length=20, choices=Name)
    is_on = models.BooleanField()
    # When maintenance will probably be over, which pages say. Nothing happens by itself then.
    until = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "switches"
        constraints = [
            models.UniqueConstraint(fields=["name"], name="switch_once"),
            models.CheckConstraint(
                condition=models.Q(
                    name__in=["take_signatures", "send_bulk_mail", "ask_proof", "publish", "maintenance"]
                ),
                name="switch_name_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {'on' if self.is_on else 'off'}"
