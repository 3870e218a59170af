"""The sequencer gives numbers in order without gaps, and updates the count with them, whatever happens at the same
time.
"""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction
from pytest_django import DjangoAssertNumQueries

from letters.models import Letter, Signature
from letters.public.public_pages import behind, operations
from letters.public.public_pages.behind import letters_behind
from letters.public.public_pages.operations import sequence_letter
from letters.public.public_pages.tasks import recount_letters, sweep
from letters.signer.signing.operations import confirm_signature, withdraw_signature
from tests.conftest import LetterMaker
from tests.moderation.test_search import signature_scans
from tests.people import NOW, add_confirmed, add_published, in_threads, publish, sign, sign_and_confirm

LINK = Signature.Verified.LINK


def numbers(letter: Letter) -> list[int | None]:
    return list(letter.signatures.filter(number__isnull=False).order_by("number").values_list("number", flat=True))


def counters(letter: Letter) -> dict[str, int]:
    letter.refresh_from_db()
    fields = ["signature_count", "awaiting_confirmation", "awaiting_review", "withdrawn_count", "removed_count"]
    return {name: value for name in fields if (value := getattr(letter, name))}


def in_another_thread(work: Callable[[], Any]) -> Any:
    """Run it over another connection, and wait for it."""
    return in_threads(lambda _: work(), [0], threads=1)[0]


# Order


def test_numbers_follow_the_moments_of_confirmation(letter: Letter) -> None:
    for minutes, name in [(3, "third"), (1, "first"), (2, "second")]:
        sign_and_confirm(letter, f"{name}@example.org", name=name, now=NOW + timedelta(minutes=minutes))
    publish()
    assert list(letter.signatures.order_by("number").values_list("number", "name")) == [
        (1, "first"),
        (2, "second"),
        (3, "third"),
    ]


def test_signatures_confirmed_at_the_same_moment_are_numbered_in_the_order_of_signing(letter: Letter) -> None:
    for name in ("a", "b", "c"):
        sign_and_confirm(letter, f"{name}@example.org", name=name)
    publish()
    assert list(letter.signatures.order_by("number").values_list("name", flat=True)) == ["a", "b", "c"]


def test_a_number_never_changes(letter: Letter) -> None:
    add_published(letter, 3)
    Signature.objects.filter(number=2).update(state="confirmed", number=None, counted=False, published_at=None)
    Letter.objects.update(signature_count=2, removed_count=1)
    publish()
    assert numbers(letter) == [1, 3, 4]


def test_each_letter_has_its_own_numbers(letter: Letter, published: LetterMaker) -> None:
    other = published(slug="sleeping-cars")
    add_confirmed(letter, 2)
    sign_and_confirm(other, "ada@example.org")
    publish()
    assert (numbers(letter), numbers(other)) == ([1, 2], [1])


def test_more_than_one_batch_is_numbered_in_one_run(letter: Letter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "MAX_BATCH_SIZE", 10)
    add_confirmed(letter, 25)
    publish()
    assert numbers(letter) == list(range(1, 26))
    assert counters(letter) == {"signature_count": 25}


# The count


def test_the_count_follows_the_states(letter: Letter) -> None:
    for name in ("a", "b", "c"):
        sign(letter, f"{name}@example.org")
    publish()
    assert counters(letter) == {"awaiting_confirmation": 3}
    first, second, _ = Signature.objects.order_by("pk")
    confirm_signature(first, verified=LINK, now=NOW)
    confirm_signature(second, verified=LINK, now=NOW)
    publish()
    assert counters(letter) == {"signature_count": 2, "awaiting_confirmation": 1}
    withdraw_signature(first, now=NOW)
    publish()
    assert counters(letter) == {"signature_count": 1, "awaiting_confirmation": 1, "withdrawn_count": 1}
    Signature.objects.filter(pk=second.pk).update(state="rejected")
    publish()
    assert counters(letter) == {"awaiting_confirmation": 1, "withdrawn_count": 1, "removed_count": 1}


def test_a_withdrawn_number_is_not_given_again(letter: Letter) -> None:
    add_published(letter, 3)
    withdraw_signature(Signature.objects.get(number=3), now=NOW)
    publish()
    sign_and_confirm(letter, "ada@example.org")
    publish()
    assert numbers(letter) == [1, 2, 3, 4]
    assert counters(letter) == {"signature_count": 3, "withdrawn_count": 1}


def test_a_signature_withdrawn_before_its_number_is_never_counted(letter: Letter) -> None:
    withdraw_signature(sign_and_confirm(letter, "a@example.org"), now=NOW)
    sign_and_confirm(letter, "b@example.org")
    publish()
    assert numbers(letter) == [1]
    assert counters(letter) == {"signature_count": 1}


def test_a_reviewed_letter_numbers_nobody_before_a_moderator_accepts(published: LetterMaker) -> None:
    letter = published(reviewed=True)
    signature = sign_and_confirm(letter)
    publish()
    assert counters(letter) == {"awaiting_review": 1}
    Signature.objects.filter(pk=signature.pk).update(state="confirmed")
    publish()
    assert counters(letter) == {"signature_count": 1}


