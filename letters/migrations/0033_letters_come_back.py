from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0032_what_each_signing_typed"),
    ]

    operations = [
        migrations.AddField(
            model_name="collective",
            name="asked_to_invite_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="collective",
            name="invites_again_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="letter",
            name="publish_refused",
            field=models.CharField(blank=True, db_default="", default="", max_length=30),
        ),
        migrations.AddField(
            model_name="letter",
            name="withdrawn_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="letter",
            name="withdrawn_from",
            field=models.CharField(
                blank=True,
                choices=[
                    ("draft", "Draft"),
                    ("published", "Published"),
                    ("closed", "Closed"),
                    ("withdrawn", "Withdrawn"),
                ],
                db_default="",
                default="",
                max_length=10,
            ),
        ),
    ]
