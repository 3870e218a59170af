"""Crowds may sign and machines may not: soft limits need a small proof of work, hard ones say when to come back."""

import json
import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
import redis
from altcha import Challenge, Payload, solve_challenge
from django.core import mail
from django.utils import timezone
from limits import parse
from pytest_django import Settings

from letters.models import Letter, Signature, Switch
from letters.shared import limits
from letters.shared.addresses import hash_address
from letters.shared.proof import is_proof, make_challenge
from letters.signer.signing.operations import confirm_signature, withdraw_signature
from tests.conftest import LetterMaker
from tests.people import (
    NOW,
    Response,
    Signer,
    deliver,
    in_threads,
    publish,
    sign,
    sign_and_confirm,
    signature_of,
    solve,
    turn,
    unheard_of,
    words,
)
from tests.stack import StoppableValkey

pytestmark = pytest.mark.django_db

CROWDED = "Many people are signing right now."


@pytest.fixture(autouse=True)
def _easy(settings: Settings) -> None:
    settings.PROOF_TRIES = 4


@pytest.fixture
def careful(published: LetterMaker) -> Letter:
    """A letter that asks every signer for a proof."""
    return published(slug="careful", asks_proof=True)


def came_from(signer: Signer, peer: str, forwarded_for: str = "") -> Signer:
    signer.client.defaults["REMOTE_ADDR"] = peer
    if forwarded_for:
        signer.client.defaults["HTTP_X_FORWARDED_FOR"] = forwarded_for
    return signer


def asks_for_proof(answer: Response) -> bool:
    return answer.status_code == 422 and "One moment" in words(answer)


def sign_often(signer: Signer, letter: Letter, times: int, *, first: int = 0) -> list[Response]:
    return [signer.sign(letter, email=f"signer{number}@example.org") for number in range(first, first + times)]


# The soft limits


def test_a_network_that_signs_much_is_asked_for_a_proof_and_then_signs(letter: Letter, settings: Settings) -> None:
    settings.LIMIT_NETWORK_SOFT = parse("3/hour")
    signer = came_from(Signer(), "192.0.2.1")
    assert {answer.status_code for answer in sign_often(signer, letter, 3)} == {303}
    neighbour = came_from(Signer(), "192.0.2.99")
    page = neighbour.sign(letter, email="late@example.org")
    assert asks_for_proof(page)
    assert CROWDED in words(page)
    assert neighbour.calculate(page).status_code == 303
    assert signature_of(letter, "late@example.org").concern == ""
    assert came_from(Signer(), "198.51.100.1").sign(letter, email="far@example.org").status_code == 303


def test_a_letter_that_is_signed_much_asks_everyone_for_a_proof_and_other_letters_do_not(
    letter: Letter, published: LetterMaker, settings: Settings
) -> None:
    settings.LIMIT_LETTER_SOFT = parse("2/hour")
    for number in range(2):
        came_from(signer := Signer(), f"192.0.{number}.1")
        assert signer.sign(letter, email=f"signer{number}@example.org").status_code == 303
    signer = came_from(Signer(), "198.51.100.1")
    assert asks_for_proof(signer.sign(letter))
    assert signer.sign(published("another")).status_code == 303


def test_a_thousand_people_behind_one_university_address_sign_within_an_hour(letter: Letter) -> None:
    """With the default limits. From the hundred-and-first signature of one domain, a moderator reviews first."""
    signer = came_from(Signer(), "192.0.2.1")
    calculated = 0
    for number in range(1000):
        name, email = f"Student {unheard_of().title()}", f"student{number}@university.example"
        answer = signer.sign(letter, name=name, email=email)
        if asks_for_proof(answer):
            calculated += 1
            answer = signer.calculate(answer)
        assert answer.status_code == 303
    assert Signature.objects.count() == 1000
    assert Signature.objects.filter(concern="").count() == 100
    assert calculated == 940


