"""An address is parsed from typed text, recognised by a hash, and encrypted so that only we can read it."""

import string
from random import Random

import pytest
from cryptography.fernet import Fernet, InvalidToken
from django.core.mail import EmailMessage
from django.core.mail.message import sanitize_address
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from letters.shared.address_words import why_not
from letters.shared.addresses import (
    Address,
    NoAddress,
    decrypt,
    encrypt,
    hash_address,
    parse_address,
    read_address,
    reencrypt,
)
from tests.effort import effort

names = st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=30)
typed = st.builds("{}@{}.example.org".format, names, st.text(string.ascii_letters, min_size=1, max_size=30))


def read(text: str) -> Address:
    found = read_address(text)
    assert found, text
    return found


@given(typed, st.randoms(use_true_random=False))
def test_an_address_is_the_same_in_upper_and_lower_case(address: str, chance: Random) -> None:
    other = "".join(chance.choice([letter.lower(), letter.upper()]) for letter in address)
    assert read(address).canonical == read(other).canonical


@given(typed)
def test_emails_go_to_the_address_as_it_was_typed(address: str) -> None:
    assert read(address).deliverable.rpartition("@")[0] == address.rpartition("@")[0]


@given(typed)
def test_parsing_a_parsed_address_changes_nothing(address: str) -> None:
    found = read(address)
    assert read(found.deliverable) == found


@pytest.mark.parametrize(
    ("text", "deliverable"),
    [
        ("ada@example.org", "ada@example.org"),
        ("  ada@example.org\n", "ada@example.org"),
        ("ADA@EXAMPLE.ORG", "ADA@example.org"),
        ("ada+letters@example.org", "ada+letters@example.org"),
        ("o'hara@example.org", "o'hara@example.org"),
        ("ada@münchen.de", "ada@xn--mnchen-3ya.de"),
        ("ada@xn--mnchen-3ya.de", "ada@xn--mnchen-3ya.de"),
        ("ada@\uff25\uff38ample.org", "ada@example.org"),
        ("a" * 64 + "@example.org", "a" * 64 + "@example.org"),
    ],
)
def test_an_address_is_stored_as_emails_are_sent_to_it(text: str, deliverable: str) -> None:
    assert read(text).deliverable == deliverable


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "ada",
        "ada@",
        "@example.org",
        "ada@localhost",
        "ada@example",
        "ada@@example.org",
        "ada@home@example.org",
        "eve@example.org <ada@example.org>",
        "Eve (eve@example.org) <ada@example.org>",
        "ada@example.org <eve@example.org",
        "ada@example.org, eve@example.org",
        "ada@example.org;eve@example.org",
        "ada@example.org\nBcc: eve@example.org",
        "ada@example.org\r\nBcc: eve@example.org",
        "ada lovelace@example.org",
        '"ada lovelace"@example.org',
        "ada@exam ple.org",
        "ada@-example.org",
        "ada@example..org",
        ".ada@example.org",
        "ada.@example.org",
        "ada@[127.0.0.1]",
        "ada@127.0.0.1",
        "ada\x00@example.org",
        "ada@example.org\x00",
        "adà@example.org",
        "ada\u202e@example.org",
        "mailto:ada@example.org,eve@example.org",
        "javascript:ada@example.org",
        "ada@example.org (work)",
        "ada@" + "a" * 64 + ".org",
        "ada@" + ".".join(["example"] * 40) + ".org",
    ],
)
def test_anything_but_one_address_is_refused(text: str) -> None:
    assert read_address(text) is None


@given(st.text() | st.builds("{}@{}".format, st.text(), st.text()) | st.emails())
def test_every_input_is_an_address_or_refused(text: str) -> None:
    found = read_address(text)
    if found:
        # An email header allows neither another encoding nor a second line.
        assert found.deliverable.isascii()
        assert found.deliverable.isprintable()
        assert found.deliverable.count("@") == 1


PLAIN = "ada@example.org"


@pytest.mark.parametrize(
    "typed",
    [
        "Ada Lovelace <ada@example.org>",
        '"Lovelace, Ada" <ada@example.org>,',
        "<ada@example.org>",
        "<<ada@example.org>>",
        "ada@example.org <ada@example.org>",
        "ADA@example.org <ada@example.org>",
        "'ada@example.org' <ada@example.org>",
        "mailto:ada@example.org",
        "MAILTO:ada@example.org?subject=An%20open%20letter&body=x",
        "<mailto:ada@example.org>",
        "mailto:ada%40example.org",
        "ada@example.org.",
        "ada@example.org,",
        "ada@example.org;",
        "(ada@example.org)",
        "[ada@example.org]",
        '"ada@example.org"',
        "'ada@example.org'",
        "“ada@example.org”",
        "«\u00a0ada@example.org\u00a0»",
        "„ada@example.org“",
        '"ada"@example.org',
        "\ufeffada@example.org",
        "ada@example.org\u200b",
        "ada\u200b@example.org",
        "ada@exam\u00adple.org",
        "\u200eada@example.org\u200f",
        "\u202aada@example.org\u202c",
        "\u2066ada@example.org\u2069",
        "\u00a0ada@example.org\u00a0",
        "\u3000ada@example.org",
        "\tada@example.org\r\n",
        "ada\uff20example.org",
        "\uff41\uff44\uff41\uff20\uff45\uff58\uff41\uff4d\uff50\uff4c\uff45\uff0e\uff4f\uff52\uff47",
        "ada\ufe6bexample.org",
        "ada@example\u3002org",
    ],
)
def test_characters_around_an_address_are_removed(typed: str) -> None:
    assert read(typed).deliverable.casefold() == PLAIN


