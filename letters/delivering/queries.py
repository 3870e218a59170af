"""Which mail somebody means who tells us what became of it; and how many signatures wait because mail came back."""

from collections import Counter

from django.db.models import Exists, OuterRef, Q

from letters.models import CAME_BACK, Delivery, Letter, Signature
from letters.shared.addresses import hash_address, read_address
from letters.shared.tokens import read_mark

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
    """How many signatures await their confirmation because mail came back, or could not leave, by the reason in short.

    {"550 5.1.1": 2, "bounced": 1, "complained": 1}: SMTP codes, "refused" or "bounced" from a provider, "complained",
    or the name of an error. A mail that fails for a reason that is ours counts until another has left.
    """
    back = Delivery.objects.filter(CAME_BACK, signature__letter=letter, signature__state=Signature.State.PENDING)
    left_since = Delivery.objects.filter(signature=OuterRef("signature"), pk__gt=OuterRef("pk"), sent_at__isnull=False)
    waiting = back.filter(~Q(signature__concern="") | ~Exists(left_since))
    newest = waiting.order_by("signature_id", "-pk").distinct("signature_id").values_list("error", flat=True)
    return dict(Counter(newest[:MOST_WAITING]).most_common())
