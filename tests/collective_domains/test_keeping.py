"""Owners share and remove a domain, it ends after a year, and site moderators can remove it with a reason."""

from datetime import timedelta

import pytest
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from letters.base.collective_domains.operations import (
    UNPROVED_KEPT,
    let_prove_again,
    remove_domain,
    remove_domain_for_site,
    tend_domains,
    verify_domain,
)
from letters.models import REMINDED_BEFORE, VERIFIED_FOR, AuditEvent, Collective, CollectiveDomain, Letter, User
from letters.shared.refused import Refused
from tests.collective_domains.conftest import DOMAIN, Verify, ask, code_in
from tests.collective_domains.test_proving import page_of
from tests.people import NOW, browser_of, words

pytestmark = pytest.mark.django_db
Sent = list[EmailMultiAlternatives]


def desk_of(collective: Collective) -> str:
    return f"/organize/collectives/{collective.slug}/domains/"


def test_only_owners_prove_and_remove(
    collective: Collective, organizer: User, teammate: User, moderator: User, verified: Verify
) -> None:
    claimed = verified(collective, organizer)
    for person in (teammate, moderator):
        with pytest.raises(Refused, match="not_yours"):
            ask(collective, person)
        with pytest.raises(Refused, match="not_yours"):
            verify_domain(collective, claimed.pk, code="AAAAAA", by=person, now=NOW)
        with pytest.raises(Refused, match="not_yours"):
            remove_domain(collective, claimed.pk, by=person, now=NOW)


def test_the_other_owners_are_told_and_the_record_has_it(
    collective: Collective, organizer: User, co_owner: User, sent: Sent, verified: Verify
) -> None:
    claimed = verified(collective, organizer)
    remove_domain(collective, claimed.pk, by=organizer, now=NOW)
    assert [(message.to, message.subject) for message in sent] == [
        ([co_owner.email], "Your collective shows a domain"),
        ([co_owner.email], "Your collective no longer shows a domain"),
    ]
    events = AuditEvent.objects.filter(verb__contains="domain").order_by("pk")
    assert [event.verb for event in events] == ["ask_domain_code", "verify_domain", "remove_domain"]
    assert {event.details["domain"] for event in events} == {DOMAIN}


def test_a_removed_domain_is_shown_no_more(letter: Letter, organizer: User, verified: Verify) -> None:
    claimed = verified(letter.collective, organizer)
    assert "Verified:" in page_of(letter)
    remove_domain(letter.collective, claimed.pk, by=organizer, now=NOW)
    assert "Verified:" not in page_of(letter)


def test_two_collectives_can_show_one_domain_and_read_of_each_other(
    letter: Letter, organizer: User, another: Collective, stranger: User, verified: Verify
) -> None:
    verified(letter.collective, organizer)
    ask(another, stranger)
    # A collective that has not proved it is not named: it may have no public letter.
    assert "Engine Readers" not in words(browser_of(organizer).get(desk_of(letter.collective)))
    verified(another, stranger)
    assert "“Engine Readers” also shows this domain." in words(browser_of(organizer).get(desk_of(letter.collective)))


def test_who_has_not_proved_a_domain_does_not_learn_who_has(
    letter: Letter, organizer: User, stranger: User, another: Collective, verified: Verify
) -> None:
    verified(letter.collective, organizer)
    ask(another, stranger)
    assert letter.collective.name not in words(browser_of(stranger).get(desk_of(another)))


def test_the_page_leads_from_the_domain_to_the_mark(letter: Letter, organizer: User, sent: Sent) -> None:
    desk, page = browser_of(organizer), desk_of(letter.collective)
    assert "A domain says publicly who is behind the collective" in words(desk.get(page))
    answer = desk.post(page, {"domain": "gmail.com", "mailbox": "admin"})
    assert answer.status_code == 422
    assert "Enter a domain that belongs to one organisation." in words(answer)
    answer = desk.post(page, {"domain": "https://engines.example/", "mailbox": "admin"}, follow=True)
    assert "We have emailed a code to admin@engines.example ." in words(answer)
    claimed = CollectiveDomain.objects.get()
    answer = desk.post(f"{page}{claimed.pk}/", {"action": "verify", "code": "AAA AAA"})
    assert answer.status_code == 422
    assert "That code is wrong or has expired." in words(answer)
    answer = desk.post(f"{page}{claimed.pk}/", {"action": "verify", "code": code_in(sent[0])}, follow=True)
    assert "Verified: engines.example" in words(answer)
    answer = desk.post(f"{page}{claimed.pk}/", {"action": "remove"}, follow=True)
    assert "Removed: engines.example" in words(answer)


# A year


def test_owners_are_reminded_a_month_before_once_and_then_it_ends(
    letter: Letter, organizer: User, co_owner: User, sent: Sent, verified: Verify
) -> None:
    verified(letter.collective, organizer)
    sent.clear()
    tend_domains(now=NOW + VERIFIED_FOR - REMINDED_BEFORE - timedelta(minutes=1))
    assert sent == []
    for _ in range(2):
        tend_domains(now=NOW + VERIFIED_FOR - REMINDED_BEFORE)
    assert sorted(message.to[0] for message in sent) == sorted([organizer.email, co_owner.email])
    assert {message.subject for message in sent} == {"Verify the domain of your collective again"}
    letter.refresh_from_db()
    before = letter.version
    tend_domains(now=NOW + VERIFIED_FOR)
    letter.refresh_from_db()
    assert letter.version == before + 1
    assert "Verified:" not in page_of(letter)
    assert AuditEvent.objects.get(verb="end_domain").actor is None
    assert sent[-1].subject == "Your collective no longer shows a domain"


