"""A notice on every page is stored like the pages of the site. The table has few rows."""

from django.db import migrations, models

PAGES = ["privacy", "imprint", "rules", "accessibility", "contact"]
CHOICES = [
    ("privacy", "Privacy"),
    ("imprint", "Imprint"),
    ("rules", "Rules"),
    ("accessibility", "Accessibility"),
    ("contact", "Contact"),
    ("notice", "Notice on every page"),
]
# A trigger refuses changes of versions, except here, where the older program knows no notice.
FORGET_NOTICES = """
ALTER TABLE letters_sitepage DISABLE TRIGGER USER;
DELETE FROM letters_sitepage WHERE name = 'notice';
ALTER TABLE letters_sitepage ENABLE TRIGGER USER;
"""


class Migration(migrations.Migration):
    dependencies = [("letters", "0104_list_of_one_affiliation")]

    operations = [
        migrations.AlterField("sitepage", "name", models.CharField(choices=CHOICES, max_length=20)),
        migrations.RemoveConstraint("sitepage", "site_page_known"),
        migrations.AddConstraint(
            "sitepage",
            models.CheckConstraint(condition=models.Q(("name__in", [*PAGES, "notice"])), name="site_page_known"),
        ),
        # Last here, so first on the way back: the older constraint holds for no row with a notice.
        migrations.RunSQL(migrations.RunSQL.noop, FORGET_NOTICES),
    ]
