"""A token in a link is opaque, unforgeable, and valid for one purpose."""

import string
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from letters.shared.tokens import (
    BOUND_LENGTH,
    TOKEN_LENGTH,
    InvitationToken,
    Token,
    make_invitation_token,
    make_token,
    read_invitation_token,
    read_token,
)
from tests.people import NOW

SALT = b"12345678"
TOKEN = make_token("confirm", signature_id=7, salt=SALT, now=NOW)

ids = st.integers(1, 2**63)
salts = st.binary(min_size=8, max_size=8)
# Whole seconds until 2106, where four bytes end.
moments = st.integers(0, 2**32 - 1).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@given(ids, salts, moments)
def test_a_token_says_what_it_was_made_with(signature_id: int, salt: bytes, now: datetime) -> None:
    text = make_token("confirm", signature_id=signature_id, salt=salt, now=now)
    assert read_token("confirm", text) == Token(signature_id, now, salt)
    assert len(text) == TOKEN_LENGTH


@given(ids, salts, moments, ids)
def test_a_token_says_what_it_is_bound_to(signature_id: int, salt: bytes, now: datetime, bound_to: int) -> None:
    text = make_token("confirm", signature_id=signature_id, salt=salt, now=now, bound_to=bound_to)
    found = read_token("confirm", text)
    assert found == Token(signature_id, now, salt, bound_to)
    assert (found.submission_id, found.spelling_hash) == (bound_to, bound_to.to_bytes(8))
    assert len(text) == BOUND_LENGTH
    assert read_token("check", text) is None
    assert read_token("confirm", text[:TOKEN_LENGTH]) is None


def test_a_token_with_one_changed_character_is_invalid() -> None:
    tokens = [make_token("confirm", signature_id=n, salt=SALT, now=NOW) for n in range(3)]
    for token in tokens:
        changed = {
            token[:place] + character + token[place + 1 :]
            for place in range(TOKEN_LENGTH)
            for character in string.printable
        }
        assert [text for text in changed if read_token("confirm", text)] == [token]


@pytest.mark.parametrize("length", [0, 1, TOKEN_LENGTH // 2, TOKEN_LENGTH - 1])
def test_a_truncated_token_is_invalid(length: int) -> None:
    assert read_token("confirm", TOKEN[:length]) is None


@pytest.mark.parametrize("addition", ["=", "A", " ", "\n", ".", TOKEN], ids=range(6))
def test_a_token_with_text_after_it_is_invalid(addition: str) -> None:
    assert read_token("confirm", TOKEN + addition) is None


@given(st.text() | st.text(min_size=TOKEN_LENGTH, max_size=TOKEN_LENGTH) | st.from_regex(r"\A[\w-]{60}\Z"))
def test_a_string_that_is_no_token_is_invalid(text: str) -> None:
    assert read_token("confirm", text) is None


@given(st.text(), st.text())
def test_a_token_for_one_purpose_is_invalid_for_another(made_for: str, read_as: str) -> None:
    text = make_token(made_for, signature_id=7, salt=SALT, now=NOW)
    assert (read_token(read_as, text) is None) == (made_for != read_as)


def test_a_token_of_another_secret_is_invalid(settings: Settings) -> None:
    settings.SECRET_KEY = "another secret, as long as one for production would have to be"
    assert read_token("confirm", TOKEN) is None


def test_a_token_survives_a_change_of_the_secret_that_keeps_the_old_one(settings: Settings) -> None:
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another secret, as long as one for production would have to be"
    found = read_token("confirm", TOKEN)
    assert found
    assert found.signature_id == 7


@given(salts, salts)
def test_another_salt_ends_a_token(salt: bytes, other: bytes) -> None:
    assert Token(7, NOW, salt).matches(other) == (salt == other)


def test_tokens_do_not_reveal_who_signed_first() -> None:
    """Tokens of neighbouring ids and times have no more in common than random ones."""
    tokens = [make_token("confirm", signature_id=n, salt=SALT, now=NOW + timedelta(seconds=n)) for n in range(1, 200)]
    assert len({token[:8] for token in tokens}) == len(tokens)
    assert len({token[-8:] for token in tokens}) == len(tokens)
    assert tokens != sorted(tokens)


def test_two_tokens_of_one_second_do_not_reveal_that_they_are_for_the_same_signature() -> None:
    assert len({make_token("check", signature_id=7, salt=bytes(8), now=NOW) for _ in range(50)}) == 50


# Tokens of invitations to a collective


@given(st.integers(1, 2**63), st.binary(min_size=8, max_size=8))
def test_an_invitations_token_says_what_it_was_made_with(invitation_id: int, salt: bytes) -> None:
    text = make_invitation_token(invitation_id=invitation_id, salt=salt)
    found = read_invitation_token(text)
    assert found == InvitationToken(invitation_id, salt)
    assert found.matches(salt)
    assert not found.matches(bytes(7) + b"x")
    assert text not in {make_invitation_token(invitation_id=invitation_id, salt=salt) for _ in range(5)}


def test_an_invitations_token_opens_no_signature_and_the_other_way_round() -> None:
    invitation = make_invitation_token(invitation_id=7, salt=SALT)
    assert read_token("team_invitation", invitation) is None
    assert read_invitation_token(TOKEN) is None
    assert read_invitation_token(make_token("team_invitation", signature_id=7, salt=SALT, now=NOW)) is None


def test_a_changed_invitation_token_is_invalid() -> None:
    text = make_invitation_token(invitation_id=7, salt=SALT)
    other = {"A": "B"}
    for place, letter in enumerate(text):
        assert read_invitation_token(text[:place] + other.get(letter, "A") + text[place + 1 :]) is None
    for wrong in ("", text[:-1], text + "A", text[:-1] + "é", "A" * 56):
        assert read_invitation_token(wrong) is None
