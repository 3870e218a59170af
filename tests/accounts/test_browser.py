"""Accounts in a real browser, under the real Content-Security-Policy: passkeys above all, and how the pages look."""

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.accessibility import complaints, follow
from tests.accounts.provider import PERSON, Provider
from tests.stack import Site, running_site, text_of, until
from tests.test_journeys import Visit, browser, visitor

__all__ = ["browser", "visitor"]

pytestmark = pytest.mark.xdist_group("stack")

PASSWORD = "seven sleepers in a night train"
DIGITS = re.compile(r"^\s*(\d{3} \d{3})\s*$", re.MULTILINE)


@pytest.fixture(autouse=True)
def _worker_at_once() -> None:
    """Use the real web server."""


@pytest.fixture(autouse=True)
def _quick_passwords() -> None:
    """Use the real mail server and worker."""


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider() as provider:
        yield provider


@pytest.fixture(scope="module")
def site(provider: Provider) -> Iterator[Site]:
    with pytest.MonkeyPatch.context() as patch:
        # All these people are on one network.
        patch.setenv("LIMIT_ACCOUNT_NETWORK_SOFT", "1000/hour")
        patch.setenv("LIMIT_ACCOUNT_NETWORK_HARD", "1000/hour")
        for name, value in {"URL": provider.url, "NAME": "Elsewhere", "CLIENT_ID": "we", "CLIENT_SECRET": "x"}.items():
            patch.setenv(f"OIDC_{name}", value)
        with running_site() as site:
            yield site


def an_address() -> str:
    return f"nina-{uuid4().hex[:8]}@example.org"


def type_the_digits(page: Page, site: Site, email: str, number: int = 1) -> None:
    until(lambda: len(site.mails_to(email)) >= number)
    digits = DIGITS.search(text_of(site.mails_to(email)[number - 1]))
    assert digits
    page.get_by_label("Code from the email").fill(digits[1])
    page.get_by_role("button", name="Confirm").click()


def sign_up(page: Page, site: Site) -> str:
    email = an_address()
    page.goto("/accounts/signup/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create an account").click()
    type_the_digits(page, site, email)
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account")
    return email


def sign_out(page: Page) -> None:
    page.goto("/accounts/logout/")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You have signed out.")).to_be_visible()


def give_it_a_fingerprint_reader(page: Page) -> None:
    """Add Chromium's virtual authenticator, which stores passkeys and accepts every fingerprint."""
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": {**options, "isUserVerified": True}})


def test_an_account_works_without_javascript(site: Site, visitor: Visit) -> None:
    page = visitor(java_script_enabled=False)
    email = sign_up(page, site)
    sign_out(page)
    page.get_by_role("link", name="Email me a code").click()
    page.get_by_label("Email").fill(email)
    page.get_by_role("button", name="Email me a code").click()
    type_the_digits(page, site, email, 2)
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account")


def test_an_account_can_have_a_passkey_and_no_password(site: Site, visitor: Visit) -> None:
    page, email = visitor(), an_address()
    give_it_a_fingerprint_reader(page)
    page.goto("/accounts/signup/passkey/")
    page.get_by_label("Email").fill(email)
    page.get_by_role("button", name="Continue").click()
    type_the_digits(page, site, email)
    page.get_by_role("button", name="Create a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account")
    expect(page.get_by_text("1 passkey.")).to_be_visible()

    sign_out(page)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account")
    expect(page.get_by_role("link", name=email)).to_be_visible()


def test_a_passkey_works_as_a_second_factor(site: Site, visitor: Visit) -> None:
    page = visitor()
    give_it_a_fingerprint_reader(page)
    email = sign_up(page, site)
    page.goto("/accounts/2fa/webauthn/add/")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Name of the passkey").fill("The old phone")
    page.get_by_role("button", name="Create a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    assert page.locator(".codes li").count() == 10

    sign_out(page)
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("One more step")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account")

    # Then authenticate again.
    page.goto("/accounts/2fa/totp/activate/")
    page.get_by_role("link", name="passkey").click()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Set up an authenticator app")
    page.goto("/accounts/2fa/webauthn/")
    expect(page.get_by_role("term").get_by_text("The old phone")).to_be_visible()
    page.get_by_role("link", name="Remove").click()
    page.get_by_role("button", name="Remove passkey").click()
    expect(page.get_by_text("You have no passkeys.")).to_be_visible()


def test_a_person_without_a_passkey_or_who_cancels_gets_a_message(visitor: Visit) -> None:
    page = visitor()
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    page.goto("/accounts/login/")
    page.evaluate("() => { navigator.credentials.get = () => Promise.reject(new Error()); }")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text("The passkey did not work, or it took too long.")).to_be_visible()