def test_a_domain_that_is_proved_again_stays_for_another_year(
    letter: Letter, organizer: User, sent: Sent, verified: Verify
) -> None:
    verified(letter.collective, organizer)
    later = NOW + VERIFIED_FOR - timedelta(days=3)
    claimed = ask(letter.collective, organizer, now=later)
    assert "Verified:" in page_of(letter)
    verify_domain(letter.collective, claimed.pk, code=code_in(sent.pop()), by=organizer, now=later)
    tend_domains(now=NOW + VERIFIED_FOR)
    assert "Verified:" in page_of(letter)


def test_an_old_code_does_not_work_again_when_a_proof_ends(
    collective: Collective, organizer: User, sent: Sent, verified: Verify
) -> None:
    verified(collective, organizer)
    claimed = ask(collective, organizer, now=NOW + timedelta(days=30))
    tend_domains(now=NOW + VERIFIED_FOR)
    with pytest.raises(Refused, match="wrong_domain_code"):
        verify_domain(collective, claimed.pk, code=code_in(sent[0]), by=organizer, now=NOW + VERIFIED_FOR)


def test_what_was_never_proved_is_deleted_after_a_week(
    collective: Collective, organizer: User, verified: Verify
) -> None:
    verified(collective, organizer, domain="kept.example")
    ask(collective, organizer)
    tend_domains(now=NOW + UNPROVED_KEPT - timedelta(minutes=1))
    assert CollectiveDomain.objects.count() == 2
    tend_domains(now=NOW + UNPROVED_KEPT)
    assert CollectiveDomain.objects.get().domain == "kept.example"


# The site


def test_a_site_moderator_removes_it_with_a_reason_that_owners_read(
    letter: Letter, organizer: User, warden: User, sent: Sent, verified: Verify
) -> None:
    reason, collective = "The engines never heard of them.", letter.collective
    claimed = verified(collective, organizer)
    remove_domain_for_site(claimed, reason=reason, by=warden, now=NOW)
    assert "Verified:" not in page_of(letter)
    assert [message.to for message in sent] == [[organizer.email]]
    assert reason in str(sent.pop().body)
    assert reason in words(browser_of(organizer).get(desk_of(collective)))
    event = AuditEvent.objects.get(verb="remove_domain_for_site")
    assert (event.reason, event.actor) == (reason, warden)
    with pytest.raises(Refused, match="domain_removed"):
        ask(collective, organizer)
    with pytest.raises(Refused, match="domain_removed"):
        remove_domain(collective, claimed.pk, by=organizer, now=NOW)
    tend_domains(now=NOW + timedelta(days=400))
    assert CollectiveDomain.objects.get().removed_because == reason


def test_a_site_moderator_lets_a_collective_prove_it_again(
    letter: Letter, organizer: User, warden: User, sent: Sent, verified: Verify
) -> None:
    claimed = verified(letter.collective, organizer)
    remove_domain_for_site(claimed, reason="Not theirs.", by=warden, now=NOW)
    let_prove_again(claimed, by=warden, now=NOW)
    assert "Verified:" not in page_of(letter)
    sent.clear()
    verified(letter.collective, organizer)
    assert "Verified:" in page_of(letter)


def test_only_site_moderators_remove_it_for_the_site_and_with_a_reason(
    collective: Collective, organizer: User, warden: User, verified: Verify
) -> None:
    claimed = verified(collective, organizer)
    with pytest.raises(Refused, match="not_yours"):
        remove_domain_for_site(claimed, reason="Mine.", by=organizer, now=NOW)
    with pytest.raises(Refused, match="not_yours"):
        let_prove_again(claimed, by=organizer, now=NOW)
    with pytest.raises(Refused, match="no_reason"):
        remove_domain_for_site(claimed, reason=" ", by=warden, now=NOW)


def test_the_site_page_lists_finds_removes_and_allows(
    letter: Letter, organizer: User, warden: User, verified: Verify
) -> None:
    claimed = verified(letter.collective, organizer, now=timezone.now())
    desk, page = browser_of(warden), "/site/domains/"
    for wanted, found in (("", True), (DOMAIN, True), (letter.collective.slug, True), ("other.example", False)):
        assert (f"Remove {DOMAIN}" in words(desk.get(page, {"q": wanted}))) == found
    answer = desk.post(page, {"domain": claimed.pk, "reason": "", "action": "remove"})
    assert answer.status_code == 422
    assert "Enter why the collective must not show this domain." in words(answer)
    assert answer.content.decode().count('id="problems"') == 1
    answer = desk.post(page, {"domain": claimed.pk, "reason": "Not theirs.", "action": "remove"}, follow=True)
    assert "no longer shows engines.example." in words(answer)
    answer = desk.post(page, {"domain": claimed.pk, "action": "allow"}, follow=True)
    assert "may verify engines.example again." in words(answer)
    assert "No collective shows a domain." in words(answer)
