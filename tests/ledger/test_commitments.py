"""A commitment can be checked by everyone who has the opening, and says nothing to anyone else."""

import hashlib
import hmac

import pytest

from letters.base.ledger.commitments import PublicWords, canonical, commit, fresh_openings

OPENING = bytes(range(32))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (PublicWords("Ada Lovelace"), '{"affiliation":"","name":"Ada Lovelace","role":""}'),
        (
            PublicWords("Zoë", "Café & “Söhne”", 'the "Boss"'),
            '{"affiliation":"Café & “Söhne”","name":"Zoë","role":"the \\"Boss\\""}',
        ),
        (PublicWords(), '{"affiliation":"","name":"","role":""}'),
    ],
)
def test_the_words_are_committed_to_as_sorted_json_in_utf_8(words: PublicWords, said: str) -> None:
    assert canonical(words) == said.encode()


def test_two_ways_to_write_the_same_accent_are_one_name() -> None:
    assert canonical(PublicWords("Zoe\u0308")) == canonical(PublicWords("Zo\u00eb"))


@pytest.mark.parametrize(
    ("words", "commitment"),
    [
        (PublicWords(), "a3522e701cf25af3153cb55380e8bfa74a691a02e0b88d4e37e09e0463dc2c77"),
        (
            PublicWords("Ada Lovelace", "Analytical Engines", "Countess"),
            "5b85a7c5e38db6592965b777a269d9b2f9910132ca4e549d896bfe72f76055a5",
        ),
    ],
)
def test_a_commitment_is_an_hmac_under_its_opening(words: PublicWords, commitment: str) -> None:
    """OpenSSL made these vectors. Others check with them, so they must not change."""
    assert commit(words, OPENING).hex() == commitment
    assert commit(words, OPENING) == hmac.new(OPENING, canonical(words), hashlib.sha256).digest()


def test_every_opening_makes_another_commitment_of_the_same_words() -> None:
    openings = fresh_openings(100)
    assert {len(opening) for opening in openings} == {32}
    assert len({commit(PublicWords("Ada Lovelace"), opening) for opening in openings}) == 100
