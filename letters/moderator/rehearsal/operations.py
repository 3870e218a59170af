"""Write invented signatures under a sample letter, and hold the doubtful ones."""

import random
from datetime import datetime, timedelta

from django.db import transaction

from letters.base.audit_log.operations import record
from letters.models import SALT_BYTES, Display, Doubt, Letter, Signature, Transition, User
from letters.moderator.rehearsal.arrivals import REAL, Arrival
from letters.moderator.rehearsal.evaluation import make_arrivals, score_all
from letters.moderator.rehearsal.people import DAY
from letters.moderator.signals.scoring import Verdict
from letters.shared.addresses import canonical, hash_address

BATCH = 1000
# The percentages of honest people who show their name to everyone, to organizers, and to nobody.
DISPLAYS = {Display.PUBLIC: 75, Display.ORGANIZERS: 15, Display.NOBODY: 10}
# The arrivals of a letter's first five days, and an hour for the last confirmations.
LENGTH = timedelta(seconds=5 * DAY, hours=1)


class NotASample(ValueError):
    """Invented signatures would count under a letter that is not marked as a sample."""


@transaction.atomic
def seed_letter(letter: Letter, *, signatures: int, fakes: int, seed: int, by: User, now: datetime) -> dict[int, str]:
    """Add invented signatures, which the sequencer then numbers like any other. Returns the kind of each by its id.

    Those whose score reaches the letter's threshold wait in the review queue, as they would after real signing. They
    are scored here with invented networks and browsers, because the site keeps hashes only of forms that were sent.

    Privacy: no address is stored, only its hash, so no email can reach a person who has one of these addresses.
    Raises NotASample.
    """
    if not letter.is_sample:
        raise NotASample
    arrivals = make_arrivals(signatures=signatures, fakes=fakes, seed=seed)
    chance = random.Random(seed)  # noqa: S311 -- an invention, to be repeated
    verdicts = {id(each.arrival): each.verdict for each in score_all(arrivals)}
    rows = [_signature(letter, arrival, place, chance, now) for place, arrival in enumerate(arrivals)]
    created = Signature.objects.bulk_create(rows, BATCH)
    scored = {
        row.pk: verdicts[id(arrival)]
        for row, arrival in zip(created, arrivals, strict=True)
        # Nothing is scored of a signer who shows the name to nobody.
        if row.display != Display.NOBODY and verdicts[id(arrival)].reasons
    }
    _hold(letter, scored, now)
    record("load_sample", letter, by=by, now=now)
    return {row.pk: arrival.kind for row, arrival in zip(created, arrivals, strict=True)}


def _hold(letter: Letter, scored: dict[int, Verdict], now: datetime) -> None:
    """Store the scores, and hold signatures from the letter's threshold on, each with its reasons."""
    risky = Signature.objects.in_bulk(scored)
    for pk, row in risky.items():
        row.risk = scored[pk].score
    Signature.objects.bulk_update(risky.values(), ["risk"], BATCH)
    held = [pk for pk, verdict in scored.items() if verdict.score >= letter.hold_from]
    Signature.objects.filter(pk__in=held).move(Transition.DOUBT, concern=Signature.Concern.DOUBTFUL)
    Doubt.objects.bulk_create(
        [Doubt(signature_id=pk, reasons=[*scored[pk].reasons], scored_at=now) for pk in held], BATCH
    )


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
