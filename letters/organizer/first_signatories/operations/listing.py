"""Keep the organizers' list of the people whom they invited to sign first."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from cryptography.fernet import InvalidToken

from letters.models import INVITATION_LIFETIME, InvitationBatch, InvitedPerson
from letters.organizer.first_signatories.invited import digest_of, encrypted_line, first_bounces, is_open
from letters.organizer.first_signatories.signatory_import import Person
from letters.shared.addresses import reencrypt
from letters.shared.batches import BATCH_SIZE

# The list, and the note to the people on it, are deleted this long after they were invited, whatever they did.
LIST_KEPT_FOR = timedelta(days=30)


def write_list(batch: InvitationBatch, eligible: Mapping[bytes, Person], now: datetime) -> None:
    """Add everyone in an import to the list, and renew lines whose invitation was cancelled or has ended.

    Privacy: this reads no signatures, so people who are already known are listed like everyone else.
    """
    digests = {digest_of(batch.letter_id, address_hash): person for address_hash, person in eligible.items()}
    listed = InvitedPerson.objects.filter(letter=batch.letter_id, digest__in=list(digests)).select_related("batch")
    known = {bytes(person.digest): person for person in listed}
    rows = [
        InvitedPerson(
            pk=known[digest].pk if digest in known else None,
            letter_id=batch.letter_id,
            batch=batch,
            digest=digest,
            encrypted=encrypted_line(person),
            line=person.line,
            was_renewed=digest in known,
        )
        for digest, person in digests.items()
        if digest not in known or not is_open(known[digest], now)
    ]
    InvitedPerson.objects.bulk_create([row for row in rows if row.pk is None], BATCH_SIZE)
    fields = ["batch", "encrypted", "line", "was_renewed", "resent_at", "cancelled_at", "undelivered_at"]
    InvitedPerson.objects.bulk_update([row for row in rows if row.pk], fields, BATCH_SIZE)


def note_undelivered(*, now: datetime) -> None:
    """Record whose first invitation bounced, so that later changes to a signature cannot change the list."""
    recent = InvitationBatch.objects.filter(created_at__gt=now - INVITATION_LIFETIME)
    for letter_id, digest in first_bounces(recent.values_list("letter", flat=True)):
        listed = InvitedPerson.objects.filter(letter=letter_id, digest=digest, was_renewed=False, undelivered_at=None)
        listed.update(undelivered_at=now)


def forget_lists(*, now: datetime) -> None:
    """Delete old batches, with the lines of the people on them."""
    InvitationBatch.objects.filter(created_at__lte=now - LIST_KEPT_FOR).delete()


def reencrypt_invited() -> tuple[int, list[int]]:
    """Encrypt lists and notes under the newest key. Returns how many changed, and the ids that no key decrypts."""
    changed, unreadable = 0, []
    for model in (InvitedPerson, InvitationBatch):
        for pk, encrypted in model.objects.exclude(encrypted=b"").values_list("pk", "encrypted").iterator():
            try:
                fresh = reencrypt(encrypted)
            except InvalidToken:
                unreadable.append(pk)
                continue
            same = model.objects.filter(pk=pk, encrypted=encrypted)
            changed += same.exclude(encrypted=fresh).update(encrypted=fresh)
    return changed, unreadable