def test_an_account_elsewhere_signs_in_here_and_little_of_it_is_kept(
    site: Site, visitor: Visit, provider: Provider
) -> None:
    page = visitor()
    page.goto("/accounts/login/")
    page.get_by_role("link", name="Elsewhere").click()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account")
    expect(page.get_by_role("link", name=PERSON["email"])).to_be_visible()
    assert PERSON["name"] not in page.content()

    page.goto("/accounts/3rdparty/")
    expect(page.get_by_role("radio")).to_be_visible()
    sign_out(page)
    page.get_by_role("link", name="Elsewhere").click()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account")


def test_on_a_laptop_the_organizer_signs_in_with_the_password_that_make_run_shows(site: Site, visitor: Visit) -> None:
    password = re.search(r"organizer@example.org, password (\S+)", site.run.output)
    assert password
    page = visitor()
    page.goto("/admin/")
    page.get_by_label("Email").fill("organizer@example.org")
    page.get_by_label("Password").fill(password[1])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/login/" not in url)
    expect(page.get_by_role("heading", level=1)).to_have_text("Site administration")


# How it looks


PAGES = {
    "sign in": "/accounts/login/",
    "sign in with nothing typed": "/accounts/login/",
    "sign up": "/accounts/signup/",
    "sign up with a passkey": "/accounts/signup/passkey/",
    "code": "/accounts/login/code/",
    "new password": "/accounts/password/reset/",
    "to the provider": "/accounts/oidc/oidc/login/",
}
OWN_PAGES = {
    "account": "/accounts/",
    "address": "/accounts/email/",
    "password": "/accounts/password/change/",
    "two steps": "/accounts/2fa/",
    "is it you": "/accounts/2fa/webauthn/add/",
    "sessions": "/accounts/sessions/",
    "elsewhere": "/accounts/3rdparty/",
    "sign out": "/accounts/logout/",
    "close": "/accounts/close/",
}
OPENED_PAGES = {
    "new passkey": "/accounts/2fa/webauthn/add/",
    "app": "/accounts/2fa/totp/activate/",
    "passkeys": "/accounts/2fa/webauthn/",
    "recovery codes": "/accounts/2fa/recovery-codes/",
    "other recovery codes": "/accounts/2fa/recovery-codes/generate/",
}


@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(width: int, site: Site, visitor: Visit) -> None:
    page = visitor(viewport={"width": width, "height": 800})
    give_it_a_fingerprint_reader(page)
    reports: list[str] = []
    for what, url in PAGES.items():
        page.goto(url)
        if "nothing typed" in what:
            page.get_by_role("button", name="Sign in").click()
            page.locator("p.error").first.wait_for()
        reports += complaints(page, what, width)
    page.goto("/accounts/login/code/")
    page.get_by_label("Email").fill(an_address())
    follow(page.get_by_role("button", name="Email me a code"))
    reports += complaints(page, "digits", width)
    page.get_by_role("button", name="Start again").click()

    sign_up(page, site)
    for what, url in OWN_PAGES.items():
        page.goto(url)
        reports += complaints(page, what, width)
    page.goto("/accounts/2fa/webauthn/add/")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Create a passkey").click()
    page.wait_for_url("**/recovery-codes/")
    for what, url in OPENED_PAGES.items():
        page.goto(url)
        reports += complaints(page, what, width)
    assert reports == []


def test_the_page_says_so_if_the_provider_is_unavailable(visitor: Visit, provider: Provider) -> None:
    """This is the last test with the provider, which does not start again."""
    provider.stop()
    page = visitor()
    page.goto("/accounts/oidc/oidc/login/")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("We could not sign you in")
