from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from petition.backups import BackupError
from petition.backups.restoring import restore_backup


class Command(BaseCommand):
    help = "Restore a backup into the empty database of DATABASE_URL."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="The folder of a backup.")
        parser.add_argument("--keys", type=Path, required=True, help="The file of keys that `backup --keys-to` wrote.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            restore_backup(options["folder"], keys=options["keys"], say=self.stdout.write)
        except BackupError as error:
            raise CommandError(str(error)) from error
