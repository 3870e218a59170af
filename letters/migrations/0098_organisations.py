"""Organisations as signatories. The tables are new, and each new column has a constant default."""

import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0097_sign_elsewhere"),
    ]

    operations = [
        migrations.CreateModel(
            name="OrganisationSignature",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("language", models.CharField(max_length=12)),
                ("name", models.CharField(blank=True, max_length=200)),
                ("website", models.CharField(blank=True, max_length=500)),
                ("domain", models.CharField(blank=True, max_length=253)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Waiting for confirmation"),
                            ("waiting", "Waiting for the organizers"),
                            ("published", "Published"),
                            ("rejected", "Rejected or removed"),
                            ("withdrawn", "Withdrawn by the person who signed for it"),
                        ],
                        default="pending",
                        max_length=10,
                    ),
                ),
                (
                    "proof",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "None"),
                            ("address", "An address at its domain"),
                            ("vouched", "The organizers vouch for it"),
                        ],
                        db_default="",
                        default="",
                        max_length=10,
                    ),
                ),
                (
                    "doubt",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "None"),
                            ("address", "The address is not at its domain"),
                            ("name", "The name is odd"),
                            ("reviewed", "The letter reviews each signature"),
                            ("rejected", "An organisation of this domain was rejected before"),
                        ],
                        db_default="",
                        default="",
                        max_length=10,
                    ),
                ),
                ("salt", models.BinaryField(max_length=8)),
                ("signed_at", models.DateTimeField()),
                ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                ("published_at", models.DateTimeField(blank=True, null=True)),
                ("because", models.CharField(blank=True, db_default="", default="", max_length=500)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.AddField(
            model_name="letter",
            name="organisation_count",
            field=models.PositiveIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddField(
            model_name="letter",
            name="organisations_sign",
            field=models.BooleanField(db_default=False, default=False),
        ),
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
                    ("address_proof", "Code for an address with which a signer answers a question"),
                    ("release", "Enough people have signed, and names will appear"),
                    ("unreached", "Too few people have signed, and everything is deleted"),
                    ("feature", "The organizers ask whether they may feature your name"),
                    ("organisation", "Confirm that an organisation signs"),
                    ("organisation_signed", "The control link of an organisation"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="organisationsignature",
            name="decided_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="organisationsignature",
            name="letter",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="organisations",
                to="letters.letter",
            ),
        ),
        migrations.AddField(
            model_name="organisationsignature",
            name="revision",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="letters.revision"
            ),
        ),
        migrations.CreateModel(
            name="OrganisationContact",
            fields=[
                (
                    "organisation",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="contact",
                        serialize=False,
                        to="letters.organisationsignature",
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=200)),
                ("role", models.CharField(blank=True, max_length=200)),
                ("address", models.BinaryField()),
                ("address_hash", models.BinaryField(max_length=32)),
                ("domain", models.CharField(max_length=253)),
            ],
            options={
                "indexes": [models.Index(models.F("address_hash"), name="organisation_of_address")],
            },
        ),
        migrations.AddIndex(
            model_name="organisationsignature",
            index=models.Index(
                models.F("letter"),
                django.db.models.functions.text.Lower("name"),
                models.F("id"),
                condition=models.Q(("state", "published")),
                name="organisation_listed",
            ),
        ),
        migrations.AddIndex(
            model_name="organisationsignature",
            index=models.Index(models.F("letter"), models.F("state"), models.F("id"), name="organisation_of_letter"),
        ),
        migrations.AddIndex(
            model_name="organisationsignature",
            index=models.Index(
                models.F("signed_at"), condition=models.Q(("state", "pending")), name="organisation_unconfirmed"
            ),
        ),
        migrations.AddIndex(
            model_name="organisationsignature",
            index=models.Index(models.F("revision"), name="organisation_of_revision"),
        ),
        migrations.AddConstraint(
            model_name="organisationsignature",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["pending", "waiting", "published", "rejected", "withdrawn"])),
                name="organisation_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="organisationsignature",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "published")),
                fields=("letter", "domain"),
                name="organisation_once_a_domain",
            ),
        ),
        migrations.AddConstraint(
            model_name="organisationsignature",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "published"), _negated=True),
                    models.Q(
                        models.Q(("proof", ""), _negated=True),
                        models.Q(("name", ""), _negated=True),
                        ("published_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="organisation_published_has_proof",
            ),
        ),
        migrations.AddConstraint(
            model_name="organisationsignature",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["pending", "withdrawn"]),
                    models.Q(models.Q(("domain", ""), _negated=True), ("confirmed_at__isnull", False)),
                    _connector="OR",
                ),
                name="organisation_waits_confirmed",
            ),
        ),
        migrations.AddConstraint(
            model_name="organisationsignature",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "withdrawn"), _negated=True),
                    models.Q(("domain", ""), ("name", ""), ("website", "")),
                    _connector="OR",
                ),
                name="organisation_withdrawn_is_empty",
            ),
        ),
    ]
