"""Measure the processor time that live scoring adds to numbering a signature: with and without, in one run."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from letters.models import SALT_BYTES, Letter, Signature, SignerContact, SigningTrace, State
from letters.moderator.live_signals.operations import score_signatures
from letters.public.public_pages.operations import Scorer, sequence_letter
from letters.shared.addresses import encrypt, hash_address
from letters.shared.traces import hash_browser, hash_network

SIGNATURES = 1000


@dataclass(frozen=True)
class Live:
    """Milliseconds of processor time of the worker for one signature."""

    without: float
    scored: float


def measure_live(slug: str, *, signatures: int = SIGNATURES) -> Live:
    """Number two batches of a letter's signatures, the second with scoring."""
    letter = Letter.objects.get(slug=slug)
    return Live(_numbered(letter, signatures, None), _numbered(letter, signatures, score_signatures))


def _numbered(letter: Letter, signatures: int, score: Scorer | None) -> float:
    now = timezone.now()
    _confirm(letter, signatures, now, first=letter.signatures.count())
    begun = time.process_time()
    while sequence_letter(letter.pk, now=now, score=score):
        pass
    return 1000 * (time.process_time() - begun) / signatures


def _confirm(letter: Letter, signatures: int, now: datetime, *, first: int) -> None:
    rows = Signature.objects.bulk_create(
        Signature(
            letter=letter,
            revision=letter.current_revision,
            language=letter.language,
            display="public",
            name=f"Ilse {'abcdefghij'[place % 10]}arwick",
            affiliation="University of Bremen",
            state=State.CONFIRMED,
            verified=Signature.Verified.LINK,
            salt=place.to_bytes(SALT_BYTES, "big"),
            address_hash=hash_address(f"live{place}@posteo.de"),
            signed_at=now - timedelta(minutes=5),
            confirmed_at=now,
            to_score=True,
        )
        for place in range(first, first + signatures)
    )
    SignerContact.objects.bulk_create(
        SignerContact(signature=row, address=encrypt(f"live{place}@posteo.de")) for place, row in enumerate(rows, first)
    )
    SigningTrace.objects.bulk_create(
        SigningTrace(
            signature=row,
            letter=letter,
            at=row.signed_at,
            network=hash_network(letter.pk, f"203.0.{place % 250}.0/24"),
            browser=hash_browser(f"browser {place % 12}"),
        )
        for place, row in enumerate(rows)
    )
