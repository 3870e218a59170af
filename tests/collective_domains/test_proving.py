"""A collective proves a domain by a code to one of its fixed mailboxes, and its letters show it for a year."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.mail import EmailMultiAlternatives
from pytest_django import Settings

from letters.base.collective_domains.operations import (
    MAX_DOMAINS,
    MAX_EMAILS_OF_COLLECTIVE,
    MAX_EMAILS_TO_DOMAIN,
    remove_domain,
    verify_domain,
)
from letters.base.collective_domains.queries import can_be_proved, read_domain
from letters.models import VERIFIED_FOR, Collective, CollectiveDomain, Letter, StoppedAddress, User
from letters.models.collective_domain import CODE_LIFETIME
from letters.shared.addresses import hash_address
from letters.shared.refused import Refused
from tests.collective_domains.conftest import Verify, ask, code_in
from tests.people import NOW, Reader, words

pytestmark = pytest.mark.django_db
Sent = list[EmailMultiAlternatives]


def page_of(letter: Letter) -> str:
    return words(Reader().get(letter.get_absolute_url()))


def test_the_code_goes_to_a_fixed_mailbox_and_names_the_collective(
    collective: Collective, organizer: User, sent: Sent
) -> None:
    ask(collective, organizer)
    (message,) = sent
    assert message.to == ["hostmaster@engines.example"]
    assert collective.name in str(message.body)
    assert organizer.email not in message.message().as_string()
    assert organizer.name not in str(message.body)
    assert collective.name not in message.subject


def test_a_verified_domain_is_shown_on_the_letter_with_its_day(
    letter: Letter, organizer: User, verified: Verify
) -> None:
    before = letter.version
    assert "Verified:" not in page_of(letter)
    claimed = verified(letter.collective, organizer)
    assert (claimed.verified_at, claimed.until) == (NOW, NOW + VERIFIED_FOR)
    letter.refresh_from_db()
    assert letter.version == before + 1
    assert "Verified: engines.example , on March 3, 2025" in page_of(letter)


def test_a_domain_that_waits_for_its_code_is_not_shown(letter: Letter, organizer: User) -> None:
    ask(letter.collective, organizer)
    assert "engines.example" not in page_of(letter)


@pytest.mark.parametrize("typed", [str.lower, lambda code: f" {code[:3]}-{code[3:]} "])
def test_a_code_may_be_typed_in_other_ways(
    typed: Callable[[str], str], collective: Collective, organizer: User, sent: Sent
) -> None:
    claimed = ask(collective, organizer)
    verify_domain(collective, claimed.pk, code=typed(code_in(sent[0])), by=organizer, now=NOW)
    claimed.refresh_from_db()
    assert claimed.verified_at == NOW


def test_a_wrong_code_counts_and_five_tries_end_it(collective: Collective, organizer: User, sent: Sent) -> None:
    claimed = ask(collective, organizer)
    for code in ["AAAAAA"] * 5 + [code_in(sent[0])]:
        with pytest.raises(Refused, match="wrong_domain_code"):
            verify_domain(collective, claimed.pk, code=code, by=organizer, now=NOW)


def test_a_code_works_for_a_day_once_and_only_the_newest(collective: Collective, organizer: User, sent: Sent) -> None:
    claimed = ask(collective, organizer)
    ask(collective, organizer)
    old, new = map(code_in, sent)
    for code, now in ((old, NOW), (new, NOW + CODE_LIFETIME)):
        with pytest.raises(Refused, match="wrong_domain_code"):
            verify_domain(collective, claimed.pk, code=code, by=organizer, now=now)
    verify_domain(collective, claimed.pk, code=new, by=organizer, now=NOW)
    with pytest.raises(Refused, match="wrong_domain_code"):
        verify_domain(collective, claimed.pk, code=new, by=organizer, now=NOW)


def test_nothing_stored_reveals_the_code(collective: Collective, organizer: User, sent: Sent) -> None:
    ask(collective, organizer)
    assert code_in(sent[0]) not in str(list(CollectiveDomain.objects.values_list()))


@pytest.mark.parametrize(
    "domain", ["gmail.com", "mail.gmail.com", "posteo.de", "mailinator.com", "co.uk", "com", "github.io", "gmx.net"]
)
def test_a_domain_of_many_cannot_be_proved(domain: str, collective: Collective, organizer: User) -> None:
    assert not can_be_proved(domain)
    with pytest.raises(Refused, match="domain_is_anyones"):
        ask(collective, organizer, domain=domain)
    assert not CollectiveDomain.objects.exists()


@pytest.mark.parametrize(
    ("typed", "domain"),
    [
        (" Example.ORG ", "example.org"),
        ("https://www.example.org/about?x=1", "example.org"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("example.org.", "example.org"),
        ("ada@example.org", "example.org"),
        ("localhost", ""),
        ("not a domain", ""),
        ("", ""),
    ],
)
def test_a_domain_is_read_as_people_type_it(typed: str, domain: str) -> None:
    assert read_domain(typed) == domain


def test_a_domain_that_can_pass_for_another_is_shown_in_ascii(
    letter: Letter, organizer: User, verified: Verify
) -> None:
    verified(letter.collective, organizer, domain="xn--80ak6aa92e.com")
    assert "Verified: xn--80ak6aa92e.com ," in page_of(letter)


# Limits


def test_a_domain_gets_three_emails_a_day_from_all_collectives(
    collective: Collective, organizer: User, another: Collective, stranger: User
) -> None:
    for _ in range(MAX_EMAILS_TO_DOMAIN):
        ask(collective, organizer)
    with pytest.raises(Refused, match="many_domain_codes"):
        ask(another, stranger)
    assert ask(another, stranger, now=NOW + timedelta(days=1)).emails == 1


def test_removing_a_domain_does_not_begin_the_count_again(collective: Collective, organizer: User) -> None:
    for _ in range(MAX_EMAILS_TO_DOMAIN):
        remove_domain(collective, ask(collective, organizer).pk, by=organizer, now=NOW)
    with pytest.raises(Refused, match="many_domain_codes"):
        ask(collective, organizer)


def test_a_collective_causes_five_emails_a_day_and_has_five_domains(collective: Collective, organizer: User) -> None:
    for number in range(MAX_EMAILS_OF_COLLECTIVE):
        ask(collective, organizer, domain=f"engine{number}.example")
    with pytest.raises(Refused, match="too_many_domains"):
        ask(collective, organizer)
    assert CollectiveDomain.objects.count() == MAX_DOMAINS
    remove_domain(collective, CollectiveDomain.objects.earliest("pk").pk, by=organizer, now=NOW)
    with pytest.raises(Refused, match="many_domain_codes"):
        ask(collective, organizer)


def test_a_mailbox_that_wants_no_email_gets_none(collective: Collective, organizer: User, sent: Sent) -> None:
    StoppedAddress.objects.create(address_hash=hash_address("hostmaster@engines.example"), stopped_at=NOW)
    ask(collective, organizer)
    assert sent == []


def test_a_collective_that_staff_have_not_cleared_writes_to_no_stranger(
    collective: Collective, organizer: User, settings: Settings
) -> None:
    settings.CLEAR_COLLECTIVES_FIRST = True
    with pytest.raises(Refused, match="not_cleared"):
        ask(collective, organizer)
