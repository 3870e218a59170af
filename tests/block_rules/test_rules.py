"""Rules hold and allow what they say, tell nobody who signed, and end."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from letters.models import AuditEvent, BlockRule, Display, Doubt, HoldFrom, Letter, ReviewClaim, Signature, State, User
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
from letters.moderator.reports.operations import report_signature
from letters.moderator.signals.reasons import SIGNALS, Reason
from letters.shared.addresses import read_address
from letters.shared.refused import Refused
from letters.signer.signing.operations import Changes, change_signature, confirm_signature, disown_signature
from tests.conftest import LetterMaker
from tests.live_signals.conftest import _shares_are_counted_afresh, run_sequencer
from tests.live_signals.test_reasons import LATER, OFFICE, several, typed
from tests.people import NOW, browser_of, signature_of, submit, unheard_of, words

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


def test_one_person_with_ten_letters_is_one_of_the_ten(published: LetterMaker, moderator: User) -> None:
    before, after = (
        [published(f"before{place}") for place in range(5)],
        [published(f"after{place}") for place in range(9)],
    )
    for letter in before:
        signed(letter, "ilse@firm.example")
    run_sequencer()
    made = rule(moderator, collective=before[0].collective, kind="domain", text="firm.example")
    assert made.tested == 1
    for letter in after:
        signed(letter, "ilse@firm.example")
        run_sequencer()
    made.refresh_from_db()
    assert (made.hits, Signature.objects.filter(state=State.HELD).count()) == (0, 0)


def test_a_signature_that_waits_and_is_changed_again_and_again_does_not_count(
    published: LetterMaker, moderator: User
) -> None:
    letter = published(reviewed=True)
    made = rule(moderator, letter=letter, kind="domain", text="firm.example")
    signature = signed(letter, "ilse@firm.example")
    for _ in range(10):
        Signature.objects.update(to_score=True)
        run_sequencer()
    made.refresh_from_db()
    assert (made.hits, Doubt.objects.filter(pk=signature.pk, reasons__contains=[Reason.BLOCK_RULE]).exists()) == (
        0,
        False,
    )


def test_a_report_tells_neither_a_rule_nor_an_older_doubt(letter: Letter, moderator: User) -> None:
    """Otherwise anyone could ask, name by name, which published signer has an address at a domain."""
    crowd(letter, 11)
    firm = signed(letter, "nils@firm.example", name="Nils Okker", affiliation="Museum of Hamburg")
    private = signed(letter, "nora@posteo.de", name="Nora Vance", affiliation="Museum of Hamburg")
    run_sequencer()
    rule(moderator, letter=letter, kind="domain", text="firm.example")
    for each in (firm, private):
        each.refresh_from_db()
        report_signature(letter, number=each.number or 0, reason="twice", now=NOW)
        assert not Doubt.objects.filter(pk=each.pk).exists()
    run_sequencer()
    told = [
        (state_of(each), each.concern, each.risk, Doubt.objects.get(pk=each.pk).reasons) for each in (firm, private)
    ]
    assert told == [(State.PUBLISHED, "reported", SIGNALS[Reason.REPORTED].weight, [Reason.REPORTED])] * 2


def test_a_burst_after_a_report_tells_nothing_about_the_signature(letter: Letter) -> None:
    office = signed(letter, "nils@posteo.de", name="Nils Okker", **OFFICE)
    run_sequencer()
    office.refresh_from_db()
    report_signature(letter, number=office.number or 0, reason="twice", now=NOW)
    run_sequencer()
    several(letter, 8, **OFFICE)
    disown_signature(typed(letter, "victim@posteo.de"), now=NOW)
    for _ in range(3):
        run_sequencer()
    assert Doubt.objects.get(pk=office.pk).reasons == [Reason.REPORTED]


def test_a_rule_about_a_name_brings_a_published_name_that_changed_into_the_queue(
    letter: Letter, moderator: User
) -> None:
    rule(moderator, letter=letter, text="Il* Marwick")
    signature = signed(letter, name="Nils Okker")
    run_sequencer()
    change_signature(signature, changes=Changes(display="public", name="Ilse Marwick"), now=NOW)
    run_sequencer()
    assert (state_of(signature), signature.concern) == (State.PUBLISHED, "doubtful")


def test_a_moderator_reads_no_reason_of_a_rule_that_others_made(letter: Letter, moderator: User, warden: User) -> None:
    rule(warden, is_of_site=True, text="Ilse Marwick", reason="known to the site")
    rule(moderator, letter=letter, text="Tomas Berglind", reason="known to us")
    signed(letter)
    signed(letter, "t@posteo.de", name="Tomas Berglind")
    run_sequencer()
    seen = []
    for person in (moderator, warden):
        ReviewClaim.objects.all().delete()
        page = words(browser_of(person).get("/moderate/"))
        seen.append(("known to the site" in page, "known to us" in page, page.count("A rule made by moderators holds")))
    assert seen == [(False, True, 1), (True, False, 1)]


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


def test_a_network_is_that_of_a_burst_and_nothing_that_anyone_types(letter: Letter, warden: User) -> None:
    quiet = signed(letter, "quiet@posteo.de", name="Pia Quist", network="203.0.99.0/24")
    last = several(letter, 6, **OFFICE)
    run_sequencer()
    for burst in (None, quiet):
        with pytest.raises(Refused, match="no_burst"):
            rule(warden, letter=letter, is_of_site=True, kind="network", burst=burst)
    made = rule(warden, letter=letter, is_of_site=True, kind="network", burst=last)
    assert (made.text, made.tested) == ("", None)


def test_only_people_who_moderate_the_site_make_a_rule_about_a_network(letter: Letter, moderator: User) -> None:
    last = several(letter, 6, **OFFICE)
    run_sequencer()
    with pytest.raises(Refused, match="not_yours"):
        rule(moderator, letter=letter, kind="network", burst=last)


def test_a_rule_about_a_network_holds_the_tenth_with_the_same_browser_and_is_told_to_nobody(
    letter: Letter, moderator: User, warden: User
) -> None:
    """Otherwise an employer could sign from the office, and read person by person who else signs there."""
    last = several(letter, 6, **OFFICE)
    run_sequencer()
    Letter.objects.update(hold_from=HoldFrom.NEVER)
    made = rule(warden, letter=letter, is_of_site=True, kind="network", burst=last)
    colleagues = [
        signed(letter, f"{unheard_of()}@posteo.de", name=unheard_of("Ada ").title(), **OFFICE) for _ in range(9)
    ]
    on_a_phone = signed(letter, "n@posteo.de", name="Nils Okker", network=OFFICE["network"], browser="safari on ios")
    run_sequencer()
    made.refresh_from_db()
    assert (held(colleagues), state_of(on_a_phone), made.hits) == (0, State.PUBLISHED, 9)
    tenth = signed(letter, "t@posteo.de", name="Tomas Berglind", **OFFICE)
    run_sequencer()
    assert state_of(tenth) == State.HELD
    for person in (moderator, warden):
        ReviewClaim.objects.all().delete()
        page = words(browser_of(person).get("/moderate/"))
        assert ("A rule made by moderators holds" in page, SPAM in page, "Rule:" in page) == (True, False, False)


def test_hashes_go_when_a_rule_ends_and_the_rule_a_month_later(letter: Letter, warden: User) -> None:
    several(letter, 6, **OFFICE)
    run_sequencer()
    burst = Signature.objects.filter(doubt__reasons__contains=[Reason.NETWORK_BURST])[0]
    late = rule(warden, letter=letter, is_of_site=True, kind="network", burst=burst)
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


def test_a_rule_needs_a_reason_and_an_end_within_a_year(letter: Letter, moderator: User, warden: User) -> None:
    with pytest.raises(Refused, match="no_reason"):
        rule(moderator, letter=letter, text="Ilse", reason=" ")
    for ends_at in (NOW, NOW + timedelta(days=367)):
        with pytest.raises(Refused, match="ends_wrong"):
            rule(moderator, letter=letter, text="Ilse", ends_at=ends_at)
    several(letter, 6, **OFFICE)
    run_sequencer()
    burst = Signature.objects.filter(doubt__reasons__contains=[Reason.NETWORK_BURST])[0]
    with pytest.raises(Refused, match="ends_wrong"):
        rule(warden, letter=letter, is_of_site=True, kind="network", burst=burst, ends_at=NOW + timedelta(days=31))


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
