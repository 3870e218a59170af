from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from letters.base.keyring.operations import accept_keys


class Command(BaseCommand):
    help = "Accept changed keys: record that the keys in the environment are the right ones for this database."

    def handle(self, *args: Any, **options: Any) -> None:
        accept_keys(now=timezone.now())
        self.stdout.write("The keys are accepted. Restart the web server, the workers and the clock.")
