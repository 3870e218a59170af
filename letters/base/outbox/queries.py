"""Find the email that a provider reports about, and count signatures that wait because emails bounced."""

from collections import Counter
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from letters.models import (
    BOUNCED_OR_REPORTED,
    BULK,
    COMPLAINED,
    OF_FORMS,
    Letter,
    MailRequest,
    OutgoingEmail,
    Signature,
    StoppedAddress,
)
from letters.shared.addresses import hash_address, read_address
from letters.shared.numbers import in_tens
from letters.shared.tokens import read_mark

# An upper bound for the letters that one address has signed.
MAX_LETTERS = 100
# Performance: only this many waiting signatures are examined for the reasons.
MAX_WAITING = 10_000
# Performance: only this many unsent emails are examined to find the oldest.
MAX_LOOKED_AT = 1000


def email_of_mark(mark: str) -> OutgoingEmail | None:
    """Return the email with this mark; None if the mark is not ours, or its signature is gone."""
    outgoing_email_id = read_mark(mark)
    return None if outgoing_email_id is None else OutgoingEmail.objects.filter(pk=outgoing_email_id).first()


def last_emails_to(recipient: str, *, complained: bool = False) -> list[OutgoingEmail]:
    """Return the last email that was attempted for each signature of an address, for each invitation, and for requests
    without a signature.

    A spam complaint (`complained`) counts if it is about an email that a form caused, so the last of these is returned
    too. Privacy: otherwise a complaint would stop such emails only to addresses that have not signed, or that have.
    """
    address = read_address(recipient)
    if address is None:
        return []
    known, tried = hash_address(address.canonical), OutgoingEmail.objects.filter(attempts__gt=0, dropped_at=None)
    # Performance: two queries, because no index serves one with "or" between two joins.
    signed = tried.filter(signature__address_hash=known).order_by("signature_id", "-pk").distinct("signature_id")
    invited = tried.filter(invitation__address_hash=known).order_by("invitation_id", "-pk").distinct("invitation_id")
    of_forms = tried.filter(kind__in=OF_FORMS).order_by("-pk")
    emails = [*signed[:MAX_LETTERS], *invited[:MAX_LETTERS]]
    emails += of_forms.filter(request__address_hash=known, signature=None)[:1]
    emails += of_forms.filter(signature__address_hash=known)[:1] if complained else []
    return list({email.pk: email for email in emails}.values())


def stopped_among(batch: list[OutgoingEmail]) -> set[int]:
    """Return which of these emails go to an address whose owner has lost the mailbox, and wants no more of them."""
    emails = OutgoingEmail.objects.filter(pk__in=[outgoing.pk for outgoing in batch])
    to_signers = emails.filter(signature__address_hash__in=StoppedAddress.objects.values("pk"))
    asked_for = emails.filter(signature=None, request__address_hash__in=StoppedAddress.objects.values("pk"))
    return {*to_signers.values_list("pk", flat=True), *asked_for.values_list("pk", flat=True)}


def is_stopped(canonical: str) -> bool:
    """Return whether the owner of the address has lost the mailbox, and wants no more emails about letters."""
    return StoppedAddress.objects.filter(address_hash=hash_address(canonical)).exists()


def has_complained(address_hash: bytes | memoryview) -> bool:
    """Return whether the owner of the address reported any email of ours as spam."""
    same = bytes(address_hash)
    mails = OutgoingEmail.objects.filter(error=COMPLAINED)
    by_signature = mails.filter(signature__address_hash=same)
    requests = MailRequest.objects.filter(address_hash=same).values("pk")
    return by_signature.exists() or mails.filter(request__in=requests).exists()


def waiting_since() -> datetime | None:
    """Return since when the oldest unsent email that a person waits for has been waiting; None without any.

    Emails that we or their own mailbox delay do not count: otherwise typing an address at a server that refuses for
    hours would raise an alarm.
    """
    waiting = OutgoingEmail.objects.owed().exclude(kind__in=BULK).filter(put_off_at=None)
    # Refusals are stored as codes such as 450, everything else as a word.
    first = (
        waiting.exclude(error__regex="^[0-9]")
        .order_by("next_attempt_at")
        .values_list("created_at", flat=True)[:MAX_LOOKED_AT]
    )
    return min(first, default=None)


def undelivered(letter: Letter) -> dict[str, int]:
    """Return why emails bounced, for organizers: reasons with at least ten emails, rounded down.

    Privacy: exact numbers would reveal whether an address has signed. The bounce of a closed mailbox would be counted
    only if the address had not signed before.
    """
    rounded = {reason: in_tens(number) for reason, number in bounce_reasons(letter).items()}
    return {reason: number for reason, number in rounded.items() if number}


def bounce_reasons(letter: Letter) -> dict[str, int]:
    """Count the signatures that wait because an email bounced or could not leave, by reason.

    For example {"550 5.1.1": 2, "bounced": 1, "complained": 1}: SMTP codes, "refused" or "bounced" from a provider,
    "complained", or the name of an error. An email that failed because of us counts until another one has been sent.
    """
    back = OutgoingEmail.objects.filter(
        BOUNCED_OR_REPORTED, signature__letter=letter, signature__state=Signature.State.PENDING
    )
    left_since = OutgoingEmail.objects.filter(
        signature=OuterRef("signature"), pk__gt=OuterRef("pk"), sent_at__isnull=False
    )
    waiting = back.filter(~Q(signature__concern="") | ~Exists(left_since))
    newest = waiting.order_by("signature_id", "-pk").distinct("signature_id").values_list("error", flat=True)
    return dict(Counter(newest[:MAX_WAITING]).most_common())
