"""No account form or flow sends email without limit: these tests use each one that allauth has, from one network."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import allauth
import pytest
import requests
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.webauthn.internal import auth as passkeys
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers import registry
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from django.core import mail
from limits import parse
from pytest_django import Settings

from letters.adapters import AccountAdapter, _best_of
from letters.models import User
from tests.accounts.people import PASSWORD, Person, emailed_code, forget_tries, mailed_to, make_account
from tests.accounts.provider import PERSON, Provider
from tests.accounts.test_limits import Cost, cost_of
from tests.accounts.test_second_factor import SECRET, code_of
from tests.people import Response, solve, words

# The notices about apps and recovery codes leave after commit.
pytestmark = pytest.mark.django_db(transaction=True)

ELSEWHERE = "ola@elsewhere.example"
UNKNOWN = "nobody@example.org"
NEW_PASSWORD = "a whole train full of sleepers"
LIMITS = ["MAIL", "MAIL_ANYWHERE", "NETWORK_SOFT", "NETWORK_HARD", "SITE", "NOTICES"]


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider() as provider:
        yield provider


@pytest.fixture(autouse=True)
def _a_provider(provider: Provider, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Configure sign-in with an account elsewhere."""
    registry.load()
    monkeypatch.setitem(registry.provider_map, OpenIDConnectProvider.id, OpenIDConnectProvider)
    app = {"provider_id": "oidc", "name": "Elsewhere", "client_id": "we", "secret": "x"}
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {"APPS": [{**app, "settings": {"server_url": provider.url}}]},
    }
    settings.ROOT_URLCONF = "tests.accounts.urls_with_provider"


@pytest.fixture
def unconfirmed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the provider return an unconfirmed address."""
    monkeypatch.setitem(PERSON, "email_verified", False)


@pytest.fixture
def untold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the provider return no address."""
    monkeypatch.delitem(PERSON, "email")


def come_from_elsewhere(person: Person, query: str = "") -> Response:
    """Sign in with the account elsewhere."""
    url = f"/accounts/oidc/oidc/login/{query}"
    sent = person.send(url, follow=False)
    assert sent.status_code == 302, words(sent)
    said_yes = requests.get(sent.headers["Location"], allow_redirects=False, timeout=10)
    back = urlsplit(said_yes.headers["Location"])
    return person.client.get(f"{back.path}?{back.query}", follow=True)


# Every flow that sends email: its preparation, then the step that sends. Each sends one email within the limits.

Prepared = Callable[[], Response]


def signs_up(person: Person) -> Prepared:
    return lambda: person.sign_up(UNKNOWN)


def signs_up_with_a_known_address(person: Person) -> Prepared:
    make_account()
    return lambda: person.sign_up("orla@example.org")


def signs_up_with_a_passkey(person: Person) -> Prepared:
    return lambda: person.send("/accounts/signup/passkey/", email=UNKNOWN)


def signs_in_before_confirming(person: Person) -> Prepared:
    Person().sign_up(UNKNOWN)
    return lambda: person.sign_in(UNKNOWN)


def asks_for_a_code(person: Person) -> Prepared:
    make_account()
    return lambda: person.send("/accounts/login/code/", email="orla@example.org")


def asks_for_a_code_to_an_unknown_address(person: Person) -> Prepared:
    return lambda: person.send("/accounts/login/code/", email=UNKNOWN)


def asks_for_another_code(person: Person) -> Prepared:
    asks_for_a_code(person)()
    return lambda: person.send("/accounts/login/code/confirm/", action="resend")


def asks_for_another_code_while_signing_up(person: Person) -> Prepared:
    person.sign_up(UNKNOWN)
    return lambda: person.send("/accounts/confirm-email/", action="resend")


def asks_for_a_new_password(person: Person) -> Prepared:
    make_account()
    return lambda: person.send("/accounts/password/reset/", email="orla@example.org")


def asks_for_a_new_password_to_an_unknown_address(person: Person) -> Prepared:
    return lambda: person.send("/accounts/password/reset/", email=UNKNOWN)


def sets_a_new_password_by_code(person: Person) -> Prepared:
    asks_for_a_new_password(person)()
    person.type_code(emailed_code("orla@example.org"), "/accounts/password/reset/confirm/")
    url = "/accounts/password/reset/complete/"
    return lambda: person.send(url, password1=NEW_PASSWORD, password2=NEW_PASSWORD)