def test_numbering_changes_the_version_and_says_when_it_was_true(letter: Letter) -> None:
    before = letter.version
    add_confirmed(letter, 2)
    later = NOW + timedelta(days=3)
    publish(later)
    letter.refresh_from_db()
    assert letter.version > before
    assert letter.counted_at == later
    assert set(Signature.objects.values_list("published_at", "counted")) == {(later, True)}


def test_a_run_without_work_changes_nothing(letter: Letter) -> None:
    add_published(letter, 2)
    before = Letter.objects.values().get(pk=letter.pk)
    for _ in range(3):
        sequence_letter(letter.pk, now=NOW + timedelta(days=1))
        sweep(now=NOW + timedelta(days=1))
    assert Letter.objects.values().get(pk=letter.pk) == before


@pytest.mark.parametrize("signatures", [1, 200])
def test_numbering_costs_the_same_however_many_have_confirmed(
    letter: Letter, signatures: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    add_confirmed(letter, signatures)
    # Queries: savepoint, lock, uncounted texts, the switch, number, take out, put back, update the counts of texts,
    # count what is pending, write, note the hour, owe webhooks, read how far the ledger is and what it lacks, write all
    # its entries, and the savepoint's end.
    with django_assert_num_queries(16):
        sequence_letter(letter.pk, now=NOW)


# The sweep


def test_the_sweep_finds_the_letters_that_are_behind_and_no_others(letter: Letter, published: LetterMaker) -> None:
    others = [published(slug=f"letter-{place}") for place in range(5)]
    add_confirmed(letter, 1)
    sign(others[0], "ada@example.org")
    assert sorted(letters_behind(now=NOW)) == sorted([letter.pk, others[0].pk])
    publish()
    assert letters_behind(now=NOW) == []
    withdraw_signature(Signature.objects.get(number=1), now=NOW)
    assert letters_behind(now=NOW) == [letter.pk]


def test_a_letter_is_numbered_at_the_same_cost_however_many_wait(
    letter: Letter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The letter is locked meanwhile. Pages say "at least" of the number, so it may end."""
    monkeypatch.setattr(Letter, "MAX_AWAITING", 20)
    with connection.cursor() as cursor:
        cursor.execute(WAIT, {"letter": letter.pk, "revision": letter.current_revision_id, "now": NOW})
        cursor.execute("ANALYZE letters_signature")
    add_confirmed(letter, 1)
    publish()
    assert counters(letter) == {"signature_count": 1, "awaiting_confirmation": 20, "awaiting_review": 20}
    assert letters_behind(now=NOW) == []
    with connection.cursor() as cursor:
        # The table is far too small for the planner to prefer the index.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {behind.AWAITING}", {"letter": letter.pk, "most": 20})
        (plan,) = cursor.fetchone()[0]
    scans = [*signature_scans(plan["Plan"])]
    assert [(scan["Index Name"], scan["Actual Rows"]) for scan in scans] == [("signature_underway", 20)] * 2


WAIT = """
INSERT INTO letters_signature (letter_id, revision_id, language, name, affiliation, role, country, comment, display,
    state, verified, salt, counted, signed_at, confirmed_at)
SELECT %(letter)s, %(revision)s, 'en', 'Reader', '', '', '', '', 'public', state,
    CASE state WHEN 'held' THEN 'link' ELSE '' END, '', false, %(now)s,
    CASE state WHEN 'held' THEN %(now)s::timestamptz END
FROM generate_series(1, 5000), unnest(ARRAY['pending', 'held']) AS state
"""


def test_the_sweep_runs_one_query_for_all_letters(
    published: LetterMaker, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for place in range(5):
        published(slug=f"letter-{place}")
    with django_assert_num_queries(1):
        sweep(now=NOW)


# Other operations at the same time


@pytest.mark.django_db(transaction=True)
def test_count_and_numbers_become_visible_together(letter: Letter) -> None:
    add_confirmed(letter, 5)

    def seen() -> tuple[int, int, int]:
        found = Letter.objects.get(pk=letter.pk)
        return found.signature_count, found.version, Signature.objects.filter(state="published").count()

    version = letter.version
    with transaction.atomic():
        sequence_letter(letter.pk, now=NOW)
        assert in_another_thread(seen) == (0, version, 0)
    assert in_another_thread(seen) == (5, version + 1, 5)


def test_a_sequencer_that_fails_has_done_nothing(letter: Letter, monkeypatch: pytest.MonkeyPatch) -> None:
    add_confirmed(letter, 5)

    def fail(letter_id: int) -> tuple[int, int]:
        raise RuntimeError("in the middle")

    monkeypatch.setattr(behind, "awaiting", fail)
    with pytest.raises(RuntimeError):
        sequence_letter(letter.pk, now=NOW)
    assert numbers(letter) == []
    assert counters(letter) == {}


@pytest.mark.django_db(transaction=True)
def test_many_sequencers_at_once_while_people_confirm_leave_no_gap(letter: Letter) -> None:
    signatures = [sign(letter, f"signer{number}@example.org") for number in range(60)]

    def confirm(signature: Signature) -> Callable[[], None]:
        return lambda: confirm_signature(signature, verified=LINK, now=NOW)

    def sequence() -> None:
        sequence_letter(letter.pk, now=NOW)

    work = [part for signature in signatures for part in (confirm(signature), sequence)]
    in_threads(lambda part: part(), work, threads=8)
    publish()
    assert numbers(letter) == list(range(1, 61))
    assert counters(letter) == {"signature_count": 60}
    letter.refresh_from_db()
    assert letter.last_number == 60


@pytest.mark.django_db(transaction=True)
def test_withdrawals_during_numbering_leave_every_number_accounted_for(letter: Letter) -> None:
    add_confirmed(letter, 60)

    def withdraw(signature: Signature) -> Callable[[], None]:
        return lambda: withdraw_signature(signature, now=NOW)

    def sequence() -> None:
        sequence_letter(letter.pk, now=NOW)

    leaving = list(letter.signatures.order_by("pk")[::3])
    in_threads(lambda part: part(), [part for each in leaving for part in (withdraw(each), sequence)], threads=8)
    publish()
    letter.refresh_from_db()
    assert numbers(letter) == list(range(1, letter.last_number + 1))
    assert letter.signature_count == 40
    assert letter.last_number == 40 + letter.withdrawn_count
    assert Signature.objects.filter(state="published").count() == 40


@pytest.mark.django_db(transaction=True)
def test_a_confirmation_that_commits_late_is_not_passed_over(letter: Letter) -> None:
    """If the sequencer's progress were marked by an id or a time, it would be lost forever."""
    late = sign(letter, "late@example.org", now=NOW)
    sign_and_confirm(letter, "early@example.org", now=NOW + timedelta(minutes=1))
    with transaction.atomic():
        confirm_signature(late, verified=LINK, now=NOW)
        in_another_thread(lambda: sweep(now=NOW))
    publish()
    assert list(letter.signatures.order_by("number").values_list("number", "confirmed_at")) == [
        (1, NOW + timedelta(minutes=1)),
        (2, NOW),
    ]


@pytest.mark.django_db(transaction=True)
def test_a_withdrawal_at_the_same_moment_leaves_no_gap(letter: Letter) -> None:
    add_confirmed(letter, 3)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            withdraw_signature(Signature.objects.get(name="Signer 2"), now=NOW)
            sequencing = pool.submit(sequence_and_leave, letter.pk)
            wait_until_someone_waits_for_a_lock()
        sequencing.result(10)
    assert numbers(letter) == [1, 2]
    assert counters(letter) == {"signature_count": 2}


@pytest.mark.django_db(transaction=True)
def test_nobody_who_signs_or_confirms_waits_for_the_sequencer(letter: Letter) -> None:
    waiting = sign(letter, "waiting@example.org")
    add_confirmed(letter, 5)

    def sign_impatiently() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '100ms'")
        try:
            sign(letter, "new@example.org")
            confirm_signature(waiting, verified=LINK, now=NOW)
        finally:
            with connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout")

    with transaction.atomic():
        sequence_letter(letter.pk, now=NOW)
        in_another_thread(sign_impatiently)
    publish()
    assert counters(letter) == {"signature_count": 6, "awaiting_confirmation": 1}


def sequence_and_leave(letter_id: int) -> None:
    try:
        sequence_letter(letter_id, now=NOW)
    finally:
        connections.close_all()


def wait_until_someone_waits_for_a_lock() -> None:
    with connection.cursor() as cursor:
        for _ in range(10_000):
            cursor.execute(
                "SELECT EXISTS (SELECT FROM pg_stat_activity "
                "WHERE wait_event_type = 'Lock' AND datname = current_database())"
            )
            if cursor.fetchone() == (True,):
                return
            # pg_stat_activity is read once in a transaction, unless its snapshot is cleared.
            cursor.execute("SELECT pg_stat_clear_snapshot()")
    raise AssertionError("nobody waits")


# The nightly recount


def test_the_recount_reports_nothing_if_every_count_is_true(letter: Letter, caplog: pytest.LogCaptureFixture) -> None:
    add_published(letter, 3)
    sign(letter, "pending@example.org")
    recount_letters()
    assert caplog.records == []


def test_the_recount_reports_a_difference_and_corrects_nothing(
    letter: Letter, caplog: pytest.LogCaptureFixture
) -> None:
    add_published(letter, 3)
    Letter.objects.update(signature_count=5, last_number=5)
    recount_letters()
    (line,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert line.getMessage() == f"Letter {letter.pk} shows a count of 5 published signatures, but has 3."
    letter.refresh_from_db()
    assert letter.signature_count == 5


def test_a_withdrawal_that_the_sequencer_has_not_seen_is_no_difference(
    letter: Letter, caplog: pytest.LogCaptureFixture
) -> None:
    add_published(letter, 3)
    withdraw_signature(Signature.objects.get(number=2), now=NOW)
    recount_letters()
    assert caplog.records == []
