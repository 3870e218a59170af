"""A doubtful signature waits for a moderator before it is counted, and never longer than its letter wants."""

from datetime import datetime, timedelta

import pytest

from letters.models import CONFIRMED, Doubt, HoldFrom, Letter, Signature, SigningTrace, State, Submission, Switch, User
from letters.moderator.live_signals import operations
from letters.moderator.moderation.operations import accept_signatures, undo_decision
from letters.moderator.moderation.pages import COARSE, reasons_for
from letters.moderator.reports.operations import report_signature
from letters.moderator.signals.reasons import HOLD_FROM, Reason
from letters.moderator.signals.scoring import Facts, Verdict, score
from letters.moderator.signals.word_lists import Lists
from letters.public.public_pages.behind import letters_behind
from letters.public.public_pages.operations import sequence_letter
from letters.shared.traces import browser_type, hash_browser, hash_domain, hash_network
from letters.signer.signing.operations import (
    Changes,
    change_signature,
    confirm_signature,
    disown_signature,
    forget_traces,
    purge_unconfirmed,
    withdraw_signature,
)
from tests.conftest import LetterMaker
from tests.live_signals.conftest import run_sequencer
from tests.live_signals.test_reasons import OFFICE, several, signed, typed
from tests.people import NOW, Reader, Signer, add_confirmed, publish, signature_of, submit, turn

pytestmark = pytest.mark.django_db

SPAM = "Buy at http://spam.example now"
WEEK = timedelta(days=7)


def state_of(signature: Signature) -> str:
    signature.refresh_from_db()
    return signature.state


def reasons_of(signature: Signature) -> set[str]:
    doubt = Doubt.objects.filter(pk=signature.pk).first()
    return set(doubt.reasons) if doubt else set()


# Holding


def test_a_doubtful_signature_is_held_before_it_is_numbered_or_counted(letter: Letter, reader: Reader) -> None:
    honest, spam, late = (
        signed(letter),
        signed(letter, "spam@posteo.de", name=SPAM),
        signed(letter, "l@posteo.de", name="Pia Lorentz"),
    )
    run_sequencer()
    assert [state_of(each) for each in (honest, spam, late)] == [State.PUBLISHED, State.HELD, State.PUBLISHED]
    assert (honest.number, spam.number, late.number) == (1, None, 2)
    letter.refresh_from_db()
    assert (letter.signature_count, letter.last_number, letter.awaiting_review) == (2, 2, 1)
    assert "spam.example" not in reader.read(letter)


def test_an_accepted_signature_is_published_and_not_held_again(letter: Letter, moderator: User) -> None:
    spam = signed(letter, name=SPAM)
    run_sequencer()
    accept_signatures(letter, [spam.pk], by=moderator, now=NOW)
    run_sequencer()
    assert state_of(spam) == State.PUBLISHED
    Signature.objects.update(to_score=True)
    run_sequencer()
    assert (state_of(spam), spam.concern) == (State.PUBLISHED, "")
    undo_decision(spam.decisions.get(), by=moderator, now=NOW)
    run_sequencer()
    letter.refresh_from_db()
    assert letter.signature_count == 0


def test_a_signal_never_rejects(letter: Letter) -> None:
    worst = {
        "name": "Gr\u0435ta Thunb\u0435rg fuck http://spam.example 1",
        "comment": "fuck casino viagra +49 170 1234567",
    }
    signature = signed(letter, "x@mailinator.com", concern="unproven", **worst)
    run_sequencer()
    assert (state_of(signature), signature.risk) == (State.HELD, 100)


def test_ordinary_signatures_never_enter_the_queue_and_leave_no_reason(letter: Letter) -> None:
    several(letter, 4, **OFFICE, affiliation="University of Bremen")
    run_sequencer()
    assert {*letter.signatures.values_list("state", "concern")} == {(State.PUBLISHED, "")}
    assert not Doubt.objects.exists()
    assert letters_behind(now=NOW) == []


