"""The solution of a puzzle counts for one letter, one address and twenty minutes, and nothing else does."""

import base64
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from altcha import Challenge, Payload, Solution, solve_challenge
from django.utils import timezone
from hypothesis import example, given
from hypothesis import strategies as st
from pytest_django import Settings

from letters.shared.proof import LIFETIME, is_proof, make_challenge

ADA, EVE = b"a" * 32, b"e" * 32


@pytest.fixture(autouse=True)
def _easy(settings: Settings) -> None:
    settings.PROOF_TRIES = 4


def solved(*, letter_id: int = 1, address_hash: bytes = ADA, now: datetime | None = None) -> Payload:
    challenge = Challenge.from_dict(json.loads(make_challenge(letter_id, address_hash, now=now or timezone.now())))
    solution = solve_challenge(challenge)
    assert solution
    return Payload(challenge, solution)


def test_a_solution_is_a_proof_for_its_letter_and_address() -> None:
    proof = solved().to_base64()
    assert is_proof(proof, 1, ADA)
    assert is_proof(proof, 1, ADA)
    assert not is_proof(proof, 2, ADA)
    assert not is_proof(proof, 1, EVE)


def test_a_proof_is_valid_for_twenty_minutes() -> None:
    assert is_proof(solved(now=timezone.now() - LIFETIME + timedelta(minutes=1)).to_base64(), 1, ADA)
    assert not is_proof(solved(now=timezone.now() - LIFETIME - timedelta(seconds=1)).to_base64(), 1, ADA)


def test_a_puzzle_changed_to_be_easier_or_longer_is_refused() -> None:
    for changes in ({"keyPrefix": "00"}, {"cost": 1}, {"expiresAt": 2**40}, {"keySignature": "00"}):
        proof = solved().to_dict()
        proof["challenge"]["parameters"].update(changes)
        assert not is_proof(as_sent(proof), 1, ADA)


def test_a_guess_is_no_solution() -> None:
    proof = solved()
    prefix = proof.challenge.parameters.key_prefix
    for counter, derived_key in [(0, "00" * 32), (proof.solution.counter, prefix), (-1, ""), (2**40, prefix * 2)]:
        assert not is_proof(Payload(proof.challenge, Solution(counter, derived_key)).to_base64(), 1, ADA)


def test_another_site_cannot_make_our_puzzles(settings: Settings) -> None:
    proof = solved().to_base64()
    settings.SECRET_KEY = "the key of another site, which is as long as ours is but says something else"
    assert not is_proof(proof, 1, ADA)


def test_a_puzzle_takes_no_more_tries_than_it_says(settings: Settings) -> None:
    settings.PROOF_TRIES = 50
    counters = set()
    for _ in range(40):
        challenge = json.loads(make_challenge(1, ADA, now=timezone.now()))
        assert challenge["parameters"]["data"] == {"most": 50}
        solution = solve_challenge(Challenge.from_dict(challenge))
        assert solution
        counters.add(solution.counter)
    assert max(counters) < 50
    assert len(counters) > 10


def test_the_puzzle_reveals_nothing_about_the_address() -> None:
    first, second = (json.loads(make_challenge(1, ADA, now=timezone.now()))["parameters"] for _ in range(2))
    assert ADA.hex() not in json.dumps(first)
    assert {name for name in first if first[name] == second[name]} <= {
        *["algorithm", "cost", "keyLength", "data", "expiresAt"]
    }


anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
PARTS = ["algorithm", "nonce", "salt", "cost", "keyPrefix", "expiresAt", "data", "keyLength", "keySignature"]
shaped = st.fixed_dictionaries(
    {
        "challenge": st.fixed_dictionaries(
            {"parameters": st.fixed_dictionaries(dict.fromkeys(PARTS, anything)), "signature": anything}
        ),
        "solution": st.fixed_dictionaries({"counter": anything, "derivedKey": anything}),
    }
)


def as_sent(content: object) -> str:
    return base64.b64encode(json.dumps(content).encode()).decode()


@given(text=st.text() | anything.map(as_sent) | shaped.map(as_sent))
@example(text="")
@example(text="none")
@example(text="bm9uZQ==")
@example(text=base64.b64encode(b"[" * 3000).decode())
@example(text="A" * 100_000)
def test_an_invalid_proof_is_no_error(text: str) -> None:
    assert not is_proof(text, 1, ADA)
