"""While the site is being maintained, everyone can read letters, and only staff can change anything."""

from datetime import timedelta

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from letters.base.public_letters import queries as public_letters_queries
from letters.base.switches import queries
from letters.models import Letter, Signature, Switch, User
from tests.people import (
    FROM_OUR_PAGE,
    NOW,
    Reader,
    Signer,
    browser_of,
    deliver,
    publish,
    sign,
    sign_and_confirm,
    signature_of,
    turn,
    words,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def maintained(letter: Letter) -> Letter:
    turn(Switch.Name.MAINTENANCE, on=True)
    return letter


def test_letters_can_be_read_and_offer_no_form(maintained: Letter, reader: Reader) -> None:
    page = reader.get("/letters/night-trains/")
    assert page.status_code == 200
    assert "Signing is paused. Try again in a few minutes." in words(page)
    assert b"<form" not in page.content


def test_a_form_that_was_open_is_answered_with_when_to_come_back(letter: Letter, signer: Signer) -> None:
    until = timezone.now() + timedelta(minutes=40)
    turn(Switch.Name.MAINTENANCE, on=True, until=until)
    page = signer.sign(letter, name="Ada Lovelace", email="ada@example.org")
    assert page.status_code == 503
    assert 39 * 60 < int(page.headers["Retry-After"]) <= 40 * 60
    assert "Nothing was saved. Go back: your browser has kept what you typed" in words(page)
    assert "We expect to be done by" in words(page)
    assert not Signature.objects.exists()
    turn(Switch.Name.MAINTENANCE, on=False)
    assert signer.sign(letter, name="Ada Lovelace", email="ada@example.org").status_code == 303


def test_without_a_time_programs_come_back_in_five_minutes(maintained: Letter, signer: Signer) -> None:
    page = signer.sign(maintained)
    assert (page.status_code, page.headers["Retry-After"]) == (503, "300")
    assert page.headers["Cache-Control"] == "no-store"
    assert "Try again in a few minutes." in words(page)


def test_a_time_that_has_passed_is_not_shown(letter: Letter, signer: Signer) -> None:
    turn(Switch.Name.MAINTENANCE, on=True, until=NOW)
    page = signer.sign(letter)
    assert page.headers["Retry-After"] == "300"
    assert "We expect" not in words(page)


def test_nobody_confirms_withdraws_or_begins_to_type(letter: Letter, signer: Signer) -> None:
    signer.sign(letter)
    deliver()
    turn(Switch.Name.MAINTENANCE, on=True)
    for purpose in ("confirm", "manage", "not-me"):
        link = signature_of(letter).link(purpose, now=NOW)
        page = signer.get(link)
        assert (page.status_code, page.headers["Cache-Control"]) == (503, "no-store")
        assert "Nothing was saved" not in words(page)
        assert "You can read all letters in the meantime." in words(page)
        assert signer.press(link).status_code == 503
    assert signature_of(letter).state == Signature.State.PENDING
    turn(Switch.Name.MAINTENANCE, on=False)
    signer.confirm()
    assert signature_of(letter).state == Signature.State.CONFIRMED


@pytest.mark.parametrize(
    "path", ["/signatures/check/x/", "/it/signatures/check/x/", "/pt-BR/signatures/name-report/x/", "/site/letters/"]
)
def test_nobody_begins_to_type_in_another_language_or_about_the_site(
    maintained: Letter, client: Client, path: str
) -> None:
    assert client.get(path).status_code == 503


def test_the_page_is_in_the_language_of_the_letter(maintained: Letter, signer: Signer) -> None:
    page = signer.client.post(maintained.url_of("sign", "it"), {}, headers=FROM_OUR_PAGE)
    assert (page.status_code, page.headers["Content-Language"]) == (503, "it")
    assert "Non è stato salvato nulla." in words(page)


def test_organizers_read_it_in_the_language_of_their_browser(maintained: Letter, organizer: User) -> None:
    desk = browser_of(organizer)
    assert "in manutenzione" in words(desk.get("/organize/", headers={"Accept-Language": "it"}))


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/log/vkeys.txt", "/letters/night-trains/count/", "/about/"])
def test_machines_and_readers_are_answered_as_before(letter: Letter, client: Client, path: str) -> None:
    before = client.get(path).status_code
    turn(Switch.Name.MAINTENANCE, on=True)
    assert client.get(path).status_code == before


def test_the_workers_go_on(letter: Letter) -> None:
    sign_and_confirm(letter)
    turn(Switch.Name.MAINTENANCE, on=True)
    publish()
    deliver()
    assert signature_of(letter).state == Signature.State.PUBLISHED
    assert mail.outbox


def test_the_api_answers_with_a_problem(maintained: Letter, client: Client) -> None:
    assert client.get("/api/v1/letters/night-trains/").status_code == 200
    answer = client.post("/api/v1/letters/night-trains/signatures/", {}, content_type="application/json")
    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Retry-After"] == "300"


def test_organizers_neither_begin_nor_send_a_change(maintained: Letter, organizer: User) -> None:
    """They could type for an hour before they learn that it is not taken."""
    desk = browser_of(organizer)
    url = f"/organize/letters/{maintained.slug}/settings/"
    assert desk.get(url).status_code == 503
    assert desk.post(url, {}, headers=FROM_OUR_PAGE).status_code == 503


def test_a_report_of_an_email_provider_is_still_read(maintained: Letter, client: Client) -> None:
    assert client.post("/anymail/postmark/tracking/", {}).status_code == 404  # No secret is set, as before.


def test_without_a_database_pages_that_nobody_has_read_say_so_too(
    maintained: Letter, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert reader.get("/letters/night-trains/").status_code == 200

    def away(**_: object) -> None:
        raise OperationalError

    monkeypatch.setattr(public_letters_queries.BY_SLUG, "first", away)
    page = reader.get("/it/letters/night-trains/history/")
    assert page.status_code == 503
    assert "You can read all letters" not in words(page)
    assert page.headers["Retry-After"] == "300"


def test_staff_sign_in_and_change_things(maintained: Letter, db: None) -> None:
    sara = User.objects.create_superuser("sara@example.org")
    assert Client().get("/accounts/login/").status_code == 200
    assert Client().post("/accounts/login/", {"login": "x", "password": "y"}).status_code != 503
    assert Client().post("/accounts/signup/", {}).status_code == 503
    switch = Switch.objects.get(name="maintenance")
    answer = browser_of(sara).post(f"/admin/letters/switch/{switch.pk}/change/", {"is_on": "", "reason": "Done."})
    assert answer.status_code == 302
    switch.refresh_from_db()
    assert not switch.is_on


def test_an_unsubscription_by_a_mail_program_is_still_taken(letter: Letter, client: Client) -> None:
    """Mail programs send it once, and the person believes that it worked."""
    signature = sign(letter)
    turn(Switch.Name.MAINTENANCE, on=True)
    link = signature.link("unsubscribe", now=NOW)
    assert client.post(link, {"List-Unsubscribe": "One-Click"}).status_code == 200


def test_it_is_known_while_the_database_is_away(maintained: Letter, monkeypatch: pytest.MonkeyPatch) -> None:
    assert queries.maintenance() == queries.Maintenance(None)

    def away(second: int) -> None:
        raise OperationalError

    with monkeypatch.context() as patch:
        patch.setattr(queries, "_maintenance", away)
        assert queries.maintenance() == queries.Maintenance(None)
    turn(Switch.Name.MAINTENANCE, on=False)
    assert queries.maintenance() is None


def test_the_console_turns_it_on_for_about_an_hour(letter: Letter) -> None:
    before = timezone.now()
    call_command("switch", "maintenance", "on", "--minutes", "60", "--reason", "A new disk.")
    until = Switch.objects.get(name="maintenance").until
    assert until is not None
    assert until - before >= timedelta(minutes=60)
    call_command("switch", "maintenance", "off")
    assert Switch.objects.get(name="maintenance").until is None
