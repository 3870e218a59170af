"""Bulk decisions: what was previewed is decided, in batches, and all of it can be undone."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from pytest_django import Settings

from letters.models import AuditEvent, BulkDecision, BulkTarget, Letter, Membership, ReviewDecision, Signature, User
from letters.moderator.moderation import queries
from letters.moderator.moderation.operations import (
    BulkRequest,
    accept_signatures,
    approve_bulk,
    ask_bulk,
    bulk_work,
    cancel_bulk,
    forget_criteria,
    pause_bulk,
    reject_signatures,
    restore_signatures,
    resume_bulk,
    undo_bulk,
    work_on_bulk,
)
from letters.moderator.moderation.operations.begin import Reason
from letters.moderator.moderation.tasks import decide_in_bulk
from letters.shared.refused import Refused
from letters.signer.signing.operations import withdraw_signature
from tests.people import NOW, add_confirmed, add_published, browser_of, ids_of, publish, words

pytestmark = pytest.mark.django_db

PAGE = "/moderate/night-trains/bulk/"
BURST = {"words": "signer"}


@pytest.fixture
def burst(letter: Letter, monkeypatch: pytest.MonkeyPatch) -> Letter:
    """Four published signatures and five that wait, which a worker decides about in batches of four."""
    monkeypatch.setattr(bulk_work, "BATCH_SIZE", 4)
    add_published(letter, 4)
    add_confirmed(letter, 5, state="held", concern="disposable")
    publish(NOW)
    letter.refresh_from_db()
    return letter


def ask(letter: Letter, by: User, verb: str = "reject", now: Any = NOW, **criteria: Any) -> BulkDecision:
    code = Reason.NOT_A_PERSON if verb == "reject" else Reason.NONE
    request = BulkRequest(criteria=queries.Criteria(**(criteria or BURST)), asked={"q": "signer"}, verb=verb, code=code)
    return ask_bulk(letter, request, by=by, now=now)


def work(bulk: BulkDecision, batches: int = 99) -> None:
    """Let a worker do this many batches, one minute apart, with the sequencer after each."""
    for batch in range(batches):
        is_more = work_on_bulk(bulk.pk, now=NOW + timedelta(minutes=batch + 1))
        publish(NOW)
        counts_are_right(bulk.letter)
        if not is_more:
            break
    bulk.refresh_from_db()


def counts_are_right(letter: Letter) -> None:
    letter.refresh_from_db()
    assert letter.signature_count == letter.signatures.filter(state="published").count()
    assert letter.awaiting_review == letter.signatures.filter(state="held").count()


def states(letter: Letter) -> list[str]:
    return list(letter.signatures.order_by("pk").values_list("state", flat=True))


# What the two acts leave behind: the records of them, the cache's number, and the claims of moderators.
RECORDS = {"AuditEvent", "ReviewDecision", "BulkDecision", "BulkTarget", "ReviewClaim"}


def tables() -> Mapping[str, list[str]]:
    """The content of every table, except the records of the decisions themselves."""
    content = {}
    with connection.cursor() as cursor:
        for model in apps.get_app_config("letters").get_models():
            if model.__name__ in RECORDS:
                continue
            cursor.execute(f"SELECT to_jsonb(t) - 'version' FROM {model._meta.db_table} AS t ORDER BY 1")  # noqa: S608
            content[model.__name__] = [str(row) for (row,) in cursor.fetchall()]
    return content


# Deciding and undoing


def test_a_bulk_decision_rejects_what_the_search_found_and_counts_are_right_after_each_batch(
    burst: Letter, moderator: User
) -> None:
    bulk = ask(burst, moderator)
    assert (bulk.state, bulk.chosen) == ("running", 9)
    work(bulk)
    assert (bulk.state, bulk.decided, bulk.passed_over) == ("done", 9, 0)
    assert states(burst) == ["rejected"] * 9
    assert (burst.signature_count, burst.removed_count, burst.last_number, burst.awaiting_review) == (0, 4, 4, 0)
    assert ReviewDecision.objects.filter(bulk=bulk, reason="not_a_person", decided_by=moderator).count() == 9
    assert not BulkTarget.objects.exists()


def test_a_burst_of_5000_that_was_rejected_and_restored_leaves_the_tables_as_before(
    letter: Letter, moderator: User, settings: Settings
) -> None:
    settings.BULK_DECISION_ALONE = 10_000
    for _ in range(5):
        add_published(letter, 500)
        add_confirmed(letter, 500, state="held", concern="disposable", risk=70)
    publish(NOW)
    before = tables()
    bulk = ask(letter, moderator)
    assert bulk.chosen == 5_000
    decide_in_bulk()
    publish(NOW)
    bulk.refresh_from_db()
    assert (bulk.state, bulk.decided) == ("done", 5_000)
    assert set(states(letter)) == {"rejected"}
    undo_bulk(bulk, by=moderator, now=NOW)
    decide_in_bulk()
    publish(NOW)
    bulk.refresh_from_db()
    assert (bulk.state, bulk.undone) == ("undone", 5_000)
    after = tables()
    # The ledger keeps both the removals and the restorations.
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= {"LetterHour", "Ledger", "LedgerEntry"}
    assert sum(hour.taken_out for hour in letter.hours.all()) == 0


def test_accepting_takes_those_that_wait_and_its_undo_takes_them_back(burst: Letter, moderator: User) -> None:
    bulk = ask(burst, moderator, verb="accept")
    assert bulk.chosen == 5
    work(bulk)
    assert states(burst) == ["published"] * 9
    undo_bulk(bulk, by=moderator, now=NOW)
    work(bulk)
    # They have numbers now, which readers may have seen.
    assert states(burst) == ["published"] * 4 + ["rejected"] * 5
    assert burst.signatures.filter(concern="recheck").count() == bulk.undone == 5


def test_new_words_are_never_accepted_in_bulk(burst: Letter, moderator: User) -> None:
    changed = ids_of(burst)[0]
    Signature.objects.filter(pk=changed).update(concern="changed", pending_changes={"name": "Spam"})
    work(ask(burst, moderator, verb="accept"))
    assert Signature.objects.get(pk=changed).pending_changes == {"name": "Spam"}


def test_undo_never_gives_one_signer_the_words_of_another(burst: Letter, moderator: User) -> None:
    first, second, *_ = ids_of(burst)
    Signature.objects.filter(pk__in=[first, second]).update(concern="bounced")
    Signature.objects.filter(pk=first).update(replaced_words={"name": "Old Name"})
    bulk = ask(burst, moderator, verb="accept")
    work(bulk)
    undo_bulk(bulk, by=moderator, now=NOW)
    work(bulk)
    assert Signature.objects.get(pk=second).name == "Signer 2"
    assert burst.signatures.filter(concern="bounced").count() == 2


def test_undo_leaves_alone_what_was_decided_again_or_withdrawn(burst: Letter, moderator: User, organizer: User) -> None:
    bulk = ask(burst, moderator)
    work(bulk)
    first, second, *_, last = ids_of(burst)
    restore_signatures(burst, [last], by=organizer, now=NOW)
    reject_signatures(burst, [last], reason="Seen", by=organizer, now=NOW)
    withdraw_signature(Signature.objects.get(pk=first), now=NOW)
    undo_bulk(bulk, by=organizer, now=NOW)
    work(bulk)
    assert (bulk.state, bulk.undone, bulk.undone_by) == ("undone", 7, organizer)
    assert Signature.objects.get(pk=last).state == "rejected"
    assert Signature.objects.get(pk=first).name == ""
    assert Signature.objects.get(pk=second).state == "published"


def test_what_someone_decided_meanwhile_is_passed_over(burst: Letter, moderator: User, organizer: User) -> None:
    bulk = ask(burst, moderator)
    held = ids_of(burst)[-1]
    accept_signatures(burst, [held], by=organizer, now=NOW + timedelta(seconds=1))
    work(bulk)
    assert (bulk.decided, bulk.passed_over) == (8, 1)
    assert Signature.objects.get(pk=held).state == "published"


def test_signatures_that_come_after_the_preview_are_not_decided_about(burst: Letter, moderator: User) -> None:
    bulk = ask(burst, moderator)
    add_confirmed(burst, 3, state="held")
    work(bulk)
    assert bulk.decided == 9
    assert states(burst)[-3:] == ["held"] * 3


# Pause, cancel, crash


def test_a_paused_decision_goes_on_where_it_stopped(burst: Letter, moderator: User, organizer: User) -> None:
    bulk = ask(burst, moderator)
    work(bulk, batches=1)
    pause_bulk(bulk, by=organizer, now=NOW)
    work(bulk)
    assert states(burst).count("rejected") == bulk.decided == 4
    resume_bulk(bulk, by=moderator, now=NOW)
    work(bulk)
    assert (bulk.state, bulk.decided) == ("done", 9)


def test_what_a_cancelled_decision_had_done_can_be_undone(burst: Letter, moderator: User) -> None:
    before = states(burst)
    bulk = ask(burst, moderator)
    work(bulk, batches=1)
    cancel_bulk(bulk, by=moderator, now=NOW)
    work(bulk)
    assert (bulk.state, states(burst).count("rejected")) == ("cancelled", 4)
    undo_bulk(bulk, by=moderator, now=NOW)
    work(bulk)
    assert states(burst) == before


def test_a_worker_that_dies_loses_only_its_batch_and_no_signature_is_decided_twice(
    burst: Letter, moderator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    bulk = ask(burst, moderator)
    work(bulk, batches=1)

    def die(*_args: object, **_more: object) -> None:
        raise SystemExit

    with monkeypatch.context() as crash:
        # After the decisions of the batch, before the end of its transaction.
        crash.setattr(BulkDecision, "save", die)
        with pytest.raises(SystemExit):
            work_on_bulk(bulk.pk, now=NOW + timedelta(hours=1))
    assert states(burst).count("rejected") == 4
    work(bulk)
    assert ReviewDecision.objects.filter(bulk=bulk).count() == bulk.decided == 9
    assert AuditEvent.objects.filter(verb="reject_signature").count() == 9


def test_a_person_who_lost_the_role_decides_nothing_more(burst: Letter, moderator: User) -> None:
    bulk = ask(burst, moderator)
    work(bulk, batches=1)
    Membership.objects.filter(user=moderator).delete()
    work(bulk)
    assert (bulk.state, bulk.decided) == ("cancelled", 4)
    assert not BulkTarget.objects.exists()


def test_a_letter_has_one_bulk_decision_at_a_time(burst: Letter, moderator: User, organizer: User) -> None:
    bulk = ask(burst, moderator)
    with pytest.raises(Refused, match="bulk_under_way"):
        ask(burst, organizer)
    work(bulk)
    with pytest.raises(Refused, match="nothing_chosen"):
        ask(burst, organizer)


def test_a_decision_chooses_a_bounded_number(burst: Letter, moderator: User, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("queries.bulk", "operations.bulk"):
        monkeypatch.setattr(f"letters.moderator.moderation.{module}.MAX_CHOSEN", 8)
    with pytest.raises(Refused, match="too_many_chosen"):
        ask(burst, moderator)
    assert not BulkDecision.objects.exists()


# The second person


def test_a_large_number_waits_for_a_second_person(
    burst: Letter, moderator: User, organizer: User, settings: Settings
) -> None:
    settings.BULK_DECISION_ALONE = 8
    bulk = ask(burst, moderator)
    work(bulk)
    assert (bulk.state, states(burst).count("rejected")) == ("asked", 0)
    with pytest.raises(Refused, match="second_person"):
        approve_bulk(bulk, by=moderator, now=NOW)
    approve_bulk(bulk, by=organizer, now=NOW)
    work(bulk)
    assert (bulk.state, bulk.approved_by, bulk.decided) == ("done", organizer, 9)
    verbs = AuditEvent.objects.filter(object_kind="letter", verb__endswith="bulk_decision").order_by("pk")
    assert list(verbs.values_list("verb", "actor")) == [
        ("ask_bulk_decision", moderator.pk),
        ("approve_bulk_decision", organizer.pk),
    ]


def test_several_small_decisions_of_one_person_count_together(
    burst: Letter, moderator: User, organizer: User, settings: Settings
) -> None:
    settings.BULK_DECISION_ALONE = 8
    work(ask(burst, moderator, state="published"))
    later = {"state": "waiting"}
    assert ask(burst, moderator, **later).state == "asked"
    BulkDecision.objects.filter(state="asked").delete()
    assert ask(burst, moderator, now=NOW + timedelta(days=1, seconds=1), **later).state == "running"


@pytest.mark.parametrize("who", ["teammate", "stranger"])
def test_only_moderators_of_the_letter_ask_approve_and_undo(
    burst: Letter, moderator: User, who: str, request: pytest.FixtureRequest
) -> None:
    person: User = request.getfixturevalue(who)
    with pytest.raises(Refused, match="not_yours"):
        ask(burst, person)
    bulk = ask(burst, moderator)
    for step in (approve_bulk, pause_bulk, resume_bulk, cancel_bulk, undo_bulk):
        with pytest.raises(Refused, match="not_yours"):
            step(bulk, by=person, now=NOW)
    for page in (PAGE, f"{PAGE}{bulk.pk}/"):
        assert browser_of(person).get(page).status_code == 404


def test_a_decision_about_another_letter_is_not_found(burst: Letter, moderator: User, published: Any) -> None:
    published("another")
    bulk = ask(burst, moderator)
    assert browser_of(moderator).get(f"/moderate/another/bulk/{bulk.pk}/").status_code == 404


# Privacy


def test_no_bulk_decision_by_name_or_time_reaches_a_signer_without_a_name(burst: Letter, moderator: User) -> None:
    hidden = ids_of(burst)[-1]
    Signature.objects.filter(pk=hidden).update(display="nobody", name="")
    bulk = ask(burst, moderator, since=NOW - timedelta(days=1))
    work(bulk)
    assert bulk.chosen == 8
    assert Signature.objects.get(pk=hidden).state == "held"


def test_what_was_searched_for_is_deleted_after_a_month(burst: Letter, moderator: User) -> None:
    bulk = ask(burst, moderator)
    assert forget_criteria(now=NOW + timedelta(days=400)) == 0
    work(bulk)
    assert bulk.ended_at
    assert forget_criteria(now=bulk.ended_at + timedelta(days=29)) == 0
    assert forget_criteria(now=bulk.ended_at + timedelta(days=30)) == 1
    bulk.refresh_from_db()
    assert bulk.criteria == {}


# The pages


@pytest.fixture
def desk(moderator: User) -> Client:
    return browser_of(moderator)


def test_the_preview_tells_the_number_and_shows_a_sample(burst: Letter, desk: Client) -> None:
    found = desk.get("/moderate/search/", {"letter": "night-trains", "q": "signer"})
    assert f"{PAGE}?letter=night-trains&amp;q=signer" in found.content.decode()
    page = words(desk.get(PAGE, {"q": "signer"}))
    assert "9 signatures would be rejected." in page
    assert "5 of those that are waiting could be accepted instead." in page
    assert page.count("Signer ") == 9
    assert "This leaves out signatures whose name you cannot see." in page


def test_a_moderator_decides_follows_and_undoes_without_a_script(burst: Letter, desk: Client) -> None:
    answer = desk.post(f"{PAGE}?q=signer", {"verb": "reject", "code": "not_a_person"})
    bulk = BulkDecision.objects.get()
    assert answer.headers["Location"] == f"{PAGE}{bulk.pk}/"
    assert "Under way" in words(desk.get(f"{PAGE}{bulk.pk}/"))
    work(bulk)
    page = words(desk.get(f"{PAGE}{bulk.pk}/"))
    for part in ("Reject 9 signatures", "Finished", "Name or affiliation signer", "Not a person", "Undo all of it"):
        assert part in page
    desk.post(f"{PAGE}{bulk.pk}/", {"action": "undo"})
    work(bulk)
    assert "Undone" in words(desk.get(f"{PAGE}{bulk.pk}/"))
    assert "Reject 9 signatures" in words(desk.get(PAGE))


def test_the_first_person_reads_that_another_must_approve(
    burst: Letter, desk: Client, organizer: User, settings: Settings
) -> None:
    settings.BULK_DECISION_ALONE = 3
    assert "another moderator must approve" in words(desk.get(PAGE, {"q": "signer"}))
    url = desk.post(f"{PAGE}?q=signer", {"verb": "reject", "code": "twice"}).headers["Location"]
    assert "Nothing happens until another moderator approves it." in words(desk.get(url))
    assert 'value="approve"' not in desk.get(url).content.decode()
    other = browser_of(organizer)
    assert "Under way" in words(other.post(url, {"action": "approve"}, follow=True))
    late = words(other.post(url, {"action": "approve"}, follow=True))
    assert "Someone else changed this bulk decision" in late


def test_another_moderator_finds_what_waits_for_them_in_the_queue(
    burst: Letter, desk: Client, moderator: User, organizer: User, settings: Settings
) -> None:
    settings.BULK_DECISION_ALONE = 3
    bulk = ask(burst, moderator)
    link = f"{PAGE}{bulk.pk}/"
    assert link in browser_of(organizer).get("/moderate/").content.decode()
    approve_bulk(bulk, by=organizer, now=NOW)
    assert link not in browser_of(organizer).get("/moderate/").content.decode()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Select what to do."),
        ({"verb": "burn"}, "Select what to do."),
        ({"verb": "reject"}, "Enter a reason, so that other moderators understand your decision."),
        ({"verb": "reject", "code": "other"}, "Enter a reason, so that other moderators understand your decision."),
        ({"verb": "reject", "code": "twice", "note": "x" * 501}, "500"),
    ],
)
def test_a_wrong_form_gets_a_sentence(burst: Letter, desk: Client, fields: dict[str, str], sentence: str) -> None:
    page = desk.post(f"{PAGE}?q=signer", fields)
    assert page.status_code == 422
    assert sentence in words(page)
    assert not BulkDecision.objects.exists()


def test_wrong_criteria_get_a_sentence_and_choose_nothing(burst: Letter, desk: Client) -> None:
    page = desk.post(f"{PAGE}?since=yesterday", {"verb": "reject", "code": "twice"})
    assert page.status_code == 422
    assert "Enter a date and time" in words(page)
    assert not BulkDecision.objects.exists()


def test_no_page_of_a_bulk_decision_shows_an_address_or_the_name_of_a_person_of_the_site(
    burst: Letter, desk: Client, settings: Settings
) -> None:
    settings.BULK_DECISION_ALONE = 3
    warden = User.objects.create_user("wanda@example.org", name="Wanda", moderates_site=True)
    bulk = ask(burst, warden)
    page = words(desk.get(f"{PAGE}{bulk.pk}/"))
    assert "A person who moderates the site" in page
    assert "Wanda" not in page
    assert "wanda@" not in page


def test_owners_read_each_step_of_a_bulk_decision_in_their_record(
    burst: Letter, moderator: User, organizer: User, settings: Settings
) -> None:
    settings.BULK_DECISION_ALONE = 3
    bulk = ask(burst, moderator)
    approve_bulk(bulk, by=organizer, now=NOW)
    pause_bulk(bulk, by=organizer, now=NOW)
    resume_bulk(bulk, by=organizer, now=NOW)
    cancel_bulk(bulk, by=organizer, now=NOW)
    undo_bulk(bulk, by=organizer, now=NOW)
    page = words(browser_of(organizer).get("/organize/collectives/night-train/record/"))
    for done in ("asked for", "approved", "paused", "resumed", "cancelled", "undid"):
        assert f"{done} a bulk decision about signatures of" in page
