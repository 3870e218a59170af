from typing import Any

from django.core.management.base import BaseCommand, CommandError

from petition.health import all_checks


class Command(BaseCommand):
    help = "Says of every part whether it does its work; exit code 1 if one does not. /readyz says the same."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        checks = all_checks()
        for check in checks:
            self.stdout.write(str(check))
        if away := [check.name for check in checks if not check.ok]:
            raise CommandError(f"Not ready: {', '.join(away)}.")
