"""The page that people get while the site is being maintained."""

import re
from collections.abc import Callable
from math import ceil

from django.db import Error as DatabaseErrors
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.utils import timezone

from letters.base.switches.queries import Maintenance, maintenance

SAFE = {"GET", "HEAD", "OPTIONS"}
# Beginnings of the pages that are closed even to readers, who are about to type or press something there. Some of them
# have a language before.
CLOSED = re.compile(r"/(?:accounts|moderate|organize|site|(?:[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*/)?signatures)/")
# Nobody asks for these again: mail programs and email providers send them once. And staff sign in with the others.
STILL_TAKEN = {
    *["unsubscribe", "switch_emails_off", "decline", "tracking"],
    *["account_login", "account_logout", "account_confirm_login_code", "account_request_login_code"],
    *["mfa_authenticate", "mfa_login_webauthn", "account_reauthenticate", "mfa_reauthenticate"],
}
# Without a time, browsers and programs are asked to come back after this long.
USUAL_SECONDS = 300


class MaintenanceMode:
    """Middleware: while the switch is on, everyone but staff reads public pages and does nothing else.

    What people send is not taken, except what they cannot send again.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method in SAFE and not CLOSED.match(request.path_info):
            return self.get_response(request)
        under_way = maintenance()
        if under_way is None or _is_still_taken(request) or _is_of_staff(request):
            return self.get_response(request)
        return maintenance_page(request, under_way)


def maintenance_page(request: HttpRequest, under_way: Maintenance, *, is_readable: bool = True) -> HttpResponse:
    """Say that nothing was saved, when to come back, and whether letters can be read meanwhile."""
    until = under_way.until if under_way.until and under_way.until > timezone.now() else None
    seconds = ceil((until - timezone.now()).total_seconds()) if until else USUAL_SECONDS
    words = {"until": until, "was_sent": request.method not in SAFE, "is_readable": is_readable}
    page = render(request, "maintenance.html", words, status=503)
    page.headers["Retry-After"] = str(seconds)
    page.headers["Cache-Control"] = "no-store"
    return page


def _is_still_taken(request: HttpRequest) -> bool:
    try:
        return resolve(request.path_info).url_name in STILL_TAKEN
    except Resolver404:
        return False


def _is_of_staff(request: HttpRequest) -> bool:
    try:
        return request.user.is_active and request.user.is_staff
    except DatabaseErrors:
        return False
