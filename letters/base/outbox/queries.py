"""Which mail somebody means who tells us what became of it, and how many signatures wait because mail came back."""

from collections import Counter
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from letters.models import BULK, CAME_BACK, Letter, OutgoingEmail, Signature
from letters.shared.addresses import hash_address, read_address
from letters.shared.tokens import read_mark

# Nobody signs more letters with one address than this.
MAX_LETTERS = 100
# No more waiting signatures than this are looked at, to tell why they wait.
MAX_WAITING = 10_000
# Nor more mails that are owed, to tell which has waited the longest.
MAX_LOOKED_AT = 1000


def email_of_mark(mark: str) -> OutgoingEmail | None:
    """The mail that was sent with this mark; None if it is not ours, or its signature is gone."""
    outgoing_email_id = read_mark(mark)
    return None if outgoing_email_id is None else OutgoingEmail.objects.filter(pk=outgoing_email_id).first()


def last_emails_to(recipient: str) -> list[OutgoingEmail]:
    """The newest mail that was sent, or tried, for each signature of an address, and for each invitation."""
    address = read_address(recipient)
    if address is None:
        return []
    known, tried = hash_address(address.canonical), OutgoingEmail.objects.filter(attempts__gt=0, dropped_at=None)
    # Two questions: put as one, with "or" between two joins, no index answers it.
    signed = tried.filter(signature__address_hash=known).order_by("signature_id", "-pk").distinct("signature_id")
    invited = tried.filter(invitation__address_hash=known).order_by("invitation_id", "-pk").distinct("invitation_id")
    return [*signed[:MAX_LETTERS], *invited[:MAX_LETTERS]]


def waiting_since() -> datetime | None:
    """Since when the mail that has waited the longest waits, of what cannot wait; None if nothing does.

    Not what was put off, and not what its own mailbox keeps waiting: who types an address at a server that refuses for
    hours must not raise an alarm.
    """
    waiting = OutgoingEmail.objects.owed().exclude(kind__in=BULK).filter(put_off_at=None)
    # A refusal is noted by its code, 450, and everything else by a word.
    first = (
        waiting.exclude(error__regex="^[0-9]")
        .order_by("next_attempt_at")
        .values_list("created_at", flat=True)[:MAX_LOOKED_AT]
    )
    return min(first, default=None)


# Of what organizers read, so that one closed mailbox moves nothing.
IN_STEPS_OF = 10


def undelivered(letter: Letter) -> dict[str, int]:
    """What organizers are told of emails that came back: the reasons with at least ten, each number rounded down.

    Privacy: exact numbers tell whether an address has signed. Whoever types one whose mailbox is closed would see the
    number grow only if it had not.
    """
    rounded = {reason: number // IN_STEPS_OF * IN_STEPS_OF for reason, number in came_back(letter).items()}
    return {reason: number for reason, number in rounded.items() if number}


def came_back(letter: Letter) -> dict[str, int]:
    """How many signatures await their confirmation because mail came back, or could not leave, by the reason in short.

    {"550 5.1.1": 2, "bounced": 1, "complained": 1}: SMTP codes, "refused" or "bounced" from a provider, "complained",
    or the name of an error. A mail that fails for a reason that is ours counts until another has left.
    """
    back = OutgoingEmail.objects.filter(CAME_BACK, signature__letter=letter, signature__state=Signature.State.PENDING)
    left_since = OutgoingEmail.objects.filter(
        signature=OuterRef("signature"), pk__gt=OuterRef("pk"), sent_at__isnull=False
    )
    waiting = back.filter(~Q(signature__concern="") | ~Exists(left_since))
    newest = waiting.order_by("signature_id", "-pk").distinct("signature_id").values_list("error", flat=True)
    return dict(Counter(newest[:MAX_WAITING]).most_common())
