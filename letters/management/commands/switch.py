from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from letters.base.switches.operations import turn_switch
from letters.base.switches.queries import is_on
from letters.models import Switch


class Command(BaseCommand):
    help = "Stop or start one activity of the running site. Without arguments, show all switches."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", choices=Switch.Name.values)
        parser.add_argument("state", nargs="?", choices=["on", "off"])
        parser.add_argument("--minutes", type=int, help="About how long, for the page that says when to come back.")
        parser.add_argument("--reason", default="", help="Stored in the audit record.")

    def handle(
        self, *args: Any, name: str | None, state: str | None, reason: str, minutes: int | None = None, **options: Any
    ) -> None:
        if name and state:
            now = timezone.now()
            until = now + timedelta(minutes=minutes) if minutes else None
            turn_switch(Switch.Name(name), on=state == "on", by=None, now=now, reason=reason, until=until)
            self.stdout.write(f"{name} will be {state} within a second.")
            return
        for switch in [Switch.Name(name)] if name else list(Switch.Name):
            self.stdout.write(f"{switch.value:<16} {'on ' if is_on(switch) else 'off'} {switch.label}")
