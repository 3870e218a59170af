from __future__ import annotations

from django.db import models


class Switch(models.Model):
    """A part of the site that can be switched off, or on, while it runs. Without a row it has its default."""

    class Name(models.TextChoices):
        TAKE_SIGNATURES = "take_signatures", "Take signatures"
        SEND_BULK_MAIL = "send_bulk_mail", "Send mail that can wait: reminders, updates"
        ASK_PROOF = "ask_proof", "Ask everybody for a proof of work"
        PUBLISH = "publish", "Publish what is confirmed"

    name = models.CharField(max_length=20, choices=Name)
    is_on = models.BooleanField()
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "switches"
        constraints = [
            models.UniqueConstraint(fields=["name"], name="switch_once"),
            models.CheckConstraint(
                condition=models.Q(name__in=["take_signatures", "send_bulk_mail", "ask_proof", "publish"]),
                name="switch_name_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {'on' if self.is_on else 'off'}"
