"""Invitations; a mail is for a signer or for who is invited; an event names its collective. Checks are made in 0013.

New columns are nullable or have a constant default, and no index is built here: no row of a living table is touched.
"""

from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.models import Q
from django.db.models.deletion import CASCADE, PROTECT

ROLES = [("owner", "Owner"), ("editor", "Editor"), ("moderator", "Moderator")]
KINDS = [
    ("confirm", "Confirm your signature"),
    ("thanks", "You have signed"),
    ("reminder", "Your signature still waits"),
    ("signed_again", "You had signed already"),
    ("requested", "The mail or link that you asked for"),
    ("invited", "You are invited to be among the first to sign"),
    ("carry_over", "The text has changed: does your signature stand?"),
    ("update", "News about a letter that you have signed"),
    ("team_invitation", "You are invited to work on letters with a collective"),
]


class Migration(migrations.Migration):
    dependencies = [("letters", "0011_find_what_moderators_refused")]

    operations = [
        migrations.AddField("collective", "timezone", models.CharField(db_default="UTC", default="UTC", max_length=64)),
        migrations.CreateModel(
            "Invitation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "collective",
                    models.ForeignKey(
                        db_index=False, on_delete=CASCADE, related_name="invitations", to="letters.collective"
                    ),
                ),
                ("role", models.CharField(choices=ROLES, max_length=10)),
                ("address", models.BinaryField(blank=True, null=True)),
                ("address_hash", models.BinaryField(max_length=32)),
                ("invited_by", models.ForeignKey(on_delete=PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("salt", models.BinaryField(max_length=8)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("accepted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "accepted_by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["address_hash", "collective"],
                        condition=Q(accepted_at__isnull=True, revoked_at__isnull=True),
                        name="invitation_open_once",
                    ),
                    models.CheckConstraint(
                        condition=Q(role__in=["owner", "editor", "moderator"]), name="invitation_role_known"
                    ),
                    models.CheckConstraint(
                        condition=Q(accepted_at__isnull=True, accepted_by__isnull=True)
                        | Q(accepted_at__isnull=False, accepted_by__isnull=False, revoked_at__isnull=True),
                        name="invitation_accepted_says_by_whom",
                    ),
                    models.CheckConstraint(
                        condition=Q(accepted_at__isnull=True, revoked_at__isnull=True, address__isnull=False)
                        | (Q(address__isnull=True) & (Q(accepted_at__isnull=False) | Q(revoked_at__isnull=False))),
                        name="invitation_forgets_its_address",
                    ),
                ],
                "indexes": [
                    models.Index("collective", "created_at", name="invitation_of_a_collective"),
                    models.Index("address_hash", "created_at", name="invitation_to_an_address"),
                ],
            },
        ),
        migrations.AddField(
            "auditevent",
            "collective",
            models.ForeignKey(db_index=False, null=True, on_delete=PROTECT, related_name="+", to="letters.collective"),
        ),
        migrations.AlterField(
            "delivery",
            "signature",
            models.ForeignKey(
                blank=True, null=True, on_delete=CASCADE, related_name="deliveries", to="letters.signature"
            ),
        ),
        # On the way back: what is for nobody who signed cannot be kept.
        migrations.RunSQL(migrations.RunSQL.noop, "DELETE FROM letters_delivery WHERE signature_id IS NULL"),
        migrations.AddField(
            "delivery",
            "invitation",
            models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=CASCADE,
                related_name="deliveries",
                to="letters.invitation",
            ),
        ),
        AddConstraintNotValid(
            "delivery",
            models.CheckConstraint(
                condition=Q(signature__isnull=False, invitation__isnull=True)
                | Q(signature__isnull=True, invitation__isnull=False),
                name="delivery_has_one_recipient",
            ),
        ),
        migrations.AlterField("delivery", "kind", models.CharField(choices=KINDS, max_length=20)),
    ]
