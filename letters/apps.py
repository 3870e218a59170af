from typing import Any

from django.apps import AppConfig
from django.db import connection
from django.db.models.signals import post_migrate
from django.utils import timezone


class LettersConfig(AppConfig):
    name = "letters"
    # The label is part of table names, migrations and permissions, so it must never change.
    label = "letters"
    verbose_name = "Letters"

    def ready(self) -> None:
        from letters.base.accounts import signals  # noqa: F401, PLC0415 -- importing it connects them, once models are there

        post_migrate.connect(_add_what_a_site_begins_with, sender=self)


def _add_what_a_site_begins_with(**_options: Any) -> None:
    """Add the rows of a new site. After migrating back to an earlier version, their table is not there."""
    from letters.models import RejectionReason  # noqa: PLC0415 -- once models are there
    from letters.moderator.moderation.operations import add_first_reasons  # noqa: PLC0415 -- once models are there

    if RejectionReason._meta.db_table in connection.introspection.table_names():
        add_first_reasons(now=timezone.now())
