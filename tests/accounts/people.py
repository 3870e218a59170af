"""A person with a browser who has an account, or wants one."""

import re
from typing import Any

import redis
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import mail

from letters.models import User
from tests.people import Reader, Response

PASSWORD = "seven sleepers in a night train"
DIGITS = re.compile(r"^ *(\d{3} \d{3})$", re.MULTILINE)
TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="([^"]+)"')


class Person(Reader):
    def send(self, url: str, *, page: "str | Response" = "", follow: bool = True, **fields: Any) -> Response:
        """Open a page, unless it is already open, and send its form. Return the next page."""
        shown = self.get(page or url) if isinstance(page, str) else page
        token = TOKEN.search(shown.content)
        assert token, f"{page or url} has no form"
        sent = {"csrfmiddlewaretoken": token[1].decode(), **fields}
        return self.client.post(url, sent, headers={"Sec-Fetch-Site": "same-origin"}, follow=follow)

    def sign_up(self, email: str, password: str = PASSWORD) -> Response:
        return self.send("/accounts/signup/", email=email, password1=password)

    def sign_in(self, email: str, password: str = PASSWORD, *, way_on: str = "") -> Response:
        query = f"?next={way_on}" if way_on else ""
        return self.send(f"/accounts/login/{query}", login=email, password=password)

    def type_code(self, digits: str, url: str = "/accounts/confirm-email/") -> Response:
        return self.send(url, code=digits)

    def is_signed_in(self) -> bool:
        return self.get("/accounts/").status_code == 200


def mailed_to(email: str) -> list[str]:
    """Return subject and text of the emails to an address, oldest first."""
    return [f"{message.subject}\n{message.body}" for message in mail.outbox if message.to == [email]]


def emailed_code(email: str) -> str:
    """Return the code in the newest email to an address."""
    mails = mailed_to(email)
    assert mails, f"no mail to {email}"
    found = DIGITS.search(mails[-1])
    assert found, mails[-1]
    return found[1]


def other_than(digits: str) -> str:
    return f"{(int(digits.replace(' ', '')) + 1) % 1_000_000:06}"


def make_account(email: str = "orla@example.org", password: str | None = PASSWORD, **values: Any) -> User:
    """Create an account with a confirmed address."""
    user = User.objects.create_user(email, password, **values)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def forget_tries() -> None:
    """Reset the limits."""
    # Do not flush the whole database: Celery stores its queues there.
    with redis.Redis.from_url(settings.VALKEY_URL) as connection:
        if keys := [*connection.scan_iter("cache:*"), *connection.scan_iter("limit:*")]:
            connection.delete(*keys)
