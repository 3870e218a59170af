"""Limits that staff change while the site runs: within bounds, recorded, and without a query for each signer."""

from datetime import datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from limits import parse
from pytest_django import Settings

from letters.base.site_limits import queries
from letters.base.site_limits.operations import reset_limit, set_limit
from letters.models import AuditEvent, Letter, SiteLimit, User
from letters.moderator.moderation.operations import needs_second_person
from letters.shared.refused import Refused
from tests.people import NOW, Signer, browser_of

pytestmark = pytest.mark.django_db

Name = SiteLimit.Name
REAL = queries._changed
WHY = "A flood"


@pytest.fixture(autouse=True)
def _limits_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests of others have only the settings (tests/conftest.py)."""
    REAL.cache_clear()
    monkeypatch.setattr(queries, "_changed", REAL)
    monkeypatch.setattr(queries, "_period", lambda: 0)


@pytest.fixture
def chief(db: None) -> User:
    return User.objects.create_superuser("chief@example.org")


def change(name: Name, value: int, chief: User) -> SiteLimit:
    made = set_limit(name, value, by=chief, now=NOW, reason=WHY)
    queries.look_again()
    return made


def test_without_a_change_the_settings_apply(settings: Settings) -> None:
    settings.BULK_DECISION_ALONE = 77
    settings.LIMIT_DOMAIN = parse("5/day")
    assert queries.number(Name.BULK_DECISION_ALONE) == 77
    assert queries.rate(Name.DOMAIN) == parse("5/day")


def test_of_a_rate_only_the_number_changes(settings: Settings, chief: User) -> None:
    settings.LIMIT_NETWORK_SOFT = parse("60/5 minutes")
    change(Name.NETWORK_SOFT, 7, chief)
    assert queries.rate(Name.NETWORK_SOFT) == parse("7/5 minutes")
    reset_limit(Name.NETWORK_SOFT, by=chief, now=NOW, reason=WHY)
    queries.look_again()
    assert queries.rate(Name.NETWORK_SOFT) == parse("60/5 minutes")


def test_every_limit_is_a_setting_with_bounds_that_include_it(settings: Settings) -> None:
    for name in Name:
        least, most = queries.BOUNDS[name]
        usual = getattr(settings, name.upper())
        assert least <= (usual if name == Name.BULK_DECISION_ALONE else usual.amount) <= most
        assert queries.in_settings(name)


def test_a_second_person_is_needed_above_the_changed_number(letter: Letter, moderator: User, chief: User) -> None:
    assert not needs_second_person(letter, 3, moderator, NOW)
    change(Name.BULK_DECISION_ALONE, 2, chief)
    assert needs_second_person(letter, 3, moderator, NOW)


def test_a_signer_gets_the_browser_check_above_the_changed_number(letter: Letter, signer: Signer, chief: User) -> None:
    change(Name.NETWORK_SOFT, 1, chief)
    assert signer.sign(letter, email="a@example.org").status_code == 303
    assert b"data-challenge" in signer.sign(letter, email="b@example.org").content


def test_signing_reads_the_limits_once_in_five_seconds(
    letter: Letter, signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with CaptureQueriesContext(connection) as asked:
        for place in range(3):
            signer.sign(letter, email=f"a{place}@example.org")
    assert sum("letters_sitelimit" in each["sql"] for each in asked) == 1
    monkeypatch.setattr(queries, "_period", lambda: 1)
    with CaptureQueriesContext(connection) as asked:
        signer.sign(letter, email="later@example.org")
    assert sum("letters_sitelimit" in each["sql"] for each in asked) == 1


@pytest.mark.parametrize(
    ("by", "value", "reason", "refusal"),
    [
        ("clerk", 50, WHY, "not_yours"),
        ("chief", 50, " ", "no_reason"),
        ("chief", 4, WHY, "out_of_bounds"),
        ("chief", 10_001, WHY, "out_of_bounds"),
    ],
)
def test_only_a_superuser_changes_a_limit_with_a_reason_and_within_bounds(
    by: str, value: int, reason: str, refusal: str, chief: User
) -> None:
    clerk = User.objects.create_user("clerk@example.org", is_staff=True, moderates_site=True)
    with pytest.raises(Refused, match=refusal):
        set_limit(Name.DOMAIN, value, by=chief if by == "chief" else clerk, now=NOW, reason=reason)
    assert not SiteLimit.objects.exists()


def test_each_change_is_recorded_with_the_value_before(chief: User) -> None:
    change(Name.DOMAIN, 50, chief)
    change(Name.DOMAIN, 50, chief)
    change(Name.DOMAIN, 20, chief)
    reset_limit(Name.DOMAIN, by=chief, now=NOW, reason=WHY)
    events = AuditEvent.objects.filter(object_kind="sitelimit").order_by("pk")
    assert [(each.verb, each.reason, each.details) for each in events] == [
        ("set_limit", WHY, {"name": "limit_domain", "value": 50, "before": None}),
        ("set_limit", WHY, {"name": "limit_domain", "value": 20, "before": 50}),
        ("reset_limit", WHY, {"name": "limit_domain", "before": 20}),
    ]


def test_a_limit_with_an_end_falls_back_by_itself(settings: Settings, chief: User) -> None:
    settings.LIMIT_DOMAIN = parse("100/day")
    end = timezone.now() + timedelta(hours=1)
    set_limit(Name.DOMAIN, 20, by=chief, now=NOW, reason=WHY, until=end)
    queries.look_again()
    assert queries.rate(Name.DOMAIN) == parse("20/day")
    SiteLimit.objects.update(until=timezone.now())
    queries.look_again()
    assert queries.rate(Name.DOMAIN) == parse("100/day")


def test_a_limit_after_its_end_is_changed_from_the_setting(chief: User) -> None:
    set_limit(Name.DOMAIN, 20, by=chief, now=NOW, reason=WHY, until=NOW + timedelta(hours=1))
    again = NOW + timedelta(hours=2)
    set_limit(Name.DOMAIN, 20, by=chief, now=again, reason=WHY)
    first, second = AuditEvent.objects.filter(verb="set_limit").order_by("pk")
    assert first.details["until"] == (NOW + timedelta(hours=1)).isoformat()
    assert (second.details["before"], "until" in second.details) == (None, False)
    assert SiteLimit.objects.get().until is None


def test_an_end_in_the_past_is_refused(chief: User) -> None:
    with pytest.raises(Refused, match="end_is_past"):
        set_limit(Name.DOMAIN, 20, by=chief, now=NOW, reason=WHY, until=NOW)
    assert not SiteLimit.objects.exists()


def test_the_command_changes_a_limit_until_a_time_and_lets_the_setting_apply_again(
    capsys: pytest.CaptureFixture[str], settings: Settings
) -> None:
    settings.LIMIT_DOMAIN = parse("100/day")
    call_command("set_limit", "limit_domain", "50", "--until", "2999-01-02T10:00", "--reason", WHY)
    assert SiteLimit.objects.get().until == timezone.make_aware(datetime(2999, 1, 2, 10, 0))  # noqa: DTZ001 -- made aware
    call_command("set_limit", "limit_domain")
    shown = capsys.readouterr().out
    assert "limit_domain will be 50 within five seconds until 2999-01-02 10:00" in shown
    assert "100 per 1 day      changed to 50 until 2999-01-02 10:00" in shown
    call_command("set_limit", "limit_domain", "setting", "--reason", WHY)
    assert not SiteLimit.objects.exists()
    events = AuditEvent.objects.filter(object_kind="sitelimit").order_by("pk")
    assert [(each.verb, each.actor_kind, each.reason) for each in events] == [
        ("set_limit", "system", WHY),
        ("reset_limit", "system", WHY),
    ]
    call_command("set_limit")
    assert capsys.readouterr().out.count("\n") == len(Name) + 1


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        (["50"], "Say why: --reason."),
        (["4", "--reason", WHY], "Enter a number between 5 and 10000."),
        (["many", "--reason", WHY], 'Enter a number, or "setting".'),
        (["50", "--until", "2001-01-01", "--reason", WHY], "Enter an end in the future: --until."),
    ],
)
def test_the_command_says_what_is_wrong(given: list[str], answer: str) -> None:
    with pytest.raises(CommandError, match=answer):
        call_command("set_limit", "limit_domain", *given)
    assert not SiteLimit.objects.exists()


def test_the_admin_changes_limits_for_superusers_alone(chief: User) -> None:
    clerk: Client = browser_of(User.objects.create_user("clerk@example.org", is_staff=True, moderates_site=True))
    desk, add = browser_of(chief), "/admin/letters/sitelimit/add/"
    given = {"name": "limit_domain", "value": "50", "reason": WHY}
    assert clerk.post(add, given).status_code == 403
    wrong = desk.post(add, {**given, "value": "1"}).content.decode()
    assert "Enter a number between 5 and 10000." in wrong
    assert desk.post(add, given).status_code == 302
    limit = SiteLimit.objects.get()
    url = f"/admin/letters/sitelimit/{limit.pk}/change/"
    assert "100 per 1 day" in desk.get(url).content.decode()
    assert clerk.get(url).status_code == 403
    past = desk.post(url, {"value": "50", "until_0": "2001-01-01", "until_1": "10:00", "reason": WHY})
    assert "Enter a time in the future." in past.content.decode()
    assert (
        desk.post(url, {"value": "50", "until_0": "2999-01-01", "until_1": "10:00", "reason": WHY}).status_code == 302
    )
    assert SiteLimit.objects.get().applies(timezone.now())
    assert "Jan. 1, 2999" in desk.get("/admin/letters/sitelimit/").content.decode()
    SiteLimit.objects.update(until=NOW)
    assert desk.post(url, {"value": "40", "reason": ""}).status_code == 200
    assert desk.post(url, {"value": "40", "reason": WHY}).status_code == 302
    assert SiteLimit.objects.get().value == 40
    SiteLimit.objects.update(until=timezone.now())
    ended = {"value": "40", "until_0": "2001-01-01", "until_1": "10:00", "is_reset": "on", "reason": WHY}
    assert desk.post(url, ended).status_code == 302
    assert not SiteLimit.objects.exists()
