"""The switch for maintenance. The table has a handful of rows."""

from django.db import migrations, models

NAMES = ["take_signatures", "send_bulk_mail", "ask_proof", "publish"]


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0124_retention"),
    ]

    operations = [
        migrations.AddField(
            model_name="switch",
            name="until",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="switch",
            name="name",
            field=models.CharField(
                choices=[
                    ("take_signatures", "Accept signatures"),
                    ("send_bulk_mail", "Send bulk email: reminders, invitations, carry-over questions, updates"),
                    ("ask_proof", "Ask every signer for a browser check"),
                    ("publish", "Publish confirmed signatures"),
                    ("maintenance", "Maintenance: everyone can read letters, and only staff can change anything"),
                ],
                max_length=20,
            ),
        ),
        migrations.RemoveConstraint(model_name="switch", name="switch_name_known"),
        # Going back: an older release knows four names.
        migrations.RunSQL(
            migrations.RunSQL.noop, "DELETE FROM letters_switch WHERE name = 'maintenance'", elidable=False
        ),
        migrations.AddConstraint(
            model_name="switch",
            constraint=models.CheckConstraint(
                condition=models.Q(name__in=[*NAMES, "maintenance"]), name="switch_name_known"
            ),
        ),
    ]
