import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from letters.base.keyring.operations import require_known_keys
from letters.models import Collective, Letter, Signature, State, User
from letters.organizer.collectives.operations import create_collective
from letters.organizer.letter_editor.operations import Text, draft_letter, publish_letter
from letters.public.public_pages.operations import sequence_letter

try:
    from letters.moderator.rehearsal.operations import seed_letter
except ModuleNotFoundError:  # Faker is in requirements-local.txt.
    seed_letter = None  # type: ignore[assignment]

TEXT = Text(
    language="en",
    title="A letter for a rehearsal",
    addressee="To nobody",
    summary="Every signature under this letter is invented.",
    body="Moderators practise with this letter. Every signature under it is invented, and some are fakes.\n",
)


class Command(BaseCommand):
    help = "Publish a sample letter with invented signatures, honest and fake, for moderators to practise with."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seed", type=int, default=1, help="The same number invents the same signatures.")
        parser.add_argument("--signatures", type=int, default=10_000)
        parser.add_argument("--fakes", type=int, default=200, help="How many of the signatures are fake.")
        parser.add_argument("--truth", type=Path, help="Write the kind of each signature, by its id, into this file.")
        parser.add_argument(
            "--owner", default="", help="Email address of the account that will own it (default: the first superuser)."
        )

    def handle(self, *args: Any, seed: int, signatures: int, fakes: int, truth: Path | None, **options: Any) -> None:
        if seed_letter is None:
            raise CommandError("Install requirements-local.txt first: this command needs Faker.")
        if not 0 <= fakes <= signatures:
            raise CommandError("Some of the signatures are fakes, so there cannot be more fakes than signatures.")
        require_known_keys()
        owner, now = _owner(options["owner"]), timezone.now()
        letter = _letter(f"rehearsal-{seed}", owner)
        kinds = seed_letter(letter, signatures=signatures, fakes=fakes, seed=seed, by=owner, now=now)
        while sequence_letter(letter.pk, now=now):
            pass
        if truth:
            truth.write_text(json.dumps(kinds, indent=0), encoding="utf-8")
        waiting = Signature.objects.filter(letter=letter, state=State.HELD).count()
        self.stdout.write(
            f"{len(kinds) - waiting} invented signatures are published at {letter.get_absolute_url()}, "
            f"and {waiting} doubtful ones wait for a moderator."
        )


def _owner(address: str) -> User:
    wanted = User.objects.filter(email__iexact=address) if address else User.objects.filter(is_superuser=True)
    user = wanted.order_by("pk").first()
    if user is None:
        raise CommandError("There is no such account to own the letter. Create one with createsuperuser.")
    return user


def _letter(slug: str, owner: User) -> Letter:
    """Return a new published letter."""
    if Letter.objects.filter(slug=slug).exists():
        raise CommandError(f"There is a letter {slug} already. Choose another --seed.")
    now = timezone.now()
    collective = Collective.objects.filter(slug="rehearsals", memberships__user=owner).first() or create_collective(
        name="Rehearsals",
        slug="rehearsals",
        description="Invented letters for moderators to practise with.",
        by=owner,
        now=now,
        cleared_at=now,
    )
    letter = draft_letter(collective, slug=slug, text=TEXT, by=owner, now=now, is_sample=True)
    publish_letter(letter, by=owner, now=now)
    letter.refresh_from_db()
    return letter
