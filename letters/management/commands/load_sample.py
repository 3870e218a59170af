from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from letters.base.keyring.operations import require_known_keys
from letters.models import User
from letters.organizer.letter_editor.sample import load_sample
from letters.public.public_pages.tasks import sweep


class Command(BaseCommand):
    help = "Publish the sample letter on a site that has no letters yet."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--owner", default="", help="Email address of the account that will own it (default: the first superuser)."
        )

    def handle(self, *args: Any, owner: str, **options: Any) -> None:
        require_known_keys()
        wanted = User.objects.filter(email__iexact=owner) if owner else User.objects.filter(is_superuser=True)
        user = wanted.order_by("pk").first()
        if user is None:
            raise CommandError("There is no such account to own the sample letter. Create one with createsuperuser.")
        if load_sample(by=user, now=timezone.now()):
            sweep(now=timezone.now())
            self.stdout.write("The sample letter is published.")
        else:
            self.stdout.write("The site already has a letter or a collective, so the sample letter was not published.")
