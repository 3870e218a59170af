from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from letters.base.keyring.operations import forget_old_address_keys, require_known_keys
from letters.organizer.collectives.operations import reencrypt_invitations
from letters.organizer.first_signatories.operations import reencrypt_invited
from letters.organizer.webhooks.operations import reencrypt_webhooks
from letters.signer.signing.operations import reencrypt_addresses, reencrypt_submissions

# Progress is printed after this many batches.
BATCHES_A_LINE = 20


class Command(BaseCommand):
    help = "Encrypt every stored address with the newest key in ADDRESS_KEYS. You can stop it and run it again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--batch", type=int, default=500, help="Addresses in one transaction (default: 500).")

    def handle(self, *args: Any, batch: int, **options: Any) -> None:
        require_known_keys()
        already = batches = after = 0
        # Race: submissions first, because a confirmation moves the address of a submission to its signature.
        changed, unknown = reencrypt_submissions()
        unreadable = len(unknown)
        for submission_id in unknown:
            self.stderr.write(
                f"No key in ADDRESS_KEYS can decrypt the address of submission or request {submission_id}."
            )
        while done := reencrypt_addresses(after=after, most=max(1, batch)):
            after, batches = done.last, batches + 1
            changed, already = changed + done.changed, already + done.already
            unreadable += len(done.unreadable)
            for signature_id in done.unreadable:
                self.stderr.write(f"No key in ADDRESS_KEYS can decrypt the address of signature {signature_id}.")
            if batches % BATCHES_A_LINE == 0:
                self.stdout.write(f"{changed} addresses encrypted again, up to signature {after} …")
        invited, lost = reencrypt_invitations()
        changed, unreadable = changed + invited, unreadable + len(lost)
        for invitation_id in lost:
            self.stderr.write(f"No key in ADDRESS_KEYS can decrypt the address of invitation {invitation_id}.")
        invited, lost = reencrypt_invited()
        changed, unreadable = changed + invited, unreadable + len(lost)
        for person_id in lost:
            self.stderr.write(
                f"No key in ADDRESS_KEYS can decrypt line or note {person_id} of a list of invited people."
            )
        again, lost = reencrypt_webhooks()
        changed, unreadable = changed + again, unreadable + len(lost)
        for webhook_id in lost:
            self.stderr.write(f"No key in ADDRESS_KEYS can decrypt the secret of webhook {webhook_id}.")
        self.stdout.write(f"{changed} addresses encrypted again; {already} already had the newest key.")
        if unreadable:
            raise CommandError(
                f"{unreadable} addresses could not be read. Add the key that encrypted them, then run this again."
            )
        forget_old_address_keys()
        self.stdout.write("Every address is encrypted with the newest key.")
