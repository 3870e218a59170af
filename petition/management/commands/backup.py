from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from petition.backups import BackupError
from petition.backups.database import SITE
from petition.backups.making import make_backup


class Command(BaseCommand):
    help = "Back up the database into a new folder while the site runs, and the keys into a file elsewhere."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="The new folder for this backup.")
        parser.add_argument("--keys-to", type=Path, help="A file for the keys, outside of the folder.")
        parser.add_argument(
            "--ledger-key-to",
            type=Path,
            help="A file of its own for the key that signs the logs. This process needs LEDGER_KEY_FILE.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = make_backup(
                options["folder"],
                keys_to=options["keys_to"],
                ledger_key_to=options["ledger_key_to"],
                say=self.stdout.write,
            )
        except BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"The backup is in {options['folder']}: {made.counts[SITE]['signatures']} signatures.")
        if not options["keys_to"]:
            self.stdout.write("It holds no keys, and without them nobody can restore it. --keys-to copies them.")