@pytest.mark.parametrize(
    ("hold_from", "held"), [(HoldFrom.SOME, 3), (HoldFrom.CLEAR, 2), (HoldFrom.STRONG, 1), (HoldFrom.NEVER, 0)]
)
def test_each_letter_has_its_own_threshold(published: LetterMaker, hold_from: int, held: int) -> None:
    letter = published(hold_from=hold_from)
    signed(letter, "a@posteo.de", name="Gr\u0435ta Thunb\u0435rg")
    signed(letter, "b@posteo.de", name=SPAM)
    signed(letter, "c@posteo.de", name="Ilse M\u0430rwick")
    signed(letter, "d@posteo.de", name="Tomas Berglind")
    run_sequencer()
    letter.refresh_from_db()
    assert (letter.awaiting_review, letter.signature_count) == (held, 4 - held)


def test_the_usual_threshold_is_the_one_that_was_evaluated() -> None:
    assert HoldFrom.CLEAR == HOLD_FROM


def test_first_signatories_are_scored_and_not_held(letter: Letter) -> None:
    add_confirmed(letter, 1, is_first=True, to_score=True)
    Signature.objects.update(name="Greta Thunberg")
    run_sequencer()
    first = Signature.objects.get()
    assert (first.state, first.risk > HOLD_FROM) == (State.PUBLISHED, True)


