from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from letters.base.ledger_logs.queries import logs_in_doubt
from letters.models import LedgerLog
from letters.public.ledger.closing import NotInDoubt, close_log


class Command(BaseCommand):
    help = (
        "Close logs that cannot be signed any more, and start their successors. Run it on the machine that signs: its "
        "LEDGER_DIR knows what was signed last. Without names it lists the logs in doubt."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("names", nargs="*", help="The last part of the log's origin: 12, 12.2, site.")
        parser.add_argument("--all-in-doubt", action="store_true", help="Close every log in doubt.")
        parser.add_argument("--even-if-right", action="store_true", help="Also a log that can be signed.")

    def handle(self, *args: Any, **options: Any) -> None:
        doubted = list(logs_in_doubt())
        names = [log.name for log in doubted] if options["all_in_doubt"] else options["names"]
        if not names:
            self._list(doubted)
            return
        known = {log.name: log for log in LedgerLog.objects.current().filter(name__in=names)}
        if unknown := [name for name in names if name not in known]:
            raise CommandError(f"No log that grows has the name {', '.join(unknown)}.")
        for name in names:
            try:
                successor = close_log(known[name].pk, now=timezone.now(), even_if_right=options["even_if_right"])
            except NotInDoubt:
                raise CommandError(f"{name} can be signed. Close it with --even-if-right, if you must.") from None
            self.stdout.write(f"{known[name].origin} is closed. {successor.origin} continues it.")

    def _list(self, doubted: list[LedgerLog]) -> None:
        for log in doubted:
            self.stdout.write(f"{log.name}: {log.get_doubt_display()} (since {log.doubted_at:%Y-%m-%d %H:%M %Z})")
        if not doubted:
            self.stdout.write("No log is in doubt.")
