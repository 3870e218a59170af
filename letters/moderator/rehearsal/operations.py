"""Write invented signatures under a sample letter."""

import random
from datetime import datetime, timedelta

from django.db import transaction

from letters.base.audit_log.operations import record
from letters.models import SALT_BYTES, Display, Letter, Signature, Transition, User
from letters.moderator.rehearsal.arrivals import REAL, Arrival
from letters.moderator.rehearsal.evaluation import make_arrivals
from letters.moderator.rehearsal.people import DAY
from letters.shared.addresses import canonical, hash_address

BATCH = 2000
# The percentages of honest people who show their name to everyone, to organizers, and to nobody.
DISPLAYS = {Display.PUBLIC: 75, Display.ORGANIZERS: 15, Display.NOBODY: 10}
# The arrivals of a letter's first five days, and an hour for the last confirmations.
LENGTH = timedelta(seconds=5 * DAY, hours=1)


class NotASample(ValueError):
    """Invented signatures would count under a letter that is not marked as a sample."""


@transaction.atomic
def seed_letter(letter: Letter, *, signatures: int, fakes: int, seed: int, by: User, now: datetime) -> dict[int, str]:
    """Add invented signatures, which the sequencer then numbers like any other. Returns the kind of each by its id.

    Privacy: no address is stored, only its hash, so no email can reach a person who has one of these addresses.
    Raises NotASample.
    """
    if not letter.is_sample:
        raise NotASample
    arrivals = make_arrivals(signatures=signatures, fakes=fakes, seed=seed)
    chance = random.Random(seed)  # noqa: S311 -- an invention, to be repeated
    rows = [_signature(letter, arrival, place, chance, now) for place, arrival in enumerate(arrivals)]
    created = Signature.objects.bulk_create(rows, BATCH)
    record("load_sample", letter, by=by, now=now)
    return {row.pk: arrival.kind for row, arrival in zip(created, arrivals, strict=True)}


def _signature(letter: Letter, arrival: Arrival, place: int, chance: random.Random, now: datetime) -> Signature:
    display = chance.choices([*DISPLAYS], weights=[*DISPLAYS.values()])[0] if arrival.kind == REAL else Display.PUBLIC
    signed_at = now - LENGTH + timedelta(seconds=arrival.at)
    words = {name: getattr(arrival, name)[:200] for name in ("name", "affiliation", "role")}
    shown = {} if display == Display.NOBODY else {**words, "comment": arrival.comment[:1000]}
    return Signature(
        letter=letter,
        revision=letter.current_revision,
        language=letter.language,
        display=display,
        state=Transition.LOAD_SAMPLE.target,
        verified=Signature.Verified.CODE if arrival.by_code else Signature.Verified.LINK,
        salt=chance.randbytes(SALT_BYTES),
        address_hash=hash_address(canonical(f"{arrival.mailbox}-{place}@{arrival.domain}")),
        signed_at=signed_at,
        confirmed_at=min(now, signed_at + timedelta(seconds=arrival.seconds)),
        **shown,
    )
