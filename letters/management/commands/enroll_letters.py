from typing import Any

from django.core.management.base import BaseCommand

from letters.base.keyring.operations import require_known_keys
from letters.base.ledger.operations import enroll
from letters.models import Ledger


class Command(BaseCommand):
    help = (
        "Enter letters that were public before the site kept ledgers: every number that they gave, one batch after "
        "another. You can stop it and start it again at any time. Newer letters need nothing."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        require_known_keys()
        for ledger in Ledger.objects.filter(is_existing=True).select_related("letter").order_by("pk"):
            while enroll(ledger.pk):
                pass
            ledger.refresh_from_db()
            self.stdout.write(f"{ledger.letter.slug}: the ledger has {ledger.recorded} numbers.")
