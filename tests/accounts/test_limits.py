"""One network, one address and one stranger can use the account pages only so often, and do not stop others."""

import re
import threading
from collections import Counter
from typing import Any

import pytest
import redis
from allauth.account import forms as allauth_forms
from allauth.account.models import EmailAddress
from django.conf import settings as project
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.core.mail import EmailMessage
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from limits import parse
from pytest_django import Settings

from letters.base.accounts import admission
from letters.base.accounts.mail import ACCOUNTS_QUEUE, pack
from letters.models import User
from letters.tasks import account_mail
from petition.local import QUEUES
from tests.accounts.people import (
    PASSWORD,
    Person,
    emailed_code,
    forget_tries,
    mailed_to,
    make_account,
    other_than,
)
from tests.people import Response, solve, words

pytestmark = pytest.mark.django_db

UNKNOWN = "nobody@example.org"
WRONG = "not this one at all"
CODE_FORMS = {
    "sign in": ("/accounts/login/code/", "/accounts/login/code/confirm/"),
    "a new password": ("/accounts/password/reset/", "/accounts/password/reset/confirm/"),
    "sign up": ("/accounts/signup/", "/accounts/confirm-email/"),
}


class Elsewhere(Person):
    """A person in another network."""

    def __init__(self, address: str = "203.0.113.7") -> None:
        super().__init__()
        self.client.defaults["REMOTE_ADDR"] = address


def ask_for_code(person: Person, url: str, email: str) -> Response:
    fields: dict[str, Any] = {"password1": PASSWORD} if "signup" in url else {}
    return person.send(url, email=email, **fields)


