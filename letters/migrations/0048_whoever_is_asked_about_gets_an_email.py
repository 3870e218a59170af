"""An email that somebody asks for goes to every address alike, whether it has signed or not.

Constraints are checked, and indexes are built, beside the living table.
"""

from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models
from django.db.models import Q

NAME = "delivery_has_one_recipient"
SIGNER = Q(signature__isnull=False, invitation__isnull=True)
INVITED = Q(signature__isnull=True, invitation__isnull=False)
UNKNOWN = Q(signature__isnull=True, invitation__isnull=True, request__isnull=False)
KNOWN_BEFORE = models.CheckConstraint(condition=SIGNER | INVITED, name=NAME)
ALL_KNOWN = models.CheckConstraint(condition=SIGNER | INVITED | UNKNOWN, name=NAME)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("letters", "0039_search_without_marks")]

    operations = [
        migrations.CreateModel(
            name="MailRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("language", models.CharField(max_length=12)),
                ("address_hash", models.BinaryField(max_length=32)),
                ("address", models.BinaryField(blank=True, null=True)),
                ("requested_at", models.DateTimeField()),
                (
                    "letter",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=models.deletion.DO_NOTHING,
                        related_name="+",
                        to="letters.letter",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index("address_hash", name="mail_request_to_address"),
                    models.Index("id", condition=Q(address__isnull=False), name="mail_request_with_address"),
                ]
            },
        ),
        migrations.AddField(
            "delivery",
            "request",
            models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=models.deletion.DO_NOTHING,
                related_name="deliveries",
                to="letters.mailrequest",
            ),
        ),
        AddIndexConcurrently(
            "delivery",
            models.Index("request", condition=Q(request__isnull=False), name="delivery_of_a_request"),
        ),
        # Whoever goes back loses the emails that have no other recipient.
        migrations.RunSQL(
            migrations.RunSQL.noop,
            "DELETE FROM letters_delivery WHERE signature_id IS NULL AND invitation_id IS NULL",
        ),
        migrations.RemoveConstraint("delivery", NAME),
        AddConstraintNotValid("delivery", ALL_KNOWN),
        ValidateConstraint("delivery", NAME),
    ]
