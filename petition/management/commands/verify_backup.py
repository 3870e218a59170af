from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from petition.backups import BackupError
from petition.backups.database import SITE
from petition.backups.manifest import verify


class Command(BaseCommand):
    help = "Check that the files of a backup are as they were written. Nothing is restored."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="The folder of a backup.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = verify(options["folder"])
        except BackupError as error:
            raise CommandError(str(error)) from error
        signatures = found.counts[SITE]["signatures"]
        self.stdout.write(f"The backup of {found.moment:%Y-%m-%d %H:%M:%S %Z} is whole: {signatures} signatures.")
