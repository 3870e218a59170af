"""A second factor: setting it up, being asked for it, and needing one if the site requires it."""

import re
from pathlib import Path
from typing import Any

import allauth.mfa
import pytest
from allauth.mfa.base import forms as base_forms
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp_forms
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.mfa.webauthn import forms as webauthn_forms
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils.module_loading import import_string
from limits import parse
from pytest_django import Settings

from letters.base.accounts.guards import for_organizers
from letters.base.accounts.queries import has_second_factor
from letters.base.accounts.second_factors import CountsCodes, CountsPasskeys
from letters.models import User
from tests.accounts.people import PASSWORD, Person, emailed_code, forget_tries, mailed_to
from tests.people import words

pytestmark = pytest.mark.django_db

SECRET = re.compile(r'<code class="secret">([A-Z2-7]+)</code>')


def code_of(secret: str) -> str:
    """Return the current code of the app."""
    counter = next(iter(yield_hotp_counters_from_time()))
    return str(format_hotp_value(hotp_value(secret, counter)))


def set_up_app(person: Person) -> str:
    """Set up an authenticator app, and return its secret."""
    url = "/accounts/2fa/totp/activate/"
    person.send(f"/accounts/reauthenticate/?next={url}", password=PASSWORD)
    shown = person.get(url)
    found = SECRET.search(shown.content.decode())
    assert found
    page = person.send(url, page=shown, code=code_of(found[1]))
    assert page.redirect_chain, words(page)
    forget_tries()  # A code works once, and no test waits half a minute for the next.
    return found[1]


def recovery_codes(person: Person) -> list[str]:
    return re.findall(r"<code>(\d{8})</code>", person.get("/accounts/2fa/recovery-codes/").content.decode())


@pytest.mark.django_db(transaction=True)  # the email leaves after commit
def test_setting_up_an_app_sends_an_email(signed_in: Person, orla: User) -> None:
    set_up_app(signed_in)
    assert "An authenticator app was added" in mailed_to(orla.email)[-1]


def test_the_password_alone_does_not_open_an_account_with_an_app(signed_in: Person, orla: User) -> None:
    secret = set_up_app(signed_in)
    person = Person()
    assert "One more step" in words(person.sign_in(orla.email))
    assert not person.is_signed_in()
    page = person.send("/accounts/2fa/authenticate/", code=f"{(int(code_of(secret)) + 1) % 10**6:06}")
    assert "That code is wrong" in words(page)
    person.send("/accounts/2fa/authenticate/", code=code_of(secret))
    assert person.is_signed_in()


def test_an_emailed_code_alone_does_not_open_an_account_with_an_app(signed_in: Person, orla: User) -> None:
    set_up_app(signed_in)
    for start, confirm in [("login/code", "login/code/confirm"), ("password/reset", "password/reset/confirm")]:
        person = Person()
        person.send(f"/accounts/{start}/", email=orla.email)
        page = person.type_code(emailed_code(orla.email), f"/accounts/{confirm}/")
        if start == "password/reset":
            new = "another twelve characters"
            page = person.send("/accounts/password/reset/complete/", password1=new, password2=new)
        assert "One more step" in words(page)
        assert not person.is_signed_in()


def test_a_code_of_the_app_works_once(signed_in: Person, orla: User) -> None:
    code = code_of(set_up_app(signed_in))
    first, second = Person(), Person()
    for each in (first, second):
        each.sign_in(orla.email)
        each.send("/accounts/2fa/authenticate/", code=code)
    assert [first.is_signed_in(), second.is_signed_in()] == [True, False]


def wrong(secret: str) -> str:
    return f"{(int(code_of(secret)) + 500_000) % 10**6:06}"


def test_wrong_codes_from_someone_with_the_password_do_not_keep_the_owner_out(signed_in: Person, orla: User) -> None:
    secret = set_up_app(signed_in)
    thief = Person()
    thief.client.defaults["REMOTE_ADDR"] = "192.0.2.7"
    thief.sign_in(orla.email)
    for _ in range(5):
        assert "That code is wrong" in words(thief.send("/accounts/2fa/authenticate/", code=wrong(secret)))
    page = thief.send("/accounts/2fa/authenticate/", code=code_of(secret))
    assert "You have tried too many times." in words(page)
    assert not thief.is_signed_in()
    owner = Person()
    owner.sign_in(orla.email)
    owner.send("/accounts/2fa/authenticate/", code=code_of(secret))
    assert owner.is_signed_in()


