from typing import Any

from django.core.management.base import BaseCommand

from letters.base.keyring.operations import require_known_keys
from letters.signer.signing.operations import encrypt_words


class Command(BaseCommand):
    help = (
        "Encrypt words that only organizers may read, and that an older version stored readable. The clock does the "
        "same, more slowly. You can stop it and run it again."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        require_known_keys()
        done = 0
        while number := encrypt_words(batches=1):
            done += number
            self.stdout.write(f"The words of {done} signatures are encrypted …")
        self.stdout.write("No word that only organizers may read is stored readable.")
