"""Rules hold and allow what they say, tell nobody who signed, and end."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from letters.models import AuditEvent, BlockRule, Display, Doubt, HoldFrom, Letter, Signature, State, User
from letters.moderator.block_rules.operations import (
    MAX_A_DAY,
    MAX_IN_FORCE,
    RuleWish,
    end_rule,
    forget_rules,
    make_rule,
    switch_rule,
)
from letters.moderator.block_rules.queries import rules_of
from letters.moderator.moderation.operations import accept_signatures
from letters.moderator.moderation.pages import COARSE, reasons_for
from letters.moderator.signals.reasons import Reason
from letters.shared.addresses import read_address
from letters.shared.refused import Refused
from letters.signer.signing.operations import confirm_signature
from tests.conftest import LetterMaker
from tests.live_signals.conftest import _shares_are_counted_afresh, run_sequencer
from tests.live_signals.test_reasons import LATER, OFFICE, several
from tests.people import NOW, signature_of, submit, unheard_of

__all__ = ["_shares_are_counted_afresh"]

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)
SPAM = "spam wave"


def rule(by: User, *, on: bool = True, now: datetime = NOW, **wanted: Any) -> BlockRule:
    wish: dict[str, Any] = {
        "kind": "name",
        "effect": "hold",
        "reason": SPAM,
        "ends_at": now + WEEK,
        "is_of_site": False,
    }
    made = make_rule(RuleWish(**{**wish, **wanted}), by=by, now=now)
    if on:
        switch_rule(made, on=True, by=by, now=now)
    return made


def signed(letter: Letter, email: str = "ilse@posteo.de", **entered: str) -> Signature:
    submission = submit(letter, email=email, **{"name": "Ilse Marwick", **entered})
    signature = signature_of(letter, email)
    confirm_signature(signature, verified=Signature.Verified.LINK, now=NOW + LATER, submission_id=submission)
    return signature


def crowd(letter: Letter, number: int, domain: str = "firm.example", **entered: str) -> list[Signature]:
    """Sign as so many people of one domain, each with a network of their own."""
    return [
        signed(
            letter, f"{unheard_of()}@{domain}", name=unheard_of("Ada ").title(), network=f"198.51.{n}.0/24", **entered
        )
        for n in range(number)
    ]


def state_of(signature: Signature) -> str:
    signature.refresh_from_db()
    return signature.state


def held(signatures: list[Signature]) -> int:
    return [state_of(each) for each in signatures].count(State.HELD)


# What rules do


def test_a_rule_about_a_name_holds_it_and_says_why(letter: Letter, moderator: User) -> None:
    rule(moderator, letter=letter, text="Il* Marwick")
    match, other = signed(letter), signed(letter, "t@posteo.de", name="Tomas Berglind")
    run_sequencer()
    assert (state_of(match), state_of(other)) == (State.HELD, State.PUBLISHED)
    words = reasons_for(match, is_named=True, rules={each.pk: each for each in BlockRule.objects.all()})
    assert words == ["Rule: names like “Il* Marwick”, until March 9, 2025: spam wave"]


def test_a_rule_holds_also_where_the_letter_holds_nothing(published: LetterMaker, moderator: User) -> None:
    letter = published(hold_from=HoldFrom.NEVER)
    rule(moderator, letter=letter, text="Ilse Marwick")
    signature = signed(letter)
    run_sequencer()
    assert state_of(signature) == State.HELD


def test_a_rule_never_rejects_and_a_moderator_decides(letter: Letter, moderator: User) -> None:
    rule(moderator, letter=letter, text="Ilse Marwick")
    signature = signed(letter)
    run_sequencer()
    accept_signatures(letter, [signature.pk], by=moderator, now=NOW)
    Signature.objects.update(to_score=True)
    run_sequencer()
    assert state_of(signature) == State.PUBLISHED


def test_a_rule_that_allows_keeps_signals_from_holding(letter: Letter, moderator: User) -> None:
    rule(moderator, letter=letter, text="Greta Thunberg", effect="allow")
    famous, other = signed(letter, name="Greta Thunberg"), signed(letter, "t@posteo.de", name="Elon Musk")
    run_sequencer()
    assert (state_of(famous), state_of(other)) == (State.PUBLISHED, State.HELD)


def test_a_rule_that_holds_weighs_more_than_one_that_allows(letter: Letter, moderator: User) -> None:
    rule(moderator, letter=letter, text="Ilse Marwick", effect="allow")
    rule(moderator, letter=letter, text="Marwick")
    signature = signed(letter)
    run_sequencer()
    assert state_of(signature) == State.HELD


def test_a_rule_applies_to_its_letter_its_collective_or_the_site(
    letter: Letter, published: LetterMaker, moderator: User, warden: User
) -> None:
    other = published("other")
    for values in ({"letter": letter}, {"collective": letter.collective}):
        made = rule(moderator, text="Ilse Marwick", **values)
        here, there = signed(letter), signed(other)
        run_sequencer()
        assert (state_of(here), state_of(there)) == (
            State.HELD,
            State.HELD if "collective" in values else State.PUBLISHED,
        )
        end_rule(made, by=moderator, now=NOW)
        Signature.objects.all().delete()
    rule(warden, text="Ilse Marwick", is_of_site=True)
    there = signed(other)
    run_sequencer()
    assert state_of(there) == State.HELD


@pytest.mark.parametrize("why", ["off", "over", "ended"])
def test_a_rule_that_is_off_or_over_does_nothing(why: str, letter: Letter, moderator: User) -> None:
    made = rule(moderator, letter=letter, text="Ilse Marwick", on=why != "off")
    if why == "ended":
        end_rule(made, by=moderator, now=NOW)
    if why == "over":
        BlockRule.objects.update(ends_at=NOW)
    signature = signed(letter)
    run_sequencer()
    assert state_of(signature) == State.PUBLISHED


def test_one_query_reads_the_rules_of_a_batch(letter: Letter, moderator: User) -> None:
    for number in range(20):
        rule(moderator, letter=letter, text=f"Nobody{number}", now=NOW + number * timedelta(days=1))
        BlockRule.objects.update(ends_at=NOW + 9 * WEEK)
    crowd(letter, 3)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        run_sequencer()
    assert sum("letters_blockrule" in each["sql"] for each in queries) == 1


# Privacy


def test_a_rule_about_a_domain_does_nothing_before_ten_signatures_match(letter: Letter, moderator: User) -> None:
    made = rule(moderator, letter=letter, kind="domain", text="firm.example")
    few = crowd(letter, 9)
    run_sequencer()
    assert (held(few), Doubt.objects.filter(reasons__contains=[Reason.BLOCK_RULE]).exists()) == (0, False)
    tenth = crowd(letter, 1, "mail.firm.example")
    run_sequencer()
    made.refresh_from_db()
    assert (held(tenth), held(few), made.hits) == (1, 0, 10)


def test_past_signatures_count_among_the_ten(letter: Letter, moderator: User) -> None:
    crowd(letter, 10)
    run_sequencer()
    made = rule(moderator, letter=letter, kind="domain", text="firm.example")
    assert (made.tested, made.tested_of) == (10, 10)
    next_one = crowd(letter, 1)
    run_sequencer()
    assert held(next_one) == 1


def test_changed_words_and_bursts_do_not_count_someone_twice(letter: Letter, moderator: User) -> None:
    made = rule(moderator, letter=letter, kind="domain", text="firm.example")
    crowd(letter, 5)
    run_sequencer()
    Signature.objects.update(to_score=True)
    run_sequencer()
    made.refresh_from_db()
    assert made.hits == 5


def test_no_rule_matches_or_counts_someone_who_shows_the_name_to_nobody(
    letter: Letter, moderator: User, warden: User
) -> None:
    address = read_address("ilse@firm.example")
    rule(moderator, letter=letter, kind="domain", text="firm.example")
    rule(warden, is_of_site=True, kind="address", address=address)
    nameless = [signed(letter, "ilse@firm.example", display=Display.NOBODY, name="", **OFFICE)]
    nameless += crowd(letter, 12, display=Display.NOBODY)
    run_sequencer()
    assert held(nameless) == 0
    assert {*BlockRule.objects.values_list("hits", flat=True)} == {0}
    assert rule(moderator, letter=letter, kind="domain", text="firm.example").tested == 0


def test_a_rule_of_the_site_says_nothing_about_names_that_only_organizers_see(
    letter: Letter, moderator: User, warden: User
) -> None:
    rule(warden, is_of_site=True, letter=letter, text="Ilse Marwick")
    entrusted = signed(letter, display=Display.ORGANIZERS)
    run_sequencer()
    assert state_of(entrusted) == State.PUBLISHED
    assert rule(warden, is_of_site=True, text="Ilse Marwick").tested == 0
    assert rule(moderator, letter=letter, text="Ilse Marwick").tested == 1


def test_someone_who_does_not_see_the_name_does_not_read_which_rule_holds_it(letter: Letter, moderator: User) -> None:
    rule(moderator, letter=letter, text="Ilse Marwick")
    entrusted = signed(letter, display=Display.ORGANIZERS)
    run_sequencer()
    known = {each.pk: each for each in BlockRule.objects.all()}
    assert state_of(entrusted) == State.HELD
    assert reasons_for(entrusted, is_named=False, rules=known) == [COARSE[frozenset({Reason.BLOCK_RULE})]]


def test_only_people_who_moderate_the_site_make_a_rule_about_an_address(
    letter: Letter, moderator: User, warden: User
) -> None:
    address = read_address("ilse@posteo.de")
    with pytest.raises(Refused, match="not_yours"):
        rule(moderator, letter=letter, kind="address", address=address)
    made = rule(warden, is_of_site=True, kind="address", address=address)
    assert (made.text, made.tested, made.tested_of) == ("", None, 0)
    signature, other = signed(letter), signed(letter, "t@posteo.de", name="Tomas Berglind")
    run_sequencer()
    assert (state_of(signature), state_of(other)) == (State.HELD, State.PUBLISHED)


def test_a_network_is_that_of_a_burst_and_nothing_that_anyone_types(letter: Letter, moderator: User) -> None:
    quiet = signed(letter, "quiet@posteo.de", name="Pia Quist", network="203.0.99.0/24")
    last = several(letter, 6, **OFFICE)
    run_sequencer()
    for burst in (None, quiet):
        with pytest.raises(Refused, match="no_burst"):
            rule(moderator, letter=letter, kind="network", burst=burst)
    made = rule(moderator, letter=letter, kind="network", burst=last)
    assert (made.text, made.tested) == ("", None)
    next_one = signed(letter, "n@posteo.de", name="Nils Okker", network=OFFICE["network"], browser="safari on ios")
    elsewhere = signed(letter, "e@posteo.de", name="Emil Strand", network="203.0.98.0/24")
    run_sequencer()
    assert (state_of(next_one), state_of(elsewhere)) == (State.HELD, State.PUBLISHED)


def test_hashes_go_when_a_rule_ends_and_the_rule_a_month_later(letter: Letter, moderator: User, warden: User) -> None:
    several(letter, 6, **OFFICE)
    run_sequencer()
    burst = Signature.objects.filter(doubt__reasons__contains=[Reason.NETWORK_BURST])[0]
    late = rule(moderator, letter=letter, kind="network", burst=burst)
    ended = rule(warden, is_of_site=True, kind="address", address=read_address("ilse@posteo.de"))
    end_rule(ended, by=warden, now=NOW)
    ended.refresh_from_db()
    assert (ended.digest, ended.is_on) == (None, False)
    forget_rules(now=NOW + WEEK)
    late.refresh_from_db()
    assert (late.digest, late.is_on) == (None, False)
    forget_rules(now=NOW + WEEK + timedelta(days=29))
    assert BlockRule.objects.get() == late
    forget_rules(now=NOW + WEEK + timedelta(days=30))
    assert not BlockRule.objects.exists()


def test_nobody_reads_the_rules_of_others(
    letter: Letter, moderator: User, warden: User, stranger: User, teammate: User
) -> None:
    own = rule(moderator, letter=letter, text="Ilse Marwick")
    of_site = rule(warden, is_of_site=True, letter=letter, text="Ilse Marwick")
    assert rules_of(moderator) == [own]
    assert rules_of(warden) == [of_site]
    assert rules_of(stranger) == rules_of(teammate) == []
    for someone, other in ((moderator, of_site), (warden, own), (stranger, own), (teammate, own)):
        for change in (switch_rule, end_rule):
            more = {"on": False} if change is switch_rule else {}
            with pytest.raises(Refused, match="not_yours"):
                change(other, by=someone, now=NOW, **more)


# Making rules


def test_a_rule_needs_a_reason_and_an_end_within_a_year(letter: Letter, moderator: User) -> None:
    with pytest.raises(Refused, match="no_reason"):
        rule(moderator, letter=letter, text="Ilse", reason=" ")
    for ends_at in (NOW, NOW + timedelta(days=367)):
        with pytest.raises(Refused, match="ends_wrong"):
            rule(moderator, letter=letter, text="Ilse", ends_at=ends_at)
    several(letter, 6, **OFFICE)
    run_sequencer()
    burst = Signature.objects.filter(doubt__reasons__contains=[Reason.NETWORK_BURST])[0]
    with pytest.raises(Refused, match="ends_wrong"):
        rule(moderator, letter=letter, kind="network", burst=burst, ends_at=NOW + timedelta(days=31))


def test_a_person_makes_few_rules_a_day_and_a_place_has_a_limit(letter: Letter, moderator: User) -> None:
    for _ in range(MAX_A_DAY):
        rule(moderator, letter=letter, text="Ilse", ends_at=NOW + 9 * WEEK)
    with pytest.raises(Refused, match="too_many_rules_today"):
        rule(moderator, letter=letter, text="Ilse")
    for days in range(1, MAX_IN_FORCE // MAX_A_DAY):
        for _ in range(MAX_A_DAY):
            rule(moderator, letter=letter, text="Ilse", now=NOW + days * timedelta(days=1, hours=1))
    BlockRule.objects.update(ends_at=NOW + 9 * WEEK)
    with pytest.raises(Refused, match="too_many_rules"):
        rule(moderator, letter=letter, text="Ilse", now=NOW + WEEK)


def test_each_step_is_recorded_without_what_the_rule_is_about(letter: Letter, moderator: User) -> None:
    made = rule(moderator, letter=letter, text="Ilse Marwick")
    switch_rule(made, on=False, by=moderator, now=NOW)
    end_rule(made, by=moderator, now=NOW)
    events = AuditEvent.objects.filter(verb__contains="rule").order_by("pk")
    assert [each.verb for each in events] == ["make_rule", "switch_rule_on", "switch_rule_off", "end_rule"]
    assert {(each.actor, each.reason, each.collective) for each in events} == {(moderator, SPAM, letter.collective)}
    assert "Ilse" not in str(list(events.values()))
    with pytest.raises(Refused, match="rule_over"):
        switch_rule(made, on=True, by=moderator, now=NOW)