# Tries


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("known", [True, False], ids=["an account", "no account"])
@pytest.mark.parametrize("way", CODE_FORMS)
def test_three_tries_stay_three_when_they_are_sent_at_once(
    way: str, known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask, confirm = CODE_FORMS[way]
    email = "orla@example.org"
    if known:
        make_account(email)
    person = Person()
    page = ask_for_code(person, ask, email)
    token = person.client.cookies["csrftoken"].value
    cookies = person.client.cookies
    assert page.request["PATH_INFO"] == confirm

    at_once = 6
    compared: list[str] = []
    # All requests have read the session before the first code is compared.
    together = threading.Barrier(at_once)
    prepare = allauth_forms.BaseConfirmCodeForm.__init__

    def wait_for_the_others(form: Any, *args: Any, **kwargs: Any) -> None:
        prepare(form, *args, **kwargs)
        if form.data:
            together.wait(timeout=20)

    monkeypatch.setattr(allauth_forms.BaseConfirmCodeForm, "__init__", wait_for_the_others)

    def compare(*, actual: str, expected: str) -> bool:
        compared.append(actual)
        return False

    monkeypatch.setattr(allauth_forms, "compare_user_code", compare)

    def guess(number: int) -> None:
        guesser = Person()
        guesser.client.cookies = cookies
        sent = {"csrfmiddlewaretoken": token, "code": f"{number:06}"}
        guesser.client.post(confirm, sent, headers={"Sec-Fetch-Site": "same-origin"})
        connections.close_all()

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(at_once)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(compared) == admission.MAX_TRIES


def test_the_right_code_is_refused_after_the_third_try(orla: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit holds even if the session, which another request has written since, knows of no try."""
    person = Person()
    ask_for_code(person, "/accounts/login/code/", orla.email)
    monkeypatch.setattr(admission, "MAX_TRIES", 0)
    page = person.type_code(emailed_code(orla.email), "/accounts/login/code/confirm/")
    assert "tried too many times" in words(page)
    assert not person.is_signed_in()


# Keeping an owner out


def test_a_stranger_who_guesses_passwords_does_not_keep_the_owner_out(orla: User) -> None:
    stranger = Elsewhere()
    for _ in range(7):
        stranger.sign_in(orla.email, WRONG)
    assert "tried too many times" in words(stranger.sign_in(orla.email))
    owner = Person()
    owner.sign_in(orla.email)
    assert owner.is_signed_in()


@pytest.mark.parametrize("way", ["sign in", "a new password"])
def test_a_stranger_who_asks_for_codes_does_not_keep_the_owner_from_getting_one(orla: User, way: str) -> None:
    ask, confirm = CODE_FORMS[way]
    owner = Person()
    ask_for_code(owner, ask, orla.email)
    mine = emailed_code(orla.email)
    for _ in range(7):
        ask_for_code(Elsewhere(), ask, orla.email)
    # The code in my browser still works, and I can ask for another.
    page = owner.type_code(other_than(mine), confirm)
    assert "That code is wrong" in words(page)
    again = Person()
    ask_for_code(again, ask, orla.email)
    again.type_code(emailed_code(orla.email), confirm)
    owner.type_code(mine, confirm)
    if way == "sign in":
        assert owner.is_signed_in()
        assert again.is_signed_in()


def test_a_known_browser_is_not_kept_out_by_its_own_network(signed_in: Person, orla: User, settings: Settings) -> None:
    settings.LIMIT_GUESSES_NETWORK = parse("6/minute")
    settings.LIMIT_ACCOUNT_SITE = settings.LIMIT_ACCOUNT_NETWORK_HARD = parse("6/hour")
    signed_in.send("/accounts/logout/")
    for number in range(8):
        Person().sign_in(orla.email, WRONG)
        Person().sign_in(f"{number}@example.org", WRONG)
        ask_for_code(Person(), "/accounts/login/code/", orla.email)
        ask_for_code(Person(), "/accounts/login/code/", f"{number}@example.org")
    newcomer = Person()
    newcomer.sign_in(orla.email)
    assert not newcomer.is_signed_in()
    before = len(mailed_to(orla.email))
    ask_for_code(signed_in, "/accounts/login/code/", orla.email)
    assert len(mailed_to(orla.email)) == before + 1
    signed_in.type_code(emailed_code(orla.email), "/accounts/login/code/confirm/")
    assert signed_in.is_signed_in()
    signed_in.send("/accounts/logout/")
    signed_in.sign_in(orla.email)
    assert signed_in.is_signed_in()


def test_a_browser_is_known_only_for_its_own_accounts(signed_in: Person, orla: User) -> None:
    make_account("sven@example.org")
    signed_in.send("/accounts/logout/")
    for _ in range(6):
        Person().sign_in("sven@example.org", WRONG)
    assert "tried too many times" in words(signed_in.sign_in("sven@example.org"))


def test_a_known_browser_has_no_more_tries_than_others(signed_in: Person, orla: User) -> None:
    signed_in.send("/accounts/logout/")
    for _ in range(5):
        signed_in.sign_in(orla.email, WRONG)
    assert "tried too many times" in words(signed_in.sign_in(orla.email))


def test_an_invented_cookie_makes_no_known_browser(orla: User) -> None:
    for cookie in ("", "x", "a:b:c", '["name", "mark"]'):
        stranger = Person()
        for _ in range(5):
            stranger.client.cookies["device"] = cookie
            stranger.sign_in(orla.email, WRONG)
        assert "tried too many times" in words(stranger.sign_in(orla.email))


def test_the_cookie_of_a_known_browser_says_nothing_and_goes_to_the_account_pages_only(signed_in: Person) -> None:
    cookie = signed_in.client.cookies["device"]
    assert cookie["path"] == "/accounts/"
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert "orla" not in cookie.value


def test_a_password_is_guessed_no_faster_from_many_networks(orla: User, settings: Settings) -> None:
    settings.LIMIT_GUESSES_ANYWHERE = parse("6/hour")
    for number in range(6):
        Elsewhere(f"198.51.{number}.1").sign_in(orla.email, WRONG)
    assert "tried too many times" in words(Elsewhere("198.51.99.1").sign_in(orla.email))


def test_an_address_gets_no_more_emails_from_many_networks(orla: User, settings: Settings) -> None:
    settings.LIMIT_ACCOUNT_MAIL_ANYWHERE = parse("7/hour")
    for number in range(9):
        ask_for_code(Elsewhere(f"198.51.{number}.1"), "/accounts/login/code/", orla.email)
    assert len(mailed_to(orla.email)) == 7


# Email to strangers


@pytest.mark.parametrize("way", CODE_FORMS)
def test_a_network_that_sends_many_addresses_needs_a_proof(way: str, settings: Settings) -> None:
    settings.LIMIT_ACCOUNT_NETWORK_SOFT, settings.PROOF_TRIES = parse("3/hour"), 20
    ask = CODE_FORMS[way][0]
    for number in range(3):
        ask_for_code(Person(), ask, f"{number}@example.org")
    assert len(mail.outbox) == 3
    person = Person()
    page = ask_for_code(person, ask, UNKNOWN)
    assert "short check" in words(page)
    assert len(mail.outbox) == 3
    proof = solve(page)
    fields: dict[str, Any] = {"password1": PASSWORD} if way == "sign up" else {}
    person.send(ask, page=page, email=UNKNOWN, proof=proof, **fields)
    assert len(mail.outbox) == 4
    # A solution counts for one email.
    person = Person()
    assert "short check" in words(person.send(ask, email="other@example.org", proof=proof, **fields))
    assert len(mail.outbox) == 4
    # Another network needs no proof.
    ask_for_code(Elsewhere(), ask, "elsewhere@example.org")
    assert len(mail.outbox) == 5


def test_the_page_has_the_puzzle_before_anything_is_typed(settings: Settings) -> None:
    settings.LIMIT_ACCOUNT_NETWORK_SOFT = parse("1/hour")
    assert b"data-challenge" not in Person().get("/accounts/signup/").content
    ask_for_code(Person(), "/accounts/signup/", UNKNOWN)
    for url in ("/accounts/signup/", "/accounts/signup/passkey/", "/accounts/login/code/", "/accounts/password/reset/"):
        assert b"data-challenge" in Person().get(url).content


@pytest.mark.parametrize("proof", ["none", "x", "e30=", "bnVsbA==", "W10="])
def test_an_invalid_proof_is_politely_refused(proof: str, settings: Settings) -> None:
    settings.LIMIT_ACCOUNT_NETWORK_SOFT = parse("1/hour")
    ask_for_code(Person(), "/accounts/signup/", "first@example.org")
    page = Person().send("/accounts/signup/", email=UNKNOWN, password1=PASSWORD, proof=proof)
    assert page.status_code == 200
    assert "short check" in words(page)
    assert not mailed_to(UNKNOWN)


@pytest.mark.parametrize("limit", ["LIMIT_ACCOUNT_NETWORK_HARD", "LIMIT_ACCOUNT_SITE"])
@pytest.mark.parametrize("way", CODE_FORMS)
def test_no_network_gets_past_the_hard_limit(way: str, limit: str, settings: Settings) -> None:
    setattr(settings, limit, parse("4/hour"))
    pages = [ask_for_code(Person(), CODE_FORMS[way][0], f"{number}@example.org") for number in range(6)]
    assert len(mail.outbox) == 4
    assert re.search("too (often|many)", words(pages[-1]).lower())


def ask_with_a_proof(person: Person, url: str, email: str) -> Response:
    """Ask for an email, and solve the proof if the page asks for one."""
    page = ask_for_code(person, url, email)
    if b"data-challenge" not in page.content:
        return page
    fields: dict[str, Any] = {"password1": PASSWORD} if "signup" in url else {}
    return person.send(url, page=page, email=email, proof=solve(page), **fields)


@pytest.mark.parametrize("way", CODE_FORMS)
def test_a_few_networks_do_not_use_up_the_emails_of_the_site(way: str, settings: Settings) -> None:
    settings.LIMIT_ACCOUNT_SITE_SOFT, settings.LIMIT_ACCOUNT_SITE = parse("4/hour"), parse("8/hour")
    settings.LIMIT_ACCOUNT_NETWORK_SHARE, settings.PROOF_TRIES = parse("2/hour"), 20
    ask = CODE_FORMS[way][0]
    # The first network gets every email up to the soft limit, and the second its share.
    for network, number in ((network, number) for network in (1, 2) for number in range(5)):
        page = ask_with_a_proof(Elsewhere(f"198.51.{network}.7"), ask, f"n{network}-{number}@example.org")
    assert len(mail.outbox) == 6
    assert re.search("too (often|many)", words(page).lower())
    # Another network still gets an email, with a proof.
    newcomer = Elsewhere("203.0.113.7")
    assert "short check" in words(ask_for_code(newcomer, ask, UNKNOWN))
    ask_with_a_proof(newcomer, ask, UNKNOWN)
    assert len(mailed_to(UNKNOWN)) == 1


def test_the_pages_have_the_puzzle_while_the_site_sends_many_emails(settings: Settings) -> None:
    settings.LIMIT_ACCOUNT_SITE_SOFT = parse("1/hour")
    ask_for_code(Person(), "/accounts/signup/", UNKNOWN)
    assert b"data-challenge" in Elsewhere().get("/accounts/login/code/").content


def test_sending_another_code_counts_like_the_first(orla: User, settings: Settings) -> None:
    settings.LIMIT_ACCOUNT_NETWORK_HARD = parse("1/hour")
    person = Person()
    ask_for_code(person, "/accounts/login/code/", orla.email)
    page = person.send("/accounts/login/code/confirm/", action="resend")
    assert "too many times" in words(page)
    assert len(mail.outbox) == 1


def test_changing_the_address_of_an_account_counts_too(signed_in: Person, settings: Settings) -> None:
    settings.LIMIT_ACCOUNT_NETWORK_HARD = parse("2/hour")
    signed_in.send("/accounts/reauthenticate/?next=/accounts/email/", password=PASSWORD)
    for number in range(4):
        page = signed_in.send("/accounts/email/", email=f"{number}@example.org", action_add="")
    assert len(mail.outbox) == 2
    assert "too many times" in words(page)


def test_signing_in_to_an_account_made_for_a_strangers_address_sends_no_more_email(settings: Settings) -> None:
    settings.LIMIT_ACCOUNT_MAIL = parse("2/hour")
    Person().sign_up(UNKNOWN)
    for _ in range(4):
        forget_pause()
        Person().sign_in(UNKNOWN)
    assert len(mailed_to(UNKNOWN)) == 2


def test_emails_about_accounts_have_a_queue_apart_from_signers() -> None:
    order = QUEUES.split(",")
    assert order.index("confirmations") < order.index(ACCOUNTS_QUEUE)


def test_emails_about_accounts_leave_by_their_own_queue(
    person: Person, orla: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    queues: list[str] = []
    monkeypatch.setattr(account_mail, "apply_async", lambda _, queue: queues.append(queue))
    ask_for_code(person, "/accounts/login/code/", orla.email)
    assert queues == ["accounts"]


def forget_pause() -> None:
    """Let ten seconds pass."""
    with redis.Redis.from_url(project.VALKEY_URL) as valkey:
        valkey.delete(*valkey.scan_iter("limit:*mail-pause*"))


# The same work for every address


Cost = tuple[dict[str, int], list[str], int]


def cost_of(person: Person, url: str, monkeypatch: pytest.MonkeyPatch, **fields: Any) -> Cost:
    """Return what sending a form costs: queries by kind and table, passwords hashed, emails handed over."""
    page = person.get(url)
    hashed: list[str] = []
    handed_over: list[object] = []
    encode = MD5PasswordHasher.encode

    def counted(hasher: Any, password: str, salt: str) -> str:
        hashed.append("hashed")
        return encode(hasher, password, salt)

    def hand_over(message: EmailMessage) -> str:
        handed_over.append(message)
        return pack(EmailMessage())

    with monkeypatch.context() as patch, CaptureQueriesContext(connection) as queries:
        patch.setattr(MD5PasswordHasher, "encode", counted)
        patch.setattr("letters.adapters.pack", hand_over)
        person.send(url, page=page, follow=False, **fields)
    kinds = Counter(kind_of(query["sql"]) for query in queries)
    # Setting a savepoint costs nothing compared with a query, and returning to one takes two statements instead of one.
    kinds.pop("SAVEPOINT")
    return kinds, hashed, len(handed_over)


def kind_of(sql: str) -> str:
    parts = sql.replace('"', "").split()
    table = next((parts[at + 1] for at, word in enumerate(parts) if word in {"FROM", "INTO", "UPDATE"}), "")
    return "SAVEPOINT" if "SAVEPOINT" in parts[:3] else f"{parts[0]} {table}"


@pytest.mark.parametrize("password", [PASSWORD, ""], ids=["a password", "none"])
def test_signing_up_costs_the_same_for_every_address(password: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make_account("nora@example.org", password or None)
    new, known = (
        cost_of(Person(), "/accounts/signup/", monkeypatch, email=email, password1=password)
        for email in ("nina@example.org", "nora@example.org")
    )
    assert new == known
    assert new[2] == 1
    assert len(new[1]) == bool(password)


@pytest.mark.parametrize("password", [PASSWORD, ""], ids=["a password", "none"])
def test_signing_up_again_costs_the_same_for_every_address(password: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deleting an account that waits for its code takes longer than making one."""
    make_account("nora@example.org", password or None)
    costs: list[Cost] = []
    for email in ("nina@example.org", "nora@example.org"):
        for _ in range(2):
            costs.append(cost_of(Person(), "/accounts/signup/", monkeypatch, email=email, password1=password))
            forget_tries()
    assert costs == [costs[0]] * 4
    assert {user.email for user in User.objects.all()} == {"nina@example.org", "nora@example.org"}


def test_the_page_that_takes_the_code_of_a_sign_up_costs_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    make_account("nora@example.org")
    costs: list[list[object]] = []
    for email in ("nina@example.org", "nora@example.org"):
        person = Person()
        person.sign_up(email)
        forget_tries()
        with CaptureQueriesContext(connection) as queries:
            person.get(CONFIRM)
        costs.append([Counter(kind_of(query["sql"]) for query in queries)])
        costs[-1].append(cost_of(person, CONFIRM, monkeypatch, code="000000"))
        costs[-1].append(cost_of(person, CONFIRM, monkeypatch, action="resend"))
    assert costs[0] == costs[1]


CONFIRM = "/accounts/confirm-email/"


@pytest.mark.parametrize("way", ["sign in", "a new password"])
def test_asking_for_a_code_costs_the_same_for_every_address(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make_account("nora@example.org")
    ask, confirm = CODE_FORMS[way]
    costs: list[list[Cost]] = []
    for email in (UNKNOWN, "nora@example.org"):
        person = Person()
        costs.append([cost_of(person, ask, monkeypatch, email=email)])
        costs[-1].append(cost_of(person, confirm, monkeypatch, code="000000"))
        if way == "sign in":
            forget_tries()
            costs[-1].append(cost_of(person, confirm, monkeypatch, action="resend"))
    assert costs[0][0] == costs[1][0]
    assert costs[0][1] == costs[1][1]
    assert costs[0][2:] == costs[1][2:]
    assert costs[0][0][2] == 1


def test_a_wrong_password_costs_the_same_for_every_address(monkeypatch: pytest.MonkeyPatch) -> None:
    make_account("nora@example.org")
    costs = [
        cost_of(Person(), "/accounts/login/", monkeypatch, login=email, password=WRONG)
        for email in (UNKNOWN, "nora@example.org")
    ]
    assert costs[0][1] == costs[1][1] == ["hashed"]


def test_a_new_address_costs_the_same_whether_or_not_someone_has_it(
    signed_in: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_account("sven@example.org")
    signed_in.send("/accounts/reauthenticate/?next=/accounts/email/", password=PASSWORD)
    free, taken = (
        cost_of(signed_in, "/accounts/email/", monkeypatch, email=email, action_add="")
        for email in ("free@example.org", "sven@example.org")
    )
    assert free == taken
    assert free[2] == 1


def test_a_known_address_that_signs_up_gets_no_second_account(orla: User) -> None:
    Person().sign_up(orla.email)
    assert User.objects.count() == EmailAddress.objects.count() == 1


def test_a_neighbour_on_the_network_cannot_keep_a_known_browser_from_a_new_password(
    signed_in: Person, orla: User
) -> None:
    signed_in.send("/accounts/logout/")
    signed_in.send("/accounts/password/reset/", email=orla.email)
    neighbour = Person()
    neighbour.client.defaults["REMOTE_ADDR"] = "127.0.0.77"
    for _ in range(25):
        neighbour.send("/accounts/password/reset/complete/", page="/accounts/login/", follow=False)
    signed_in.type_code(emailed_code(orla.email), "/accounts/password/reset/confirm/")
    new = "another twelve characters"
    signed_in.send("/accounts/password/reset/complete/", password1=new, password2=new)
    assert signed_in.is_signed_in()
