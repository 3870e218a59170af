"""A copy of the database, or of Valkey's data, opens no account of an organizer."""

import os
import re
import subprocess
import sys
from datetime import timedelta

import pytest
import redis
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet
from django.conf import settings as project
from django.contrib.sessions.models import Session
from django.core.exceptions import FieldError
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from pytest_django import Settings

from letters.models import User
from letters.shared.fields import decrypt_email, encrypt_email
from letters.shared.sessions import SessionStore, stored_key
from tests.accounts.people import PASSWORD, Person, emailed_code
from tests.people import words

pytestmark = pytest.mark.django_db

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def cookie_of(person: Person) -> str:
    return person.client.cookies["sessionid"].value


def dump() -> str:
    """Every row of every table, as text."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
        tables = [name for (name,) in cursor.fetchall()]
        rows = []
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t')  # noqa: S608 -- from PostgreSQL's own list
            rows += [row for (row,) in cursor.fetchall()]
    return "\n".join(rows)


def test_only_the_cookie_holds_the_key_of_a_session(signed_in: Person) -> None:
    key = cookie_of(signed_in)
    assert key not in dump()
    assert Session.objects.get().session_key == UserSession.objects.get().session_key == stored_key(key)


def test_nothing_in_the_database_opens_a_session(signed_in: Person) -> None:
    thief = Person()
    for key in (Session.objects.get().session_key, UserSession.objects.get().session_key):
        thief.client.cookies["sessionid"] = key
        assert not thief.is_signed_in()
    assert signed_in.is_signed_in()


def test_emailed_codes_cannot_be_read_in_the_database(person: Person, orla: User) -> None:
    person.send("/accounts/login/code/", email=orla.email)
    digits = emailed_code(orla.email).replace(" ", "")
    stored = Session.objects.get().session_data
    assert SessionStore().decode(stored)["account_login"]["state"]["stages"]["login_by_code"]["data"]["code"] == digits
    # Nor is it stored as Django would store it: signed, but readable by everyone.
    assert "account_login" not in str(super(SessionStore, SessionStore()).decode(stored))
    assert digits not in dump()


def test_a_session_ends_when_its_encryption_key_is_removed(signed_in: Person, settings: Settings) -> None:
    settings.ADDRESS_KEYS = [Fernet.generate_key().decode()]
    assert not signed_in.is_signed_in()


def test_signing_in_changes_the_key_and_signing_out_deletes_it(person: Person, orla: User) -> None:
    person.send("/accounts/login/code/", email=orla.email)
    before = cookie_of(person)
    person.type_code(emailed_code(orla.email), "/accounts/login/code/confirm/")
    after = cookie_of(person)
    assert before != after
    assert [session.session_key for session in Session.objects.all()] == [stored_key(after)]
    person.send("/accounts/logout/")
    assert not Session.objects.filter(session_key=stored_key(after)).exists()


def test_an_invented_session_key_is_never_used(person: Person, orla: User) -> None:
    person.client.cookies["sessionid"] = "a" * 32
    person.sign_in(orla.email)
    assert cookie_of(person) != "a" * 32
    assert person.is_signed_in()


def test_a_new_password_keeps_this_browser_and_signs_out_the_others(orla: User) -> None:
    here, there = Person(), Person()
    here.sign_in(orla.email)
    there.sign_in(orla.email)
    new = "another twelve characters"
    here.send("/accounts/password/change/", oldpassword=PASSWORD, password1=new, password2=new)
    assert here.is_signed_in()
    assert not there.is_signed_in()
    assert words(here.get("/accounts/sessions/")).count("Signed in on") == 1


def test_djangos_command_deletes_ended_sessions(signed_in: Person) -> None:
    Session.objects.update(expire_date=timezone.now() - timedelta(days=1))
    call_command("clearsessions")
    assert not Session.objects.exists()


# Addresses


def test_no_address_of_an_account_is_in_the_database(signed_in: Person, orla: User) -> None:
    Person().sign_up("nina@example.org")
    signed_in.send("/accounts/reauthenticate/?next=/accounts/email/", password=PASSWORD)
    signed_in.send("/accounts/email/", email="orla@elsewhere.example", action_add="")
    everything = dump().lower()
    assert all(word not in everything for word in ("orla", "nina", "elsewhere.example", "@example.org"))


def test_one_address_is_stored_as_one_text_and_most_are_of_one_length(orla: User) -> None:
    assert encrypt_email("Orla@Example.org") == encrypt_email(orla.email)
    assert decrypt_email(encrypt_email(orla.email)) == orla.email
    assert len(encrypt_email("a@b.example")) == len(encrypt_email("a.rather.long.name@letters.example.org"))


def test_addresses_cannot_be_decrypted_with_another_key(orla: User, settings: Settings) -> None:
    stored = encrypt_email(orla.email)
    settings.ADDRESS_HASH_KEY = "another key, which is long enough for a key"
    with pytest.raises(InvalidTag):
        decrypt_email(stored)


def test_an_account_is_found_by_its_whole_address_in_upper_or_lower_case(orla: User) -> None:
    for model in (User, EmailAddress):
        assert model.objects.filter(email="ORLA@example.org").count() == 1
        assert model.objects.filter(email__iexact="Orla@Example.ORG").count() == 1
        assert model.objects.filter(email__in=["x@example.org", "orla@example.org"]).count() == 1
        assert list(model.objects.values_list("email", flat=True)) == [orla.email]
        with pytest.raises(FieldError):
            model.objects.filter(email__startswith="orla")
    assert list(EmailAddress.objects.values_list("user__email", flat=True)) == [orla.email]


def test_upper_and_lower_case_of_an_address_share_one_account(orla: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User(email="ORLA@EXAMPLE.ORG").save()
    other = User.objects.create_user("other@example.org")
    with pytest.raises(IntegrityError), transaction.atomic():
        EmailAddress.objects.create(user=other, email="Orla@example.org", verified=True)


def test_staff_find_an_account_by_its_whole_address(orla: User, person: Person) -> None:
    person.client.force_login(User.objects.create_superuser("staff@example.org"))
    page = words(person.get("/admin/letters/user/?q=Orla@example.org"))
    assert "1 result" in page
    assert "orla@example.org" in page
    assert "0 results" in words(person.get("/admin/letters/user/?q=orla"))


# From where people sign in


def test_only_the_kind_and_the_network_of_a_browser_are_kept(orla: User) -> None:
    person = Person()
    person.client.defaults |= {"REMOTE_ADDR": "203.0.113.77", "HTTP_USER_AGENT": FIREFOX}
    person.sign_in(orla.email)
    kept = UserSession.objects.get()
    assert (kept.ip, kept.user_agent) == ("203.0.113.0", "Firefox, Linux")
    assert "203.0.113.77" not in dump()
    assert "Gecko" not in dump()
    page = words(person.get("/accounts/sessions/"))
    assert "Firefox, Linux" in page
    assert "from the network 203.0.113.x" in page


def test_only_the_network_of_an_ipv6_address_is_kept(orla: User) -> None:
    person = Person()
    person.client.defaults["REMOTE_ADDR"] = "2001:db8:1:2:3:4:5:6"
    person.sign_in(orla.email)
    assert UserSession.objects.get().ip == "2001:db8:1::"
    assert "from the network 2001:db8:1:…" in words(person.get("/accounts/sessions/"))


def test_a_person_without_a_known_network_can_sign_in(orla: User) -> None:
    person = Person()
    person.client.defaults["REMOTE_ADDR"] = ""
    person.sign_in(orla.email)
    assert person.is_signed_in()


def test_valkey_knows_no_address_and_no_network(orla: User) -> None:
    person = Person()
    person.client.defaults["REMOTE_ADDR"] = "203.0.113.77"
    person.sign_in(orla.email, "not this one at all")
    person.send("/accounts/password/reset/", email=orla.email)
    Person().sign_up("nina@example.org")
    Person().sign_in(orla.email)
    with redis.Redis.from_url(project.VALKEY_URL) as valkey:
        keys = [key.decode() for pattern in ("cache:*", "limit:*") for key in valkey.scan_iter(pattern)]
    assert keys
    assert all(
        re.fullmatch(r"cache:[0-9a-f]{40}|limit:salt|limit:[A-Za-z]+/[a-z-]+/[0-9a-f]{32}/.*", key) for key in keys
    ), keys


# Cookies


def test_cookies_belong_to_this_host_alone_under_https() -> None:
    """Cookie names are set when the settings are read, so this needs another process."""
    show = "from petition import settings as s; print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.DEVICE_COOKIE_NAME)"
    names = {
        url: subprocess.run(
            [sys.executable, "-c", show],
            env={**os.environ, "LAPTOP": "1", "SITE_URL": url},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for url in ("https://letters.example.org", "http://localhost:8000")
    }
    assert names["https://letters.example.org"] == ["__Host-session", "__Host-csrf", "__Secure-device"]
    assert names["http://localhost:8000"] == ["sessionid", "csrftoken", "device"]


def test_a_browser_accepts_these_cookies_under_https(orla: User, settings: Settings) -> None:
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    settings.DEVICE_COOKIE_NAME = "__Secure-device"
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = settings.HTTPS = True
    person = Person()
    person.client.defaults |= {"wsgi.url_scheme": "https", "HTTP_ORIGIN": "https://testserver"}
    settings.CSRF_TRUSTED_ORIGINS = ["https://testserver"]
    person.sign_in(orla.email)
    cookies = person.client.cookies
    for name in ("__Host-session", "__Host-csrf", "__Secure-device"):
        assert cookies[name]["secure"], name
        assert not cookies[name]["domain"], name
    assert cookies["__Host-session"]["path"] == cookies["__Host-csrf"]["path"] == "/"
