from datetime import datetime

from letters.models import Featuring, Letter, Signature, SignatureQuerySet
from letters.models.display import Display


def featurable(letter: Letter) -> SignatureQuerySet:
    """Select signatures that everyone reads with their names. Privacy: no others can be featured or asked."""
    return Signature.objects.filter(letter=letter, display=Display.PUBLIC).published()


def asked_signers(letter: Letter) -> list[Signature]:
    """Return the signers who were asked whether they may be featured, by number, each with `featuring`."""
    return list(featurable(letter).filter(featuring__isnull=False).select_related("featuring").order_by("number"))


def featuring_of(letter: Letter, number: int) -> Featuring | None:
    return Featuring.objects.filter(signature__letter=letter, signature__number=number).first()


def letters_to_answer(now: datetime) -> list[int]:
    """Return the ids of letters with answers that organizers may read now."""
    due = Featuring.objects.filter(passed_on_at=None, reaches_at__lte=now)
    return list(due.order_by("signature__letter_id").values_list("signature__letter_id", flat=True).distinct())
