"""Which mail somebody means who tells us what became of it; and how many signatures wait because mail came back."""

from collections import Counter

from django.db.models import OuterRef, Q, Subquery

from letters.models import Delivery, Letter, Signature
from letters.shared.addresses import hash_address, read_address
from letters.shared.tokens import read_mark

# Noted on a mail that arrived, and that the owner of the mailbox called spam.
COMPLAINED = "complained"

# Nobody signs more letters with one address than this.
MOST_LETTERS = 100
# No more waiting signatures than this are looked at, to tell why they wait.
MOST_WAITING = 10_000


def delivery_of_mark(mark: str) -> Delivery | None:
    """The mail that was sent with this mark; None if it is not ours, or its signature is gone."""
    delivery_id = read_mark(mark)
    return None if delivery_id is None else Delivery.objects.filter(pk=delivery_id).first()


def last_deliveries_to(recipient: str) -> list[Delivery]:
    """The newest mail that was sent, or tried, for each signature of an address, and for each invitation."""
    address = read_address(recipient)
    if address is None:
        return []
    known, tried = hash_address(address.canonical), Delivery.objects.filter(attempts__gt=0, dropped_at=None)
    # Two questions: put as one, with "or" between two joins, no index answers it.
    signed = tried.filter(signature__address_hash=known).order_by("signature_id", "-pk").distinct("signature_id")
    invited = tried.filter(invitation__address_hash=known).order_by("invitation_id", "-pk").distinct("invitation_id")
    return [*signed[:MOST_LETTERS], *invited[:MOST_LETTERS]]


def undelivered(letter: Letter) -> dict[str, int]:
    """How many signatures await their confirmation because mail came back, by the reason in short.

    {"550": 2, "bounced": 1, "complained": 1}: an SMTP code, "refused" or "bounced" from a provider, or "complained".
    """
    back = Delivery.objects.filter(Q(failed_at__isnull=False) | Q(error=COMPLAINED), signature=OuterRef("pk"))
    waiting = Signature.objects.filter(letter=letter, state=Signature.State.PENDING).exclude(concern="")
    reasons = waiting.annotate(reason=Subquery(back.order_by("-pk").values("error")[:1])).filter(reason__isnull=False)
    return dict(Counter(reasons.values_list("reason", flat=True)[:MOST_WAITING]).most_common())