def test_one_signature_that_cannot_be_scored_waits_and_stops_no_other(
    letter: Letter, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def crash(facts: Facts, lists: Lists) -> Verdict:
        if facts.name == "Ilse Marwick":
            raise RuntimeError(facts.name[:0])
        return score(facts, lists)

    monkeypatch.setattr(operations, "score", crash)
    poison, other = signed(letter), signed(letter, "t@posteo.de", name="Tomas Berglind")
    run_sequencer()
    assert (state_of(poison), state_of(other)) == (State.HELD, State.PUBLISHED)
    assert "Ilse" not in caplog.text


def test_nothing_is_numbered_that_was_not_scored(letter: Letter) -> None:
    """A signature that is confirmed while a batch is scored waits for the next."""
    sequenced = signed(letter)

    def scores_nothing(letter: Letter, *, now: datetime) -> bool:
        return False

    sequence_letter(letter.pk, now=NOW, score=scores_nothing)
    assert state_of(sequenced) == State.CONFIRMED
    assert letters_behind(now=NOW) == [letter.pk]


def test_colleagues_are_not_crowded_where_nobody_can_name_an_affiliation(published: LetterMaker) -> None:
    letter = published(reviewed=True, ask_affiliation="off")
    last = several(letter, 9, at="company.example")
    run_sequencer()
    assert reasons_of(last) == set()


def test_a_letter_that_is_limited_to_domains_expects_many_from_there(published: LetterMaker) -> None:
    letter = published(reviewed=True, domains=["unibo.it"])
    last = several(letter, 9, at="cs.unibo.it", affiliation="Department of Wonders")
    run_sequencer()
    assert reasons_of(last) == set()


# What happens later


def test_the_first_of_a_burst_come_into_the_queue_once_it_is_known(letter: Letter) -> None:
    early = several(letter, 3, **OFFICE)
    run_sequencer()
    assert state_of(early) == State.PUBLISHED
    several(letter, 12, **OFFICE)
    run_sequencer()
    assert (state_of(early), early.concern) == (State.PUBLISHED, Signature.Concern.DOUBTFUL)
    assert Reason.NETWORK_SERIES in reasons_of(early)
    letter.refresh_from_db()
    assert letter.signature_count == letter.signatures.filter(state=State.PUBLISHED).count() == 3


def test_words_that_wait_for_a_moderator_are_scored(reviewed: Letter, moderator: User) -> None:
    signature = signed(reviewed)
    run_sequencer()
    accept_signatures(reviewed, [signature.pk], by=moderator, now=NOW)
    run_sequencer()
    change_signature(signature, changes=Changes(display="public", name=SPAM), now=NOW)
    run_sequencer()
    signature.refresh_from_db()
    assert signature.pending_changes
    assert Reason.LINK_IN_NAME in reasons_of(signature)


def test_new_words_are_scored_again(letter: Letter) -> None:
    signature = signed(letter)
    run_sequencer()
    assert state_of(signature) == State.PUBLISHED
    change_signature(signature, changes=Changes(display="public", name="Gr\u0435ta Thunb\u0435rg"), now=NOW)
    run_sequencer()
    assert (state_of(signature), signature.concern) == (State.PUBLISHED, Signature.Concern.DOUBTFUL)
    assert Reason.DISGUISED_NAME in reasons_of(signature)


def test_it_was_not_me_scores_the_others_of_that_network_again(letter: Letter) -> None:
    signature = signed(letter, **OFFICE, name="Ilse Marwick 77")
    run_sequencer()
    assert state_of(signature) == State.PUBLISHED
    disown_signature(typed(letter, "victim@posteo.de"), now=NOW)
    run_sequencer()
    assert (state_of(signature), signature.concern) == (State.PUBLISHED, Signature.Concern.DOUBTFUL)


def test_a_network_has_no_influence_on_other_letters(letter: Letter, published: LetterMaker) -> None:
    several(published("other"), 12, **OFFICE)
    signature = signed(letter, **OFFICE)
    run_sequencer()
    assert reasons_of(signature) == set()


# Signers without a name


def test_a_signer_without_a_name_leaves_no_trace_and_is_in_no_burst(reviewed: Letter) -> None:
    for place in range(12):
        nobody = signed(reviewed, f"n{place}@catchall.example", display="nobody", name="", **OFFICE)
    run_sequencer()
    assert not SigningTrace.objects.exists()
    assert reasons_of(nobody) == set()
    Doubt.objects.create(signature=nobody, reasons=[Reason.FAST], scored_at=NOW)
    nobody = Signature.objects.select_related("doubt").get(pk=nobody.pk)
    (sentence,) = reasons_for(nobody, is_named=False)
    assert sentence in COARSE.values()


def test_a_flood_from_an_office_tells_nothing_of_who_signed_there_without_a_name(letter: Letter) -> None:
    office = signed(letter, "nils@posteo.de", name="", display="nobody", **OFFICE)
    home = signed(letter, "nora@posteo.de", name="", display="nobody", network="198.51.9.0/24", browser="safari on ios")
    run_sequencer()
    # A trace from before traces of such signers were left out.
    SigningTrace.objects.create(
        signature=office,
        letter=letter,
        at=NOW,
        network=hash_network(letter.pk, OFFICE["network"]),
        browser=hash_browser(OFFICE["browser"]),
    )
    flood = several(letter, 6, **OFFICE)
    for _ in range(2):
        run_sequencer()
    assert Reason.NETWORK_BURST in reasons_of(flood)
    for each in (office, home):
        report_signature(letter, number=each.number or 0, reason="twice", now=NOW)
    Signature.objects.update(to_score=True)
    run_sequencer()
    assert (state_of(office), office.concern, office.risk) == (state_of(home), home.concern, home.risk)
    assert reasons_of(office) == reasons_of(home)


def test_choosing_to_show_no_name_deletes_what_was_known(reviewed: Letter) -> None:
    signature = signed(reviewed, "i@marwick.example", name=SPAM, affiliation="Elsewhere")
    run_sequencer()
    assert SigningTrace.objects.get().domain
    change_signature(signature, changes=Changes(display="nobody"), now=NOW)
    run_sequencer()
    assert not SigningTrace.objects.exists()
    assert reasons_of(signature) == set()


def test_a_hidden_name_is_never_compared(reviewed: Letter) -> None:
    """Otherwise someone could sign with a name, and see whether a person who hides it has signed."""
    signed(reviewed, "ada@posteo.de", display="organizers")
    run_sequencer()
    spy = signed(reviewed, "spy@posteo.de")
    run_sequencer()
    assert Reason.SAME_NAME not in reasons_of(spy)


# What is stored, and for how long


def test_only_keyed_hashes_are_stored(letter: Letter, signer: Signer) -> None:
    signer.client.defaults["REMOTE_ADDR"] = "203.0.113.77"
    signer.client.defaults["HTTP_USER_AGENT"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    assert signer.sign(letter).status_code == 303
    typed = Submission.objects.get()
    assert bytes(typed.network or b"") == hash_network(letter.pk, "203.0.113.0/24")
    assert bytes(typed.browser or b"") == hash_browser("firefox on linux")
    signer.confirm()
    trace = SigningTrace.objects.get()
    assert (bytes(trace.network or b""), bytes(trace.browser or b"")) == (
        bytes(typed.network or b""),
        bytes(typed.browser or b""),
    )
    assert not Submission.objects.exists()


def test_hashes_differ_by_letter_by_kind_and_by_key(settings: pytest.FixtureRequest) -> None:
    one = hash_network(1, "203.0.113.0/24")
    assert one != hash_network(2, "203.0.113.0/24")
    assert one != hash_domain(1, "203.0.113.0/24")
    settings.ADDRESS_HASH_KEY = "another key"  # type: ignore[attr-defined]
    assert one != hash_network(1, "203.0.113.0/24")


@pytest.mark.parametrize("network", ["", "nowhere", "127.0.0.0/24", "::/48"])
def test_the_site_itself_is_no_network(network: str) -> None:
    assert hash_network(1, network) is None


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "edge on windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "safari on ios"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "chrome on android"),
        ("", "other on other"),
        ("curl/8.0", "other on other"),
    ],
)
def test_a_type_of_browser_is_coarse(header: str, kind: str) -> None:
    assert browser_type(header) == kind


