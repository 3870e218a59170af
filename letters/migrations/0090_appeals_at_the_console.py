"""The console can decide on an appeal, and then no account has decided. The table is small."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0089_search_of_spans"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="takedown",
            name="takedown_decision_says_by_whom",
        ),
        migrations.RemoveConstraint(
            model_name="takedown",
            name="takedown_restored_says_by_whom",
        ),
        migrations.AddConstraint(
            model_name="takedown",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at__isnull", True), ("decided_by__isnull", True), ("outcome", "")),
                    models.Q(
                        ("decided_at__isnull", False),
                        ("outcome__in", ["upheld", "reversed"]),
                        ("appealed_at__isnull", False),
                        models.Q(("answer", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="takedown_decision_says_by_whom",
            ),
        ),
        migrations.AddConstraint(
            model_name="takedown",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("restored_at__isnull", True), ("restored_by__isnull", True)),
                    models.Q(("restored_at__isnull", False), models.Q(("answer", ""), _negated=True)),
                    _connector="OR",
                ),
                name="takedown_restored_says_by_whom",
            ),
        ),
    ]