def is_signed_in(person: Person) -> User:
    user = make_account()
    person.sign_in(user.email)
    person.send("/accounts/reauthenticate/", password=PASSWORD)
    return user


def adds_an_address(person: Person) -> Prepared:
    is_signed_in(person)
    return lambda: person.send("/accounts/email/", email=UNKNOWN, action_add="")


def types_the_code_for_a_new_address(person: Person) -> Prepared:
    adds_an_address(person)()
    digits = emailed_code(UNKNOWN)
    return lambda: person.type_code(digits)


def with_another_address(person: Person) -> None:
    user = is_signed_in(person)
    EmailAddress.objects.create(user=user, email=UNKNOWN)


def asks_for_the_code_of_an_unconfirmed_address(person: Person) -> Prepared:
    with_another_address(person)
    return lambda: person.send("/accounts/email/", email=UNKNOWN, action_send="")


def removes_an_address(person: Person) -> Prepared:
    with_another_address(person)
    return lambda: person.send("/accounts/email/", email=UNKNOWN, action_remove="")


def prefers_another_address(person: Person) -> Prepared:
    with_another_address(person)
    EmailAddress.objects.filter(email=UNKNOWN).update(verified=True)
    return lambda: person.send("/accounts/email/", email=UNKNOWN, action_primary="")


def changes_the_password(person: Person) -> Prepared:
    is_signed_in(person)
    fields: dict[str, Any] = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    return lambda: person.send("/accounts/password/change/", **fields)


def sets_a_first_password(person: Person) -> Prepared:
    user = make_account(password=None)
    person.send("/accounts/login/code/", email=user.email)
    person.type_code(emailed_code(user.email), "/accounts/login/code/confirm/")
    url = "/accounts/password/set/"
    return lambda: person.send(url, password1=NEW_PASSWORD, password2=NEW_PASSWORD)


def sets_up_an_app(person: Person) -> Prepared:
    is_signed_in(person)
    page = person.get("/accounts/2fa/totp/activate/")
    found = SECRET.search(page.content.decode())
    assert found
    # Otherwise the codes are made together with the app, which sends another email.
    RecoveryCodes.activate(User.objects.get())
    return lambda: person.send("/accounts/2fa/totp/activate/", page=page, code=code_of(found[1]))


def with_an_app(person: Person) -> None:
    sets_up_an_app(person)()
    # The code worked once.
    forget_tries()


def removes_the_app(person: Person) -> Prepared:
    with_an_app(person)
    return lambda: person.send("/accounts/2fa/totp/deactivate/")


def asks_for_other_recovery_codes(person: Person) -> Prepared:
    with_an_app(person)
    return lambda: person.send("/accounts/2fa/recovery-codes/generate/")


def adds_a_passkey(person: Person) -> Prepared:
    with_an_app(person)
    return lambda: person.send("/accounts/2fa/webauthn/add/", name="The old phone", credential='{"id": "x"}')


def removes_a_passkey(person: Person) -> Prepared:
    with_an_app(person)
    key = passkeys.WebAuthn.add(User.objects.get(), "The old phone", {}).instance
    return lambda: person.send(f"/accounts/2fa/webauthn/keys/{key.pk}/remove/")


def comes_from_a_provider_for_the_first_time(person: Person) -> Prepared:
    return lambda: come_from_elsewhere(person)


def comes_from_a_provider_again(person: Person) -> Prepared:
    come_from_elsewhere(Person())
    return lambda: come_from_elsewhere(person)


def comes_from_a_provider_with_a_known_address(person: Person) -> Prepared:
    make_account(ELSEWHERE)
    return lambda: come_from_elsewhere(person)


def signs_up_from_a_provider_that_tells_no_address(person: Person) -> Prepared:
    PERSON.pop("email")
    come_from_elsewhere(person)
    return lambda: person.send("/accounts/3rdparty/signup/", email=UNKNOWN)


def signs_up_from_a_provider_with_a_known_address(person: Person) -> Prepared:
    make_account()
    PERSON.pop("email")
    come_from_elsewhere(person)
    return lambda: person.send("/accounts/3rdparty/signup/", email="orla@example.org")


