import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

try:
    from letters.moderator.rehearsal.evaluation import evaluate
except ModuleNotFoundError:  # Faker is in requirements-local.txt.
    evaluate = None  # type: ignore[assignment]


class Command(BaseCommand):
    help = "Invent signatures, honest and fake, and print as JSON how well the signals tell them apart. Writes nothing."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seed", type=int, default=1, help="The same number invents the same signatures.")
        parser.add_argument("--signatures", type=int, default=10_000)
        parser.add_argument("--fakes", type=int, default=200, help="How many of the signatures are fake.")

    def handle(self, *args: Any, seed: int, signatures: int, fakes: int, **options: Any) -> None:
        if evaluate is None:
            raise CommandError("Install requirements-local.txt first: this command needs Faker.")
        if not 0 <= fakes <= signatures:
            raise CommandError("Some of the signatures are fakes, so there cannot be more fakes than signatures.")
        found = evaluate(signatures=signatures, fakes=fakes, seed=seed)
        self.stdout.write(json.dumps(found, indent=2))
