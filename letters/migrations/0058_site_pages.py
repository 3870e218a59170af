"""The pages by the people who run the site. A new table."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

KEPT = """
CREATE FUNCTION letters_refuse_change_of_site_page() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'versions of a page of the site are only ever added' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER letters_sitepage_is_kept BEFORE UPDATE OR DELETE ON letters_sitepage
    FOR EACH ROW EXECUTE FUNCTION letters_refuse_change_of_site_page();
"""

NOT_KEPT = """
DROP TRIGGER letters_sitepage_is_kept ON letters_sitepage;
DROP FUNCTION letters_refuse_change_of_site_page();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0057_replaced_words"),
    ]

    operations = [
        migrations.CreateModel(
            name="SitePage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "name",
                    models.CharField(
                        choices=[
                            ("privacy", "Privacy"),
                            ("imprint", "Imprint"),
                            ("rules", "Rules"),
                            ("accessibility", "Accessibility"),
                            ("contact", "Contact"),
                        ],
                        max_length=20,
                    ),
                ),
                ("language", models.CharField(max_length=12)),
                ("number", models.PositiveIntegerField()),
                ("markdown", models.TextField(blank=True, max_length=50000)),
                ("saved_at", models.DateTimeField()),
                (
                    "saved_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "version of a page of the site",
                "verbose_name_plural": "pages of the site",
                "constraints": [
                    models.UniqueConstraint(fields=("name", "language", "number"), name="site_page_version_once"),
                    models.CheckConstraint(
                        condition=models.Q(("name__in", ["privacy", "imprint", "rules", "accessibility", "contact"])),
                        name="site_page_known",
                    ),
                    models.CheckConstraint(condition=models.Q(("number__gt", 0)), name="site_page_numbered_from_one"),
                ],
            },
        ),
        migrations.RunSQL(KEPT, NOT_KEPT),
    ]