def connects_a_provider(person: Person) -> Prepared:
    is_signed_in(person)
    return lambda: come_from_elsewhere(person, "?process=connect")


def disconnects_a_provider(person: Person) -> Prepared:
    connects_a_provider(person)()
    account = SocialAccount.objects.get()
    return lambda: person.send("/accounts/3rdparty/", account=str(account.pk))


# And the templates of that email.
FLOWS: dict[Callable[[Person], Prepared], str] = {
    signs_up: "account/email/email_confirmation",
    signs_up_with_a_known_address: "account/email/account_already_exists",
    signs_up_with_a_passkey: "account/email/email_confirmation",
    signs_in_before_confirming: "account/email/email_confirmation",
    asks_for_a_code: "account/email/login_code",
    asks_for_a_code_to_an_unknown_address: "account/email/unknown_account",
    asks_for_another_code: "account/email/login_code",
    asks_for_another_code_while_signing_up: "account/email/email_confirmation",
    asks_for_a_new_password: "account/email/password_reset_code",
    asks_for_a_new_password_to_an_unknown_address: "account/email/unknown_account",
    sets_a_new_password_by_code: "account/email/password_reset",
    adds_an_address: "account/email/email_confirmation",
    types_the_code_for_a_new_address: "account/email/email_changed",
    asks_for_the_code_of_an_unconfirmed_address: "account/email/email_confirmation",
    removes_an_address: "account/email/email_deleted",
    prefers_another_address: "account/email/email_changed",
    changes_the_password: "account/email/password_changed",
    sets_a_first_password: "account/email/password_set",
    sets_up_an_app: "mfa/email/totp_activated",
    removes_the_app: "mfa/email/totp_deactivated",
    asks_for_other_recovery_codes: "mfa/email/recovery_codes_generated",
    adds_a_passkey: "mfa/email/webauthn_added",
    removes_a_passkey: "mfa/email/webauthn_removed",
    comes_from_a_provider_for_the_first_time: "account/email/email_confirmation",
    comes_from_a_provider_again: "account/email/email_confirmation",
    comes_from_a_provider_with_a_known_address: "account/email/account_already_exists",
    signs_up_from_a_provider_that_tells_no_address: "account/email/email_confirmation",
    signs_up_from_a_provider_with_a_known_address: "account/email/account_already_exists",
    connects_a_provider: "socialaccount/email/account_connected",
    disconnects_a_provider: "socialaccount/email/account_disconnected",
}
# Templates of allauth's that this site never uses: for links instead of codes, or for nothing.
NEVER_SENT = {"account/email/password_reset_key", "account/email/email_confirm"}


def allow(settings: Settings, rate: str) -> None:
    for name in LIMITS:
        setattr(settings, f"LIMIT_ACCOUNT_{name}", parse(rate))


def rows() -> list[int]:
    return [model.objects.count() for model in (User, EmailAddress, Authenticator, SocialAccount)]


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return which emails were made, by the start of their templates' names."""
    found: list[str] = []
    render = AccountAdapter.render_mail

    def noted(adapter: AccountAdapter, prefix: str, *args: Any, **kwargs: Any) -> Any:
        found.append(prefix)
        return render(adapter, prefix, *args, **kwargs)

    monkeypatch.setattr(AccountAdapter, "render_mail", noted)
    return found


@pytest.fixture
def _any_passkey_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passkeys, "parse_registration_response", lambda credential: credential)
    monkeypatch.setattr(passkeys, "complete_registration", lambda credential: credential)
    monkeypatch.setattr(passkeys, "begin_registration", lambda *_: {})


@pytest.mark.usefixtures("unconfirmed", "_any_passkey_is_right")
@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.__name__)
def test_no_email_leaves_beyond_the_limits_and_nothing_is_changed_without_it(
    flow: Callable[[Person], Prepared], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PERSON, "email", ELSEWHERE)  # Restore whatever a flow removes.
    allow(settings, "1000/hour")
    person = Person()
    send = flow(person)
    mail.outbox.clear()
    before = rows()
    passwords = list(User.objects.order_by("pk").values_list("password", "email"))
    forget_tries()
    allow(settings, "0/hour")
    page = send()
    assert mail.outbox == []
    assert "too many times" in words(page).lower() or page.status_code == 429, words(page)
    assert rows() == before
    assert list(User.objects.order_by("pk").values_list("password", "email")) == passwords
    # No message says that something was done, on this page or the next.
    assert "Saved" not in words(person.get("/accounts/login/")) + words(person.get("/accounts/"))


