"""How long data about signers is kept: columns without a value, or with a constant one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0122_mirrors"),
    ]

    operations = [
        migrations.AddField(
            model_name="letter",
            name="keep_addresses",
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="letter",
            name="keep_data",
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="letter",
            name="withholds_names_later",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="letter",
            name="deletion_on",
            field=models.DateField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="letter",
            name="addresses_deleted_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="letter",
            name="data_deleted_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AlterField(
            model_name="notification",
            name="kind",
            field=models.CharField(
                choices=[
                    ("daily", "The daily email about a collective's letters"),
                    ("published", "A scheduled letter was published"),
                    ("not_published", "A scheduled letter could not be published"),
                    ("cleared", "Staff cleared a collective"),
                    ("letter_reviewed", "A site moderator looked at a text that waited"),
                    ("update_copy", "Copy of an update"),
                    ("letter_offered", "A letter is offered to another collective"),
                    ("offer_answered", "A letter moved, or another collective declined it"),
                    ("shield", "The shield of a letter is up"),
                    ("webhook_off", "A webhook was switched off"),
                    ("deletion", "Data about the signers of a letter will soon be deleted"),
                    ("collectives_wait", "Collectives wait for staff"),
                    ("reports_wait", "Reports or appeals wait for moderators of the site"),
                ],
                max_length=20,
            ),
        ),
    ]
