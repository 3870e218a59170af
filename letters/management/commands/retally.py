from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from letters.models import Letter
from letters.organizer.dashboard.operations import retally_letter


class Command(BaseCommand):
    help = (
        "Recount the numbers on a letter's overview page. Until it ends, new signatures of that letter get no numbers."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", nargs="?", help="The last part of the letter's web address.")
        parser.add_argument("--all", action="store_true", help="Every letter, one after another.")

    def handle(self, *args: Any, slug: str | None, **options: Any) -> None:
        letters = Letter.objects.order_by("pk") if options["all"] else Letter.objects.filter(slug=slug)
        if not letters:
            raise CommandError("There is no such letter. Enter the last part of its web address, or --all.")
        for letter in letters:
            retally_letter(letter, now=timezone.now())
            self.stdout.write(f"{letter.slug}: recounted.")
