from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from letters.models import Letter
from letters.moderator.takedowns.operations import decide_appeal
from letters.shared.refused import Refusal, Refused

WHY = {
    Refusal.NOT_TAKEN_DOWN: "This letter has not been taken down.",
    Refusal.NO_REASON: "Enter the reasons for your decision: --answer. The collective gets them by email.",
    Refusal.APPEAL_SETTLED: "No appeal is waiting.",
}


class Command(BaseCommand):
    help = (
        "Decide on the appeal against a take-down, where the site has no other moderator than the one who took the "
        "letter down. The audit record says that it was decided at the console."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="The last part of the letter's web address.")
        parser.add_argument("decision", choices=["keep", "restore"], help="Keep the letter down, or restore it.")
        parser.add_argument("--answer", default="", help="The reasons, which the collective gets by email.")

    def handle(self, *args: Any, slug: str, decision: str, answer: str, **options: Any) -> None:
        letter = Letter.objects.public().select_related("collective").filter(slug=slug).first()
        if letter is None:
            raise CommandError(f"There is no public letter {slug}.")
        try:
            decide_appeal(letter, reverse=decision == "restore", answer=answer, by=None, now=timezone.now())
        except Refused as refused:
            raise CommandError(WHY.get(refused.code, refused.code.value)) from refused
        self.stdout.write("The letter is back as it was." if decision == "restore" else "The letter stays down.")
