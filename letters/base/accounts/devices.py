"""Recognise a browser that has signed in before.

Strangers who type its owner's address then cannot use up its attempts. Privacy: the cookie gives access to nothing and
names no address, only keyed hashes of those that signed in here.
"""

import secrets
from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

from letters.shared.addresses import hash_address

SALT = "letters.base.accounts.device"
LIFETIME_SECONDS = 180 * 24 * 60 * 60
# Enough for a family's computer. A longer list would not fit into a cookie.
MAX_ACCOUNTS = 5


@dataclass(frozen=True)
class Device:
    """A browser with a random name, and the accounts that have signed in with it."""

    name: str
    accounts: tuple[str, ...] = ()


def known_device(request: HttpRequest, email: str) -> str:
    """Return the name of the browser, if this address has signed in with it before; otherwise ""."""
    device = _read(request)
    return device.name if device and _mark(email) in device.accounts else ""


def remember(request: HttpRequest, response: HttpResponseBase, email: str) -> None:
    """Remember the browser of a person who is signed in."""
    device = _read(request) or Device(secrets.token_hex(16))
    mark = _mark(email)
    if mark in device.accounts:
        return
    accounts = [mark, *device.accounts][:MAX_ACCOUNTS]
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        signing.dumps([device.name, *accounts], salt=SALT),
        max_age=LIFETIME_SECONDS,
        path="/accounts/",
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )


def _read(request: HttpRequest) -> Device | None:
    cookie = request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "")
    try:
        name, *accounts = signing.loads(cookie, salt=SALT, max_age=LIFETIME_SECONDS)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return Device(name, tuple(accounts))


def _mark(email: str) -> str:
    return hash_address(f"device:{email.lower()}").hex()[:32]
