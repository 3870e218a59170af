from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from letters.base.site_limits.operations import reset_limit, set_limit
from letters.base.site_limits.queries import BOUNDS, in_settings
from letters.models import SiteLimit
from letters.shared.refused import Refusal, Refused

SETTING = "setting"


class Command(BaseCommand):
    help = "Change one limit of the running site. Without arguments, show all limits."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", choices=SiteLimit.Name.values)
        parser.add_argument("value", nargs="?", help=f'A number, or "{SETTING}" to use the setting again.')
        parser.add_argument(
            "--until",
            type=datetime.fromisoformat,
            help="The end, for example 2026-12-01T18:00 (in the site's time zone).",
        )
        parser.add_argument("--reason", default="", help="Stored in the audit record. Needed for a change.")

    def handle(
        self,
        *args: Any,
        name: str | None,
        value: str | None,
        until: datetime | None,
        reason: str,
        **options: Any,
    ) -> None:
        if name and value:
            self._change(SiteLimit.Name(name), value, _in_zone(until), reason)
        else:
            self._show([SiteLimit.Name(name)] if name else list(SiteLimit.Name))

    def _change(self, name: SiteLimit.Name, value: str, until: datetime | None, reason: str) -> None:
        now = timezone.now()
        try:
            if value == SETTING:
                reset_limit(name, by=None, now=now, reason=reason)
            elif value.isascii() and value.isdigit():
                set_limit(name, int(value), by=None, now=now, reason=reason, until=until)
            else:
                raise CommandError(f'Enter a number, or "{SETTING}".')
        except Refused as refused:
            least, most = BOUNDS[name]
            why = {
                Refusal.NO_REASON: "Say why: --reason.",
                Refusal.OUT_OF_BOUNDS: f"Enter a number between {least} and {most}.",
                Refusal.END_IS_PAST: "Enter an end in the future: --until.",
            }
            raise CommandError(why[refused.code]) from refused
        end = f" until {until:%Y-%m-%d %H:%M %Z}" if until and value != SETTING else ""
        self.stdout.write(
            f"{name} will be {in_settings(name) if value == SETTING else value} within five seconds{end}."
        )

    def _show(self, names: list[SiteLimit.Name]) -> None:
        now, changed = timezone.now(), {each.name: each for each in SiteLimit.objects.all()}
        for name in names:
            limit = changed.get(name)
            row = f"{name.value:<20} {in_settings(name):<18}"
            if limit and limit.applies(now):
                end = f" until {timezone.localtime(limit.until):%Y-%m-%d %H:%M %Z}" if limit.until else ""
                row += f" changed to {limit.value}{end}."
            self.stdout.write(f"{row} {name.label}")


def _in_zone(until: datetime | None) -> datetime | None:
    return timezone.make_aware(until) if until and timezone.is_naive(until) else until
