"""What search engines may show of a letter: a column with a constant default, and no rewrite."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0083_words_changed"),
    ]

    operations = [
        migrations.AddField(
            model_name="letter",
            name="indexing",
            field=models.CharField(
                choices=[
                    ("all", "Leave nothing out"),
                    ("text", "Leave the lists of names out"),
                    ("nothing", "Leave every page out"),
                ],
                db_default="all",
                default="all",
                max_length=7,
            ),
        ),
        migrations.AddConstraint(
            model_name="letter",
            constraint=models.CheckConstraint(
                condition=models.Q(("indexing__in", ["all", "text", "nothing"])), name="letter_indexing_known"
            ),
        ),
    ]
