"""Whoever types somebody's address learns nothing: body, headers, status and time of the answer are the same."""

import re
from statistics import median
from time import perf_counter

import pytest

from letters.models import Letter
from tests.people import Response, Signer, sign, sign_and_confirm

ROUNDS = 150
TOKEN = re.compile(rb"/signatures/check/[^/]+/")


def timed(signer: Signer, letter: Letter, email: str) -> tuple[float, Response]:
    begun = perf_counter()
    answer = signer.sign(letter, email=email)
    return perf_counter() - begun, answer


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_limits")
@pytest.mark.parametrize("confirmed", [False, True])
def test_a_known_address_takes_as_long_as_a_new_one(letter: Letter, signer: Signer, confirmed: bool) -> None:
    """Not by the clock alone: in how many of all pairs the known address took longer. By chance, in half of them."""
    for number in range(ROUNDS):
        (sign_and_confirm if confirmed else sign)(letter, f"known{number}@example.org")
    times: dict[str, list[float]] = {"new": [], "known": []}
    answers: dict[str, Response] = {}
    for number in range(ROUNDS):
        for kind, of_kind in times.items():  # In turns, so that whatever else the machine does slows both.
            taken, answers[kind] = timed(signer, letter, f"{kind}{number}@example.org")
            of_kind.append(taken)
    slower = sum(known > new for known in times["known"] for new in times["new"]) / ROUNDS**2
    assert 0.15 < slower < 0.85, (slower, {kind: median(of_kind) for kind, of_kind in times.items()})
    new, known = answers["new"], answers["known"]
    assert (new.status_code, len(new["Location"]), new.content) == (known.status_code, len(known["Location"]), b"")
    assert new.headers.keys() == known.headers.keys()
    pages = [signer.get(answer["Location"]) for answer in (new, known)]
    assert len({TOKEN.sub(b"/", page.content) for page in pages}) == 1
