from typing import Any

from django.core.management.base import BaseCommand, CommandError

from petition.health import all_checks


class Command(BaseCommand):
    help = "Show whether each part of the site works; exit code 1 if one does not. /readyz shows the same."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        checks = all_checks()
        for check in checks:
            self.stdout.write(str(check))
        if failing := [check.name for check in checks if not check.ok]:
            raise CommandError(f"Not ready: {', '.join(failing)}.")
