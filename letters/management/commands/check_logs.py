from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from letters.models import LedgerLog
from letters.public.ledger.checking import wrong_in


class Command(BaseCommand):
    help = "Check every tile and checkpoint of the signed logs against the entries, and name what differs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("names", nargs="*", help="The last part of a log's origin: 12, 12.2, site. Default: all.")

    def handle(self, *args: Any, **options: Any) -> None:
        logs = LedgerLog.objects.order_by("pk")
        if names := options["names"]:
            logs = logs.filter(name__in=names)
        wrong = 0
        for log in logs.iterator():
            for sentence in wrong_in(log):
                wrong += 1
                self.stdout.write(sentence)
        if wrong:
            raise CommandError(f"{wrong} things are wrong. docs/running.md, “A log in doubt”, says what to do.")
        self.stdout.write(f"All {logs.count()} logs are as they were signed.")
