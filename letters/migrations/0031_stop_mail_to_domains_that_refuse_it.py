"""Domains that get no email for a while, because they refused most of it. A new, small table: nothing else is touched."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0030_know_the_keys"),
    ]

    operations = [
        migrations.CreateModel(
            name="StoppedDomain",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("domain", models.CharField(max_length=253, unique=True)),
                ("stopped_at", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("times", models.PositiveSmallIntegerField(default=1)),
                ("refused", models.PositiveIntegerField()),
                ("tried", models.PositiveIntegerField()),
            ],
            options={
                "indexes": [models.Index(fields=["until"], name="stopped_domain_until")],
            },
        ),
    ]
