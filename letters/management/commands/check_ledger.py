from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from letters.base.keyring.operations import require_known_keys
from letters.base.ledger.checking import differences_of
from letters.models import Letter


class Command(BaseCommand):
    help = "Compare the ledgers of letters with their signatures, texts and counts. It corrects nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", nargs="?", help="The last part of the letter's web address.")

    def handle(self, *args: Any, slug: str | None, **options: Any) -> None:
        require_known_keys()
        letters = Letter.objects.public().order_by("pk")
        if slug:
            letters = letters.filter(slug=slug)
            if not letters:
                raise CommandError("There is no such public letter. Enter the last part of its web address.")
        differences = 0
        for letter in letters:
            for difference in differences_of(letter):
                differences += 1
                self.stdout.write(str(difference))
        if differences:
            raise CommandError(f"Ledgers and letters disagree in {differences} places.")
        self.stdout.write("All ledgers agree with their letters.")
