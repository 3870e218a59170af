"""The domain of an address decides who may sign, who could see it, and whether a moderator reviews first."""

import pytest

from letters.models import Letter, Signature
from letters.shared.domains import is_disposable, match_domain
from letters.signer.signing.operations import confirm_signature
from tests.conftest import LetterMaker
from tests.people import FROM_OUR_PAGE, NOW, Reader, Signer, deliver, publish, sign, signature_of, words

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("domain", "listed", "matched"),
    [
        ("example.edu", ["example.edu"], "example.edu"),
        ("cs.example.edu", ["example.edu"], "example.edu"),
        ("cs.example.edu", ["example.edu", "cs.example.edu"], "cs.example.edu"),
        ("cs.example.edu", ["Example.EDU"], "Example.EDU"),
        ("notexample.edu", ["example.edu"], ""),
        ("example.edu.evil.org", ["example.edu"], ""),
        ("edu", ["example.edu"], ""),
        ("example.edu", [], ""),
    ],
)
def test_a_listed_domain_and_its_subdomains_match(domain: str, listed: list[str], matched: str) -> None:
    assert match_domain(domain, listed) == matched


# Letters limited to domains


@pytest.fixture
def limited(published: LetterMaker) -> Letter:
    return published(domains=["example.edu", "example.org"])


def test_an_address_at_another_domain_is_told_which_domains_may_sign(limited: Letter, signer: Signer) -> None:
    page = signer.sign(limited, email="ada@gmail.com")
    assert page.status_code == 422
    assert "You can sign this letter only with an email address at example.edu or example.org." in words(page)
    assert not Signature.objects.exists()


def test_the_form_names_the_domains_first(limited: Letter, reader: Reader) -> None:
    assert "It must be at example.edu or example.org. Never shown." in reader.read(limited)


def test_the_signature_reads_confirmed_at_its_domain(limited: Letter, signer: Signer) -> None:
    signer.sign(limited, email="ada@cs.example.edu", show_domain="on")
    deliver()
    assert "Next to it we show “confirmed at example.edu”." in words(signer.get(signer.mailed_link()))
    signer.confirm()
    publish()
    for page in ("letter", "signatures"):
        assert '<span class="confirmed-at">confirmed at example.edu</span>' in signer.read(limited, page)


def test_the_domain_is_shown_only_if_the_signer_agrees(limited: Letter, signer: Signer) -> None:
    signer.sign(limited, email="ada@example.edu")
    deliver()
    signer.confirm()
    publish()
    assert "confirmed at" not in signer.read(limited, "signatures")


def test_a_nameless_signer_can_show_the_domain(limited: Letter, signer: Signer) -> None:
    signer.sign(limited, email="ada@example.edu", name="", display="nobody", show_domain="on")
    deliver()
    signer.confirm()
    publish()
    page = signer.read(limited, "signatures")
    assert "name withheld" in page
    assert "confirmed at example.edu" in page


def test_the_signer_can_hide_the_domain_and_show_it_again(limited: Letter, signer: Signer) -> None:
    signer.sign(limited, email="ada@example.edu", show_domain="on")
    deliver()
    signer.confirm()
    publish()
    manage = signature_of(limited, "ada@example.edu").link("manage", now=NOW)
    assert b'name="show_domain" id="sign_show_domain" checked' in signer.get(manage).content
    save = {"action": "save", "name": "Ada", "display": "public"}
    signer.client.post(manage, save, headers=FROM_OUR_PAGE)
    assert "confirmed at" not in signer.read(limited, "signatures")
    signer.client.post(manage, {**save, "show_domain": "on"}, headers=FROM_OUR_PAGE)
    assert "confirmed at example.edu" in signer.read(limited, "signatures")


def test_a_letter_for_everyone_does_not_ask_about_the_domain(letter: Letter, signer: Signer) -> None:
    assert "show_domain" not in signer.read(letter)
    signer.sign(letter, show_domain="on")
    assert signature_of(letter).domain == ""


# The addressee's own domains


@pytest.fixture
def to_a_company(published: LetterMaker) -> Letter:
    return published(addressee_domains=["company.example"])


def test_the_form_asks_about_an_address_that_the_addressee_can_read(to_a_company: Letter, signer: Signer) -> None:
    page = signer.sign(to_a_company, email="ada@mail.company.example")
    assert page.status_code == 422
    assert "This letter is addressed to the people who run email at company.example." in words(page)
    assert b'value="ada@mail.company.example"' in page.content
    assert not Signature.objects.exists()


def test_a_person_can_sign_with_that_address_after_the_question(to_a_company: Letter, signer: Signer) -> None:
    email = "ada@company.example"
    assert signer.sign(to_a_company, email=email, sure=email).status_code == 303
    assert signer.sign(to_a_company, email="eve@company.example", sure=email).status_code == 422


def test_the_form_does_not_ask_about_other_addresses(to_a_company: Letter, signer: Signer) -> None:
    assert signer.sign(to_a_company, email="ada@notcompany.example").status_code == 303


# Disposable addresses


@pytest.mark.parametrize(
    ("domain", "disposable"),
    [("mailinator.com", True), ("x.y.mailinator.com", True), ("gmail.com", False), ("com", False), ("", False)],
)
def test_disposable_domains_are_known(domain: str, disposable: bool) -> None:
    assert is_disposable(domain) == disposable


def test_a_disposable_address_is_accepted_and_held_for_a_moderator(letter: Letter, signer: Signer) -> None:
    assert signer.sign(letter, email="ada@mailinator.com").status_code == 303
    deliver()
    assert "unless a moderator reviews it first" in words(signer.confirm())
    publish()
    signature = signature_of(letter, "ada@mailinator.com")
    assert (signature.state, signature.concern, signature.number) == ("held", "disposable", None)
    letter.refresh_from_db()
    assert letter.awaiting_review == 1


def test_a_confirmation_disproves_a_bounce(letter: Letter) -> None:
    signature = sign(letter)
    Signature.objects.update(concern=Signature.Concern.BOUNCED)
    confirm_signature(signature, verified="link", now=NOW)
    signature.refresh_from_db()
    assert (signature.state, signature.concern) == ("confirmed", "")
