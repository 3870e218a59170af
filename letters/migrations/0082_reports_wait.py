"""The email to moderators of the site. Nothing in the database changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0081_public_comments"),
    ]

    operations = [
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
                    ("collectives_wait", "Collectives wait for staff"),
                    ("reports_wait", "Reports or appeals wait for moderators of the site"),
                ],
                max_length=20,
            ),
        ),
    ]
