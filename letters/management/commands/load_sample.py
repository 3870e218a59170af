from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from letters.base.keyring.operations import must_know_keys
from letters.models import User
from letters.organizer.letter_editor.sample import load_sample
from letters.public.public_pages.tasks import sweep


class Command(BaseCommand):
    help = "Publishes the sample letter, once, on a site that has no letter yet."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--owner", default="", help="The address of the account that is to own it (the first staff)."
        )

    def handle(self, *args: Any, owner: str, **options: Any) -> None:
        must_know_keys()
        wanted = User.objects.filter(email__iexact=owner) if owner else User.objects.filter(is_superuser=True)
        user = wanted.order_by("pk").first()
        if user is None:
            raise CommandError("There is no such account to own the sample letter; make one with createsuperuser.")
        if load_sample(by=user, now=timezone.now()):
            sweep(now=timezone.now())
            self.stdout.write("The sample letter is published.")
        else:
            self.stdout.write("There is a letter or a collective here already; the sample letter was left out.")