@pytest.mark.parametrize(
    "unusual",
    [
        "ada+letters",
        "o'hara",
        "ada/work",
        "ada=x",
        "a",
        "1234",
        "_ada_",
        "ada-",
        "ada!x",
        "a%b",
        "{ada}",
        "ada~x",
        "a|b",
    ],
)
def test_an_unusual_address_that_works_is_kept(unusual: str) -> None:
    assert read(f"{unusual}@example.org").deliverable == f"{unusual}@example.org"
    (message,) = [EmailMessage(to=[read(f"{unusual}@example.org").deliverable])]
    assert sanitize_address(message.to[0], "utf-8") == f"{unusual}@example.org"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "empty"),
        ("<>", "empty"),
        ("ada", "no_at"),
        ("@example.org", "no_name"),
        ("ada@", "no_domain"),
        ("ada@example", "no_dot"),
        ("ada@home@example.org", "several"),
        ("ada lovelace@example.org", "space"),
        ("ada..l@example.org", "dots"),
        (".ada@example.org", "dots"),
        ("ada@.example.org", "dots"),
        ("ada@ex_ample.org", "domain"),
        ("ada@127.0.0.1", "domain"),
        ("ada,l@example.org", "characters"),
        ("adà@example.org", "not_ascii"),
        ("\u0430da@example.org", "not_ascii"),
        ('"ada lovelace"@example.org', "unsendable"),
        ("=?x?q?ada?=@example.org", "unsendable"),
        ("ada\u202e@example.org", "turns_direction"),
        ("a" * 300 + "@example.org", "too_long"),
        ("ada@example.org" + " " * 2000, "too_long"),
        ("ada@-example.org", "invalid"),
    ],
)
def test_the_error_says_what_is_wrong(typed: str, code: str) -> None:
    with pytest.raises(NoAddress) as refused:
        parse_address(typed)
    assert refused.value.code == code
    assert why_not(code)


@given(st.text(max_size=80))
def test_tidying_twice_is_tidying_once(text: str) -> None:
    found = read_address(text)
    if found:
        assert read(found.deliverable) == found


def test_no_address_takes_long_to_parse() -> None:
    hostile = ["<" * 10**6, "@" * 10**6, "a\u0301" * 500, "mailto:" * 140, "<@" * 500, "\u0301\u0316" * 500]
    assert effort(lambda: list(map(read_address, hostile))) < 20


def test_an_address_is_recognised_by_its_hash_alone(settings: Settings) -> None:
    known = hash_address("ada@example.org")
    assert known == hash_address("ada@example.org") != hash_address("eve@example.org")
    assert len(known) == 32
    settings.ADDRESS_HASH_KEY = "a third secret for tests, of which nobody knows anything"
    assert hash_address("ada@example.org") != known


@given(typed)
def test_an_encrypted_address_can_be_decrypted_and_is_not_visible(address: str) -> None:
    encrypted = encrypt(address)
    assert decrypt(encrypted) == address
    assert address.encode() not in encrypted


def test_two_ciphertexts_of_one_address_do_not_look_related() -> None:
    assert encrypt("ada@example.org") != encrypt("ada@example.org")


def test_an_old_key_still_decrypts_and_no_longer_encrypts(settings: Settings) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.ADDRESS_KEYS = [old]
    before = encrypt("ada@example.org")
    settings.ADDRESS_KEYS = [new, old]
    after = encrypt("ada@example.org")
    assert decrypt(before) == "ada@example.org"
    settings.ADDRESS_KEYS = [new]
    assert decrypt(after) == "ada@example.org"
    with pytest.raises(InvalidToken):
        decrypt(before)


def test_an_address_is_encrypted_again_only_if_its_key_is_not_the_newest(settings: Settings) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.ADDRESS_KEYS = [old]
    before = encrypt("ada@example.org")
    settings.ADDRESS_KEYS = [new, old]
    after = reencrypt(before)
    assert reencrypt(after) == after
    settings.ADDRESS_KEYS = [new]
    assert decrypt(after) == "ada@example.org"
    with pytest.raises(InvalidToken):
        reencrypt(before)


@pytest.mark.parametrize("typed", ["=?x?q?ada?=@gmail.com", "=?a?q??=@example.org", "=?utf-8?q?a=0ab?=@example.org"])
def test_an_encoded_word_is_no_address(typed: str) -> None:
    """Python's email package would decode it, and the email would go to a mailbox other than the hashed one."""
    assert read_address(typed) is None