def test_wrong_codes_over_all_networks_are_few_and_do_not_affect_a_known_browser(
    signed_in: Person, orla: User, settings: Settings
) -> None:
    secret = set_up_app(signed_in)
    settings.LIMIT_SECOND_FACTORS_ANYWHERE = parse("2/hour")
    pages = []
    for number in range(3):
        thief = Person()
        thief.client.defaults["REMOTE_ADDR"] = f"198.51.{number}.7"
        thief.sign_in(orla.email)
        pages.append(words(thief.send("/accounts/2fa/authenticate/", code=wrong(secret))))
    assert ["tried too many times" in page for page in pages] == [False, False, True]
    signed_in.send("/accounts/logout/")
    signed_in.sign_in(orla.email)
    signed_in.send("/accounts/2fa/authenticate/", code=code_of(secret))
    assert signed_in.is_signed_in()


def test_a_right_code_uses_up_no_try(signed_in: Person, orla: User, settings: Settings) -> None:
    set_up_app(signed_in)
    settings.LIMIT_GUESSES = parse("1/hour")
    for code in recovery_codes(signed_in)[:3]:
        person = Person()
        person.sign_in(orla.email)
        person.send("/accounts/2fa/authenticate/", code=code)
        assert person.is_signed_in()


def test_every_form_that_allauth_would_count_is_counted_by_us(settings: Settings) -> None:
    """allauth's own limit is off."""
    package = Path(str(allauth.mfa.__path__[0]))
    calls = re.compile(r"^ .*check_rate_limit\(", re.MULTILINE)
    files = [path for path in package.rglob("*.py") if calls.search(path.read_text(encoding="utf-8"))]
    assert sorted(str(path.relative_to(package)) for path in files) == [
        "base/forms.py",
        "totp/forms.py",
        "webauthn/forms.py",
    ]
    ours = [import_string(form) for form in settings.MFA_FORMS.values()]
    theirs = {
        *[base_forms.AuthenticateForm, base_forms.ReauthenticateForm, totp_forms.ActivateTOTPForm],
        *[webauthn_forms.AuthenticateWebAuthnForm, webauthn_forms.ReauthenticateWebAuthnForm],
    }
    assert {base for form in ours for base in form.__mro__} >= theirs
    assert all(issubclass(form, CountsCodes | CountsPasskeys) for form in ours if theirs & {*form.__mro__})


def test_a_recovery_code_works_once(signed_in: Person, orla: User) -> None:
    set_up_app(signed_in)
    codes = recovery_codes(signed_in)
    assert len(codes) == 10
    for expected in (True, False):
        person = Person()
        person.sign_in(orla.email)
        person.send("/accounts/2fa/authenticate/", code=codes[0])
        assert person.is_signed_in() is expected
    assert recovery_codes(signed_in) == codes[1:]


def test_the_secrets_are_encrypted_in_the_database(signed_in: Person) -> None:
    secret = set_up_app(signed_in)
    with connection.cursor() as cursor:
        cursor.execute("select string_agg(data::text, ' ') from mfa_authenticator")
        stored = cursor.fetchone()[0]
    assert secret not in stored
    assert not re.search(r'"(seed|secret)": "[0-9a-zA-Z]{1,64}"', stored)


def test_setting_up_a_second_factor_asks_for_the_password_again(signed_in: Person) -> None:
    for url in ("2fa/totp/activate/", "2fa/webauthn/add/", "2fa/recovery-codes/generate/"):
        page = signed_in.client.get(f"/accounts/{url}", follow=True)
        assert page.redirect_chain[0][0].startswith("/accounts/reauthenticate/"), url