def test_a_form_that_needs_a_proof_or_has_a_mistake_is_not_counted(letter: Letter, settings: Settings) -> None:
    settings.LIMIT_NETWORK_SOFT, settings.LIMIT_NETWORK_HARD = parse("2/hour"), parse("4/hour")
    signer = Signer()
    for _ in range(9):
        assert signer.sign(letter, email="no address").status_code == 422
    assert {answer.status_code for answer in sign_often(signer, letter, 2)} == {303}
    for _ in range(9):
        page = signer.sign(letter, email="third@example.org")
        assert asks_for_proof(page)
    assert signer.calculate(page).status_code == 303
    page = signer.sign(letter, email="fourth@example.org")
    assert signer.calculate(page).status_code == 303
    assert signer.sign(letter, email="fifth@example.org").status_code == 429


# Owners of domains


def sign_at(letter: Letter, *addresses: str) -> list[str]:
    """Sign and confirm with each address; return the stored concerns."""
    for place, email in enumerate(addresses):
        assert came_from(Signer(), f"192.0.{place}.1").sign(letter, email=email).status_code == 303
    return [signature_of(letter, email).concern for email in addresses]


def test_signatures_above_the_limit_of_a_domain_wait_for_a_moderator(letter: Letter, settings: Settings) -> None:
    settings.LIMIT_DOMAIN = parse("2/day")
    emails = ["a@evil.example.com", "b@example.com", "c@x.y.example.com", "d@example.com"]
    assert sign_at(letter, *emails) == ["", "", "domain", "domain"]
    for email in emails:
        confirm_signature(signature_of(letter, email), verified="link", now=NOW)
    publish()
    letter.refresh_from_db()
    assert (letter.signature_count, letter.awaiting_review) == (2, 2)


def test_other_domains_and_other_letters_have_counts_of_their_own(
    letter: Letter, published: LetterMaker, settings: Settings
) -> None:
    settings.LIMIT_DOMAIN = parse("1/day")
    assert sign_at(letter, "a@one.co.uk", "a@two.co.uk", "b@one.co.uk") == ["", "", "domain"]
    assert sign_at(published("another"), "a@one.co.uk") == [""]


@pytest.mark.parametrize("domain", ["gmail.com", "posteo.de", "yahoo.co.uk", "hotmail.fr", "gmx.net"])
def test_public_email_providers_are_not_counted(letter: Letter, settings: Settings, domain: str) -> None:
    settings.LIMIT_DOMAIN = parse("1/day")
    assert sign_at(letter, f"a@{domain}", f"b@{domain}") == ["", ""]


@pytest.mark.parametrize("domain", ["hotmail.example.com", "outlook.club", "gmail.com.example.org"])
def test_a_domain_that_only_resembles_a_public_provider_is_counted(
    letter: Letter, settings: Settings, domain: str
) -> None:
    settings.LIMIT_DOMAIN = parse("1/day")
    assert sign_at(letter, f"a@{domain}", f"b@{domain}") == ["", "domain"]


def test_domains_that_the_letter_is_limited_to_are_not_counted(published: LetterMaker, settings: Settings) -> None:
    settings.LIMIT_DOMAIN = parse("1/day")
    limited = published(domains=["example.edu"])
    assert sign_at(limited, "a@example.edu", "b@cs.example.edu") == ["", ""]


def test_the_answer_above_the_limit_is_the_same_whether_or_not_the_address_has_signed(
    letter: Letter, settings: Settings, signer: Signer
) -> None:
    settings.LIMIT_DOMAIN = parse("2/day")
    signer.sign(letter, email="known@example.com")
    signer.sign(letter, email="someone@example.com")
    answers = [signer.sign(letter, email=email) for email in ("known@example.com", "new@example.com")]
    assert [answer.status_code for answer in answers] == [303, 303]
    pages = [words(signer.get(answer["Location"])) for answer in answers]
    assert pages[0] == pages[1]
    assert signature_of(letter, "known@example.com").concern == ""
    # Also when there are so many that a proof is needed.
    answers = [signer.sign(letter, email=email) for email in ("known@example.com", "newer@example.com")]
    assert [answer.status_code for answer in answers] == [422, 422]