@pytest.mark.usefixtures("unconfirmed", "_any_passkey_is_right")
@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.__name__)
def test_each_of_these_flows_sends_one_email(
    flow: Callable[[Person], Prepared], settings: Settings, monkeypatch: pytest.MonkeyPatch, rendered: list[str]
) -> None:
    monkeypatch.setitem(PERSON, "email", ELSEWHERE)
    allow(settings, "1000/hour")
    send = flow(Person())
    mail.outbox.clear()
    rendered.clear()
    forget_tries()
    send()
    assert len(mail.outbox) == 1
    assert mail.outbox[0].extra_headers.keys() == {"Auto-Submitted", "Message-ID"}
    assert mail.outbox[0].extra_headers["Auto-Submitted"] == "auto-generated"
    # The email of a sign-up has its own name in allauth, and the same words.
    assert [prefix.removesuffix("_signup") for prefix in rendered] == [FLOWS[flow]]


def test_these_are_all_the_emails_that_there_are() -> None:
    folder = Path(allauth.__file__).parent / "templates"
    found = [str(file.relative_to(folder)) for file in folder.glob("*/email/*_subject.txt")]
    prefixes = {name.removesuffix("_subject.txt").removesuffix("_signup") for name in found}
    assert prefixes - NEVER_SENT == set(FLOWS.values())


# Use an account on another site


@pytest.mark.usefixtures("unconfirmed")
def test_signing_in_through_a_provider_again_and_again_causes_few_emails(settings: Settings) -> None:
    settings.LIMIT_ACCOUNT_MAIL = parse("2/hour")
    pages = [come_from_elsewhere(Person()) for _ in range(4)]
    assert len(mailed_to(ELSEWHERE)) == 2
    assert [page.status_code for page in pages] == [200, 200, 429, 429]
    assert EmailAddress.objects.filter(verified=True).count() == 0


@pytest.mark.usefixtures("untold")
def test_signing_up_through_a_provider_needs_a_proof_like_any_sign_up(settings: Settings) -> None:
    settings.LIMIT_ACCOUNT_NETWORK_SOFT, settings.PROOF_TRIES = parse("1/hour"), 20
    Person().sign_up("first@example.org")
    person = Person()
    come_from_elsewhere(person)
    page = person.send("/accounts/3rdparty/signup/", email=UNKNOWN)
    assert "short check" in words(page)
    assert not mailed_to(UNKNOWN)
    person.send("/accounts/3rdparty/signup/", page=page, email=UNKNOWN, proof=solve(page))
    assert len(mailed_to(UNKNOWN)) == 1


@pytest.mark.usefixtures("untold")
def test_signing_up_through_a_provider_looks_and_costs_the_same_for_every_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_account("nora@example.org")
    costs: list[Cost] = []
    pages: list[str] = []
    for email in ("nina@example.org", "nora@example.org"):
        person = Person()
        come_from_elsewhere(person)
        costs.append(cost_of(person, "/accounts/3rdparty/signup/", monkeypatch, email=email))
        pages.append(words(person.get("/accounts/confirm-email/")).replace(email, ""))
        # The result is as if the first sign-up had never happened.
        SocialAccount.objects.all().delete()
    assert costs[0] == costs[1]
    assert costs[0][2] == 1
    assert pages[0] == pages[1]
    assert not SocialAccount.objects.exists()


def test_a_stranger_who_types_an_address_first_does_not_keep_out_its_owner_from_a_provider() -> None:
    Person().sign_up(ELSEWHERE)
    person = Person()
    come_from_elsewhere(person)
    assert person.is_signed_in()


@pytest.mark.django_db
def test_if_a_provider_gives_many_addresses_one_is_kept() -> None:
    told = [
        EmailAddress(email="stranger@example.org", verified=False, primary=True),
        EmailAddress(email="old@elsewhere.example", verified=True),
        EmailAddress(email=ELSEWHERE, verified=True, primary=True),
    ]
    assert [each.email for each in _best_of(told)] == [ELSEWHERE]
    assert [each.email for each in _best_of(told[:2])] == ["old@elsewhere.example"]
    assert _best_of([]) == []
