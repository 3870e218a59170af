"""Emails about decisions of moderators can wait, so both work lists of the mail workers get a new index."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("letters", "0075_site_notes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="outgoingemail",
            name="kind",
            field=models.CharField(
                choices=[
                    ("confirm", "Confirm your signature"),
                    ("thanks", "You have signed"),
                    ("reminder", "Reminder to confirm a signature"),
                    ("signed_again", "You had signed already"),
                    ("requested", "The email or link that you asked for"),
                    ("invited", "Invitation to sign first"),
                    ("carry_over", "Question whether a signature carries over"),
                    ("update", "Update about a letter that you signed"),
                    ("team_invitation", "Invitation to join a collective"),
                    ("notification", "Email to an organizer or to staff about something that happened"),
                    ("decided", "A moderator has decided about your signature"),
                    ("update_copy", "Copy of an update, for an organizer"),
                    ("name_report", "Confirm a report by the person whom a signature names"),
                ],
                max_length=20,
            ),
        ),
        AddIndexConcurrently(
            model_name="outgoingemail",
            index=models.Index(
                models.F("next_attempt_at"),
                condition=models.Q(
                    ("dropped_at__isnull", True),
                    ("failed_at__isnull", True),
                    ("sent_at__isnull", True),
                    models.Q(
                        (
                            "kind__in",
                            ["reminder", "invited", "carry_over", "update", "notification", "decided", "update_copy"],
                        ),
                        _negated=True,
                    ),
                ),
                name="email_due_soon",
            ),
        ),
        AddIndexConcurrently(
            model_name="outgoingemail",
            index=models.Index(
                models.F("next_attempt_at"),
                condition=models.Q(
                    ("dropped_at__isnull", True),
                    ("failed_at__isnull", True),
                    ("sent_at__isnull", True),
                    (
                        "kind__in",
                        ["reminder", "invited", "carry_over", "update", "notification", "decided", "update_copy"],
                    ),
                    ("update__isnull", True),
                ),
                name="email_due_in_bulk",
            ),
        ),
        # Performance: the work lists of the mail workers always have an index.
        RemoveIndexConcurrently("outgoingemail", "email_due_at_once"),
        RemoveIndexConcurrently("outgoingemail", "email_due_later"),
    ]