def test_a_harder_proof_is_needed_above_twice_the_limit_of_a_domain(
    letter: Letter, signer: Signer, settings: Settings
) -> None:
    settings.LIMIT_DOMAIN, settings.PROOF_TRIES = parse("1/day"), 3
    wanted = []
    for place in range(10):
        page = signer.sign(letter, email=f"ada{place}@company.example")
        found = re.findall('data-challenge="([^"]+)"', page.content.decode())
        wanted.append(json.loads(unescape(found[0]))["parameters"]["data"]["most"] // 3 if found else 0)
        if found:
            assert signer.calculate(page).status_code == 303
    assert wanted == [0, 0, 2, 2, 4, 4, 4, 4, 8, 8]
    assert {signature.concern for signature in letter.signatures.all()} == {"", "domain"}


def test_an_easy_proof_is_refused_if_a_hard_one_is_needed(settings: Settings) -> None:
    settings.PROOF_TRIES = 3
    address_hash = b"0" * 32
    for hardness, taken in [(1, {1, 2}), (2, {2, 4}), (4, {4, 8})]:
        puzzle = make_challenge(1, address_hash, now=timezone.now(), hardness=hardness)
        challenge = Challenge.from_dict(json.loads(puzzle))
        solution = solve_challenge(challenge)
        assert solution
        proof = Payload(challenge, solution).to_base64()
        assert {each for each in (1, 2, 4, 8) if is_proof(proof, 1, address_hash, hardness=each)} == taken


def test_the_keys_in_valkey_name_no_domain(letter: Letter, valkey: "redis.Redis") -> None:
    sign_at(letter, "ada@a-rare-domain.example")
    keys = [*valkey.scan_iter(f"{limits.PREFIX}:*", count=1000)]
    assert any(b"/domain/" in key for key in keys), keys
    assert not any(b"rare" in key for key in keys)


# When everyone is asked


def test_a_letter_can_ask_everyone_for_a_proof(careful: Letter, letter: Letter, signer: Signer) -> None:
    page = signer.sign(careful)
    assert asks_for_proof(page)
    assert CROWDED not in words(page)
    assert signer.calculate(page).status_code == 303
    assert signer.sign(letter).status_code == 303


def test_the_site_can_ask_everyone_for_a_proof(letter: Letter, signer: Signer) -> None:
    turn(Switch.Name.ASK_PROOF, on=True)
    page = signer.sign(letter)
    assert asks_for_proof(page)
    assert signer.calculate(page).status_code == 303
    turn(Switch.Name.ASK_PROOF, on=False)
    assert signer.sign(letter, email="eve@example.org").status_code == 303


@pytest.mark.parametrize(
    ("fields", "asked"),
    [
        ({"website": "https://casino.example"}, True),
        ({"seconds": "0"}, True),
        ({"seconds": "1"}, True),
        ({"seconds": "2"}, False),
        ({"seconds": "86400"}, False),
        ({"seconds": ""}, False),
        ({"seconds": "-1"}, False),
        ({"seconds": "\u0661"}, False),
        ({"seconds": "9" * 5000}, False),
        ({"website": ""}, False),
        ({}, False),
    ],
)
def test_a_form_that_looks_automated_needs_a_proof_and_is_never_refused(
    letter: Letter, signer: Signer, fields: dict[str, str], asked: bool
) -> None:
    answer = signer.sign(letter, **fields)
    assert asks_for_proof(answer) == asked
    if asked:
        # A form with the page's fields but no proof gets the page again.
        assert asks_for_proof(signer.calculate(answer, proof=""))
        answer = signer.calculate(answer)
    assert answer.status_code == 303
    assert signature_of(letter).concern == ""


def test_people_do_not_see_the_field_that_is_only_for_machines(letter: Letter, signer: Signer) -> None:
    page = signer.read(letter)
    (trap,) = re.findall(r"<div[^>]*>(?:(?!</div>).)*name=\"website\".*?</div>", page, re.DOTALL)
    for mark in ('class="unseen"', 'aria-hidden="true"', 'tabindex="-1"', 'autocomplete="off"'):
        assert mark in trap


# The page that asks


def test_the_page_that_asks_for_a_proof_keeps_everything_that_was_typed(published: LetterMaker, signer: Signer) -> None:
    asked = dict.fromkeys(["ask_affiliation", "ask_role", "ask_country", "ask_comment"], "optional")
    letter = published(asks_proof=True, **asked)
    typed = {"affiliation": '"Society" & <Sons>', "role": "Countess", "country": "GB", "comment": "Trains\r\nrun."}
    page = signer.sign(letter, name="Zoë", email="Ada@example.org", display="organizers", updates="on", **typed)
    assert signer.calculate(page).status_code == 303
    signature = signature_of(letter)
    assert (signature.name, signature.affiliation, signature.role) == ("Zoë", '"Society" & <Sons>', "Countess")
    assert (signature.country, signature.comment, signature.display) == ("GB", "Trains run.", "organizers")
    assert signature.contact.consent


def test_an_unticked_box_stays_unticked(careful: Letter, signer: Signer) -> None:
    assert signer.calculate(signer.sign(careful)).status_code == 303
    assert signature_of(careful).contact.consent == ""


def test_an_address_that_was_asked_about_is_not_asked_about_again(careful: Letter, signer: Signer) -> None:
    page = signer.sign(careful, email="ada@gmial.com", sure="ada@gmial.com")
    assert signer.calculate(page).status_code == 303


def test_no_cache_keeps_the_page_that_asks_for_a_proof_and_it_is_in_the_letters_language(
    careful: Letter, signer: Signer
) -> None:
    page = signer.sign(careful, language="it")
    assert page.headers["Cache-Control"] == "no-store"
    assert b'<html lang="it"' in page.content
    assert signer.calculate(page).headers["Location"].startswith("/it/signatures/check/")


def test_the_page_that_asks_for_a_proof_is_the_same_whether_or_not_the_address_has_signed(
    careful: Letter, signer: Signer
) -> None:
    sign(careful, "known@example.org")
    known, new = (words(signer.sign(careful, email=f"{who}@example.org")) for who in ("known", "new"))
    assert known == new


# What is a proof


def test_a_proof_for_another_address_or_letter_is_refused(
    careful: Letter, published: LetterMaker, signer: Signer
) -> None:
    proof = solve(signer.sign(careful))
    for letter, email in [(careful, "eve@example.org"), (published("another", asks_proof=True), "ada@example.org")]:
        page = signer.sign(letter, email=email, proof=proof)
        assert asks_for_proof(page)
        # The script does not send it again by itself, or a proof that never fits would cause an endless loop.
        assert " data-again>" in page.content.decode()
    assert signer.sign(careful, email="A.D.A+x@example.org", proof=proof).status_code == 422
    assert signer.sign(careful, email="Ada+x@example.org", proof=proof).status_code == 303
    assert " data-again>" not in signer.sign(careful, email="new@example.org").content.decode()


def test_a_proof_that_is_used_again_signs_nothing_new(careful: Letter, signer: Signer) -> None:
    page = signer.sign(careful)
    for _ in range(3):
        assert signer.calculate(page).status_code == 303
    assert Signature.objects.count() == 1


@pytest.mark.parametrize("proof", ["", "NONE", "x", "e30=", "bm9uZQ==", "\0", "A" * 10_000])
def test_any_other_proof_is_refused(careful: Letter, signer: Signer, proof: str) -> None:
    assert asks_for_proof(signer.sign(careful, proof=proof))
    assert not Signature.objects.exists()


# Without a proof


def test_a_person_without_a_proof_can_sign_and_waits_for_a_moderator(careful: Letter, signer: Signer) -> None:
    page = signer.sign(careful)
    assert "After you confirm, a moderator must review your signature" in words(page)
    assert '<button class="button quiet" type="submit" name="proof" value="none">' in page.content.decode()
    assert signer.calculate(page, proof="none").status_code == 303
    signature = signature_of(careful)
    assert (signature.state, signature.concern) == ("pending", "unproven")
    signer.confirm()
    publish()
    signature.refresh_from_db()
    assert (signature.state, signature.number) == ("held", None)
    deliver()
    assert "A moderator will review your signature before it is published" in str(mail.outbox[-1].body)


def test_a_signature_without_a_proof_is_also_held_when_confirmed_by_code(careful: Letter, signer: Signer) -> None:
    check = signer.calculate(signer.sign(careful), proof="none").headers["Location"]
    signer.press(signer.client.post(check, {"code": signer.mailed_code()})["Location"])
    assert signature_of(careful).state == "held"


def test_a_person_who_was_not_asked_for_a_proof_needs_no_moderator(letter: Letter, signer: Signer) -> None:
    assert signer.sign(letter, proof="none").status_code == 303
    assert signature_of(letter).concern == ""


def test_a_known_concern_about_the_address_is_kept(careful: Letter, signer: Signer) -> None:
    signer.sign(careful, email="ada@mailinator.com", proof="none")
    assert signature_of(careful, "ada@mailinator.com").concern == "disposable"


def test_a_flood_of_signatures_without_proof_ends_before_the_moderators_drown(
    careful: Letter, letter: Letter, signer: Signer, settings: Settings
) -> None:
    settings.LIMIT_UNPROVEN = parse("2/hour")
    for number in range(2):
        assert signer.sign(careful, email=f"bot{number}@example.org", proof="none").status_code == 303
    answer = signer.sign(careful, proof="none")
    assert answer.status_code == 429
    assert "Too many people on your network have signed without the browser check. Turn on JavaScript" in words(answer)
    assert signer.calculate(signer.sign(careful)).status_code == 303
    assert came_from(Signer(), "198.51.100.1").sign(careful, email="far@example.org", proof="none").status_code == 303


# The hard limits


def test_a_network_beyond_the_hard_limit_reads_when_to_come_back(letter: Letter, settings: Settings) -> None:
    settings.LIMIT_NETWORK_HARD = parse("2/12 minutes")
    signer = Signer()
    sign_often(signer, letter, 2)
    answer = signer.sign(letter, name="Ada Lovelace", email="ada@example.org", affiliation="Society", display="nobody")
    assert answer.status_code == 429
    assert 715 <= int(answer.headers["Retry-After"]) <= 720
    assert answer.headers["Cache-Control"] == "no-store"
    assert (
        "Too many signatures came from your network in a short time. Try again in about 12 minutes. "
        "What you typed is still here."
    ) in words(answer)
    text = answer.content.decode()
    for kept in ('value="Ada Lovelace"', 'value="ada@example.org"', 'value="Society"', 'value="nobody"'):
        assert kept in text
    assert re.search(r'<input type="radio" name="display" value="nobody"[^>]* checked', text)
    assert Signature.objects.count() == 2


def test_a_hard_limit_comes_before_any_proof(careful: Letter, signer: Signer, settings: Settings) -> None:
    settings.LIMIT_NETWORK_HARD = parse("1/hour")
    signer.calculate(signer.sign(careful))
    assert signer.sign(careful, email="eve@example.org").status_code == 429


def test_an_address_that_is_typed_again_and_again_has_its_own_sentence(
    letter: Letter, published: LetterMaker, settings: Settings
) -> None:
    """In any spelling, for any letter, and the same whether or not it has signed."""
    settings.LIMIT_ADDRESS = parse("2/hour")
    other = published("another", asks_proof=True)
    assert came_from(Signer(), "192.0.2.1").sign(letter).status_code == 303
    assert came_from(Signer(), "192.0.2.99").sign(letter, email="ADA+x@example.org").status_code == 303
    answers = [came_from(Signer(), "192.0.2.1").sign(each) for each in (letter, other)]
    assert {answer.status_code for answer in answers} == {429}
    for answer in answers:
        assert "This email address was entered too many times in a short time. Try again in about 60" in words(answer)
    assert came_from(Signer(), "192.0.2.1").sign(letter, email="eve@example.org").status_code == 303


def test_typing_another_persons_address_neither_blocks_them_nor_reveals_when_they_signed(
    letter: Letter, published: LetterMaker, settings: Settings
) -> None:
    settings.LIMIT_ADDRESS = parse("2/hour")
    stranger, ada = came_from(Signer(), "192.0.2.1"), came_from(Signer(), "198.51.100.1")
    assert ada.sign(published("another")).status_code == 303
    # As often as if she had signed nowhere.
    assert [stranger.sign(letter).status_code for _ in range(3)] == [303, 303, 429]
    assert ada.sign(letter).status_code == 303


def test_the_refusal_of_an_address_does_not_reveal_when_it_was_first_sent(
    letter: Letter, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.LIMIT_ADDRESS = parse("1/hour")
    came_from(signer := Signer(), "192.0.2.1").sign(letter)
    monkeypatch.setattr(limits, "seconds_left", lambda _: 77)
    answer = signer.sign(letter)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3600")


def test_minutes_are_rounded_up_and_one_is_singular(letter: Letter, signer: Signer, settings: Settings) -> None:
    settings.LIMIT_NETWORK_HARD = parse("1/20 seconds")
    signer.sign(letter)
    answer = signer.sign(letter, email="eve@example.org")
    assert answer.status_code == 429
    assert "Try again in about 1 minute." in words(answer)


@pytest.mark.django_db(transaction=True)
def test_many_signings_at_once_stay_within_the_limit(letter: Letter, settings: Settings) -> None:
    settings.LIMIT_NETWORK_HARD = parse("10/hour")
    answers = in_threads(
        lambda number: Signer().sign(letter, email=f"signer{number}@example.org").status_code, range(40), threads=10
    )
    assert sorted(answers) == [303] * 10 + [429] * 30
    assert Signature.objects.count() == 10


# One mailbox that signs, confirms and withdraws


def confirm_and_withdraw(letter: Letter, email: str = "ada@example.org") -> None:
    withdraw_signature(sign_and_confirm(letter, email), now=NOW)


def confirm_link(signature: Signature) -> str:
    return signature.link("confirm", now=timezone.now())


def test_a_person_who_confirms_and_withdraws_repeatedly_is_told_to_come_back(letter: Letter, signer: Signer) -> None:
    for _ in range(3):
        confirm_and_withdraw(letter)
    link = confirm_link(sign(letter))
    answer = signer.press(link)
    assert answer.status_code == 429
    assert 86_000 < int(answer.headers["Retry-After"]) <= 86_400
    assert "Open the link in the email again in about 24 hours" in words(answer)
    assert answer.headers["Cache-Control"] == "no-store"
    assert signature_of(letter).state == "pending"
    # Neither opening the page nor withdrawing is refused.
    assert signer.get(link).status_code == 200
    withdraw_signature(signature_of(letter), now=NOW)
    assert Signature.objects.filter(state="withdrawn").count() == 4


def test_confirming_repeatedly_by_code_is_limited_too(letter: Letter, signer: Signer) -> None:
    for _ in range(3):
        confirm_and_withdraw(letter)
    check = signer.sign(letter).headers["Location"]
    code = signer.mailed_code()
    assert signer.client.post(check, {"code": "000000" if code != "000 000" else "111111"}).status_code == 422
    answer = signer.press(signer.client.post(check, {"code": code})["Location"])
    assert answer.status_code == 429
    assert answer.headers["Retry-After"]
    assert signature_of(letter).state == "pending"


def test_each_address_and_letter_is_counted_separately(letter: Letter, published: LetterMaker, signer: Signer) -> None:
    for _ in range(3):
        confirm_and_withdraw(letter)
    for other, email in [(letter, "eve@example.org"), (published("another"), "ada@example.org")]:
        assert signer.press(confirm_link(sign(other, email))).status_code == 200
        assert signature_of(other, email).state == "confirmed"


def test_confirming_a_confirmed_signature_does_not_count(letter: Letter, signer: Signer, settings: Settings) -> None:
    settings.LIMIT_CONFIRMATIONS = parse("1/day")
    signature = sign(letter)
    for _ in range(5):
        assert signer.press(confirm_link(signature)).status_code == 200
        # The signature as an older window knows it.
        confirm_signature(signature, verified=Signature.Verified.LINK, now=NOW)
    assert signature_of(letter).state == "confirmed"


def test_a_form_that_the_letter_refuses_is_not_counted(letter: Letter, signer: Signer, settings: Settings) -> None:
    settings.LIMIT_CONFIRMATIONS = parse("1/day")
    signature = sign(letter)
    Letter.objects.update(status="withdrawn")
    assert signer.press(confirm_link(signature)).status_code == 409
    Letter.objects.update(status="published")
    assert signer.press(confirm_link(signature)).status_code == 200


# Networks


@pytest.mark.parametrize(
    ("trusted_proxies", "peer", "forwarded_for"),
    [
        (0, "192.0.2.1", "203.0.113.{n}"),
        (0, "192.0.2.1", "203.0.{n}.1, 203.0.{n}.2"),
        (1, "10.0.0.1", "203.0.{n}.1, 192.0.2.1"),
        (1, "10.0.0.1", "unknown-{n}"),
        (2, "10.0.0.1", "203.0.{n}.1, 192.0.2.1, 10.0.0.2"),
        (1, "", "203.0.{n}.1, 192.0.2.1"),
        (0, "", "203.0.{n}.1"),
    ],
)
def test_no_header_gets_around_a_limit(
    letter: Letter, settings: Settings, trusted_proxies: int, peer: str, forwarded_for: str
) -> None:
    settings.TRUSTED_PROXIES = trusted_proxies
    settings.LIMIT_NETWORK_SOFT = parse("2/hour")
    answers = [
        came_from(Signer(), peer, forwarded_for.format(n=number)).sign(letter, email=f"signer{number}@example.org")
        for number in range(4)
    ]
    assert [asks_for_proof(answer) for answer in answers] == [False, False, True, True]


def test_each_network_behind_our_proxy_is_counted_separately(letter: Letter, settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 1
    settings.LIMIT_NETWORK_HARD = parse("1/hour")
    for number in range(5):
        signer = came_from(Signer(), "10.0.0.1", f"203.0.{number}.1")
        assert signer.sign(letter, email=f"signer{number}@example.org").status_code == 303


def test_nothing_readable_of_a_signers_network_and_address_is_kept(
    careful: Letter, valkey: "redis.Redis", caplog: pytest.LogCaptureFixture, settings: Settings
) -> None:
    settings.LIMIT_NETWORK_HARD = parse("1/hour")
    signer = came_from(Signer(), "192.0.2.77")
    # Words that cannot occur in a hash by chance: hashes contain no letter after f.
    signer.calculate(signer.sign(careful, email="mallory@example.org"))
    signer.sign(careful, email="eve@example.org")
    kept = [key.decode() for key in valkey.scan_iter("*")]
    assert kept
    for trace in ("192.0.2", "mallory", hash_address("mallory@example.org").hex()[:12]):
        assert trace not in " ".join([*kept, caplog.text])
    signature = signature_of(careful, "mallory@example.org")
    columns = dict(vars(signature), **vars(signature.contact))
    assert "192.0.2" not in repr(columns)


# Without Valkey


@pytest.fixture
def stopped_valkey(settings: Settings) -> Iterator[StoppableValkey]:
    server = StoppableValkey()
    settings.VALKEY_URL = server.url
    server.stop()
    yield server
    server.stop()


def test_signing_continues_without_valkey_and_checks_without_counters_still_apply(
    letter: Letter, careful: Letter, settings: Settings, stopped_valkey: StoppableValkey, caplog: Any
) -> None:
    settings.LIMIT_NETWORK_HARD = settings.LIMIT_NETWORK_SOFT = parse("1/hour")
    signer = Signer()
    assert {answer.status_code for answer in sign_often(signer, letter, 20)} == {303}
    page = signer.sign(careful)
    assert asks_for_proof(page)
    assert signer.calculate(page).status_code == 303
    for _ in range(4):
        confirm_and_withdraw(letter)
    assert [record.getMessage() for record in caplog.records if record.name == limits.__name__] == [
        "Valkey does not answer (ConnectionError): signing continues without limits."
    ]
