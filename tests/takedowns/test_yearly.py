"""The numbers of a year that the Digital Services Act asks for."""

import csv
from datetime import timedelta

import pytest

from letters.models import Letter, Signature, User, next_daily_hour
from letters.moderator.moderation.operations import (
    accept_signatures,
    queue_appeals,
    reject_signatures,
    undo_own_decisions,
)
from letters.moderator.reports.operations import Notice, dismiss_reports, report_letter, report_signature
from letters.moderator.takedowns.operations import appeal_takedown, decide_appeal, take_down_letter
from letters.moderator.takedowns.yearly import rows_of_year
from letters.shared.refused import Refused
from letters.signer.signing.operations import appeal_rejection, withdraw_signature
from tests.people import NOW, add_published, browser_of, publish, sign_and_confirm
from tests.takedowns.conftest import STATEMENT


def numbers_of(year: int, by: User) -> dict[tuple[object, object], object]:
    return {(what, kind): number for _, what, kind, number in rows_of_year(year, by=by)}


@pytest.fixture
def busy_year(letter: Letter, organizer: User, warden: User, other_warden: User, told: list[str]) -> Letter:
    add_published(letter, 2)
    report_letter(letter, notice=Notice(reason="illegal", words="False."), language="en", now=NOW)
    dismiss_reports(letter, up_to=2**40, by=warden, now=NOW + timedelta(hours=3))
    report_signature(letter, number=1, reason="twice", now=NOW)
    first = Signature.objects.get(number=1)
    reject_signatures(letter, [first.pk], reason="Twice", by=organizer, now=NOW)
    undo_own_decisions(letter, [first.pk], by=organizer, now=NOW)
    report_letter(letter, notice=Notice(reason="rules", words="Spam."), language="en", now=NOW)
    take_down_letter(letter, statement=STATEMENT, by=warden, now=NOW + timedelta(hours=1))
    appeal_takedown(letter, words="It is true.", by=organizer, now=NOW + timedelta(hours=2))
    decide_appeal(letter, reverse=True, answer="Yes.", by=other_warden, now=NOW + timedelta(hours=26))
    return letter


def test_the_year_is_counted(busy_year: Letter, warden: User) -> None:
    found = {key: number for key, number in numbers_of(2025, warden).items() if number}
    assert found == {
        ("what", "kind"): "number",
        ("reports of a letter", "illegal"): 1,
        ("reports of a letter", "rules"): 1,
        ("reports of a signature", "twice"): 1,
        ("decisions on reports of a letter", "acted"): 1,
        ("decisions on reports of a letter", "nothing"): 1,
        ("median hours until a decision on a report", "letter"): 2.0,
        ("letters taken down", "ground: law"): 1,
        ("letters taken down", "found by: report"): 1,
        ("letters restored", "all"): 1,
        ("appeals", "all"): 1,
        ("decisions on appeals", "reversed"): 1,
        ("median hours until a decision on an appeal", "all"): 24.0,
        ("decisions about signatures", "reject"): 1,
        ("decisions about signatures", "undone"): 1,
    }


def test_appeals_of_signers_are_counted_from_the_morning_on_which_moderators_get_them(
    letter: Letter, organizer: User, warden: User
) -> None:
    signature = sign_and_confirm(letter)
    publish()
    reject_signatures(letter, [signature.pk], reason="", code="twice", by=organizer, now=NOW)
    signature.refresh_from_db()
    appeal_rejection(signature, words="That was my sister.", now=NOW)
    kinds = {"appeals about signatures", "decisions on appeals about signatures"}
    of_appeals = ("median hours until a decision on an appeal about a signature", "all")
    assert not any(number for (what, _), number in numbers_of(2025, warden).items() if what in kinds)
    morning = next_daily_hour(letter.zone(), NOW)
    queue_appeals(now=morning)
    accept_signatures(letter, [signature.pk], by=warden, now=morning + timedelta(hours=5))
    found = {key: number for key, number in numbers_of(2025, warden).items() if number and key[0] in kinds}
    assert found == {("appeals about signatures", "all"): 1, ("decisions on appeals about signatures", "reversed"): 1}
    assert numbers_of(2025, warden)[of_appeals] == 5.0
    withdraw_signature(Signature.objects.get(pk=signature.pk), now=morning + timedelta(hours=6))
    assert numbers_of(2025, warden)["appeals about signatures", "all"] == 0


def test_another_year_has_none_of_it_and_the_same_rows(busy_year: Letter, warden: User) -> None:
    other = numbers_of(2024, warden)
    assert set(other) == set(numbers_of(2025, warden))
    assert {number for number in other.values() if number} == {"number"}


def test_only_moderators_of_the_site_get_the_file(busy_year: Letter, organizer: User, warden: User) -> None:
    with pytest.raises(Refused, match="not_yours"):
        list(rows_of_year(2025, by=organizer))
    answer = browser_of(warden).get("/site/numbers/2025.csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="moderation-2025.csv"'
    rows = list(csv.reader(answer.content.decode("utf-8-sig").splitlines()))
    assert rows[0] == ["year", "what", "kind", "number"]
    for year in (1, 2019, 9999):
        assert browser_of(warden).get(f"/site/numbers/{year}.csv").status_code == 404