def test_the_password_is_enough_again_once_the_app_is_removed(signed_in: Person, orla: User) -> None:
    set_up_app(signed_in)
    signed_in.send("/accounts/2fa/totp/deactivate/")
    assert not has_second_factor(orla)
    person = Person()
    person.sign_in(orla.email)
    assert person.is_signed_in()


# When a second factor is asked for


def test_the_site_knows_whether_someone_has_a_second_factor(signed_in: Person, orla: User) -> None:
    assert not has_second_factor(AnonymousUser())
    assert not has_second_factor(orla)
    set_up_app(signed_in)
    assert has_second_factor(orla)
    Authenticator.objects.exclude(type=Authenticator.Type.RECOVERY_CODES).delete()
    assert not has_second_factor(orla), "recovery codes alone are none"


@for_organizers
def desk(request: HttpRequest) -> HttpResponse:
    return HttpResponse("the desk")


def come_to_the_desk(user: User | AnonymousUser) -> Any:
    request = RequestFactory().get("/organize/letters/?page=2")
    request.user = user
    request.session = {}  # type: ignore[assignment]
    return desk(request)


def test_organizers_need_a_second_factor_only_if_the_site_requires_it(orla: User, settings: Settings) -> None:
    assert come_to_the_desk(AnonymousUser()).headers["Location"].startswith("/accounts/login/?next=/organize/letters/")
    assert come_to_the_desk(orla).content == b"the desk"
    settings.SECOND_FACTOR_REQUIRED = True
    assert come_to_the_desk(orla).headers["Location"] == "/accounts/2fa/"
    assert come_to_the_desk(AnonymousUser()).headers["Location"].startswith("/accounts/login/")


def test_setting_up_a_required_second_factor_leads_on_to_the_page_that_was_wanted(
    signed_in: Person, orla: User, settings: Settings
) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    User.objects.filter(pk=orla.pk).update(is_staff=True, is_superuser=True)
    page = signed_in.client.get("/admin/letters/letter/", follow=True)
    assert "you need two-step sign-in" in words(page)
    assert "Continue where you were" not in words(page)
    set_up_app(signed_in)
    page = signed_in.get("/accounts/2fa/")
    assert b'href="/admin/letters/letter/"' in page.content
    assert signed_in.get("/admin/letters/letter/").status_code == 200


# Django's admin


def test_the_admin_uses_the_same_sign_in(person: Person) -> None:
    User.objects.create_superuser("staff@example.org", PASSWORD)
    answer = person.get("/admin/letters/letter/")
    assert answer.status_code == 302
    page = person.client.get("/admin/letters/letter/", follow=True)
    assert page.redirect_chain[-1][0].startswith("/accounts/login/?next=")
    page = person.sign_in("staff@example.org", way_on="/admin/letters/letter/")
    assert page.redirect_chain == [("/admin/letters/letter/", 302)]
    assert page.status_code == 200


def test_the_sign_in_form_of_the_admin_takes_no_password(person: Person) -> None:
    """Otherwise the admin would get around the second factor."""
    User.objects.create_superuser("staff@example.org", PASSWORD)
    client = Client()
    answer = client.post("/admin/login/", {"username": "staff@example.org", "password": PASSWORD})
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/accounts/login/")
    assert "sessionid" not in client.cookies


def test_a_superuser_is_asked_for_the_second_factor(person: Person) -> None:
    User.objects.create_superuser("staff@example.org", PASSWORD)
    person.sign_in("staff@example.org")
    set_up_app(person)
    again = Person()
    again.sign_in("staff@example.org", way_on="/admin/")
    assert again.get("/admin/").status_code == 302


def test_people_who_are_not_staff_stay_out_of_the_admin(signed_in: Person) -> None:
    page = signed_in.client.get("/admin/", follow=True)
    assert page.status_code == 403


def test_the_admin_writes_to_no_table_of_accounts(person: Person) -> None:
    User.objects.create_superuser("staff@example.org", PASSWORD)
    person.sign_in("staff@example.org")
    page = person.get("/admin/").content.decode()
    assert {app for app, noun in re.findall(r'href="/admin/([a-z]+)/([a-z]+)/"', page)} == {"letters"}