def test_traces_are_deleted_after_a_week_and_reasons_when_nobody_needs_them(letter: Letter) -> None:
    waiting, published = (
        signed(letter, **OFFICE, name=SPAM),
        signed(letter, "p@posteo.de", name="Pia Lorentz 7", **OFFICE),
    )
    later = typed(letter, "later@posteo.de")
    run_sequencer()
    forget_traces(now=NOW + WEEK - timedelta(minutes=1))
    assert SigningTrace.objects.count() == 2
    forget_traces(now=NOW + WEEK + timedelta(minutes=2))
    assert not SigningTrace.objects.exists()
    assert [*Submission.objects.filter(signature=later).values_list("network", "browser")] == [(None, None)]
    assert (reasons_of(waiting), reasons_of(published)) == ({Reason.LINK_IN_NAME}, set())


@pytest.mark.parametrize("leave", [withdraw_signature, disown_signature])
@pytest.mark.parametrize("name", ["Ilse Marwick", SPAM])
def test_nothing_stays_of_a_signer_who_leaves(letter: Letter, leave: object, name: str) -> None:
    signature = signed(letter, name=name, **OFFICE)
    run_sequencer()
    leave(signature, now=NOW)  # type: ignore[operator]
    run_sequencer()
    signature.refresh_from_db()
    assert (signature.risk, signature.to_score) == (0, False)
    assert not SigningTrace.objects.filter(signature=signature).exists()
    assert not Doubt.objects.exists()
    # After "It wasn't me", only the stranger's network stays, and nothing says whose address it was.
    strangers = SigningTrace.objects.filter(signature=None)
    assert strangers.count() == (leave is disown_signature)
    forget_traces(now=NOW + WEEK)
    assert not strangers.exists()


def test_a_signature_that_nobody_confirmed_leaves_no_trace(letter: Letter) -> None:
    typed(letter)
    purge_unconfirmed(now=NOW + timedelta(days=15))
    assert not Signature.objects.exists()
    assert not SigningTrace.objects.exists()


def test_a_confirmation_after_a_week_leaves_no_trace(letter: Letter) -> None:
    submission = submit(letter, **OFFICE)
    confirm_signature(signature_of(letter), verified="link", now=NOW + WEEK, submission_id=submission)
    assert not SigningTrace.objects.exists()


def test_while_publishing_is_off_nothing_is_numbered_and_the_queue_is_in_order(letter: Letter) -> None:
    turn(Switch.Name.PUBLISH, on=False)
    spam, honest = signed(letter, name=SPAM), signed(letter, "h@posteo.de", name="Pia Lorentz")
    run_sequencer()
    assert (state_of(spam), state_of(honest)) == (State.HELD, State.CONFIRMED)
    assert not letter.signatures.filter(state__in=CONFIRMED, to_score=True).exists()


def test_without_a_scorer_everything_is_numbered(letter: Letter) -> None:
    signature = signed(letter)
    publish()
    assert (state_of(signature), signature.to_score) == (State.PUBLISHED, False)
