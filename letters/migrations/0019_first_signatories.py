"""Signatures that are invited; a constant default, which PostgreSQL notes without touching a row. Checks follow in 0020.

The rules about states are made anew with two states more. Until they are validated they hold for what is written from
now on, and what stands there obeys the old ones, which were narrower.
"""

import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.models import Q

STATES = [
    ("pending", "Awaiting confirmation"),
    ("confirmed", "Confirmed, awaiting its number"),
    ("held", "Awaiting a moderator"),
    ("published", "Published"),
    ("rejected", "Removed by a moderator"),
    ("withdrawn", "Withdrawn by its signer"),
    ("expired", "Never confirmed"),
    ("disowned", "Disowned by the owner of the address"),
    ("invited", "Invited, has not answered"),
    ("declined", "Invited, and said no"),
]
UNANSWERED = ["expired", "invited", "declined"]
RULES = {
    "signature_state_known": Q(
        state__in=[
            *["pending", "confirmed", "held", "published"],
            *["rejected", "withdrawn", "expired", "disowned", "invited", "declined"],
        ]
    ),
    "signature_published_has_a_number": Q(state="published", number__isnull=False, published_at__isnull=False)
    | Q(state__in=["withdrawn", "rejected", "disowned"])
    | Q(state__in=["pending", "confirmed", "held", *UNANSWERED], number__isnull=True),
    "signature_confirmed_says_when_and_how": Q(state__in=["pending", *UNANSWERED], confirmed_at__isnull=True)
    | Q(state__in=["withdrawn", "rejected", "disowned"])
    | (Q(state__in=["confirmed", "held", "published"], confirmed_at__isnull=False) & ~Q(verified="")),
    "signature_has_a_name": ~Q(name="")
    | Q(display="nobody")
    | Q(state__in=["withdrawn", "rejected", "disowned", *UNANSWERED]),
}


class Migration(migrations.Migration):
    dependencies = [("letters", "0018_find_who_has_still_to_be_asked")]

    operations = [
        migrations.AddField("signature", "is_first", models.BooleanField(db_default=False, default=False)),
        migrations.AlterField("signature", "state", models.CharField(choices=STATES, default="pending", max_length=10)),
        *(
            operation
            for name, rule in RULES.items()
            for operation in (
                migrations.RemoveConstraint("signature", name),
                AddConstraintNotValid("signature", models.CheckConstraint(condition=rule, name=name)),
            )
        ),
        migrations.CreateModel(
            "InviteList",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sealed", models.BinaryField()),
                ("encoding", models.CharField(blank=True, max_length=20)),
                ("created_at", models.DateTimeField()),
                (
                    "letter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="letters.letter"
                    ),
                ),
                (
                    "sent_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.F("letter"), models.F("sent_by"), name="invite_list_once_an_organizer"
                    )
                ],
            },
        ),
    ]
