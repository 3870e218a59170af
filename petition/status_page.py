"""The page "Status" for superusers: whether each part of the site works, in words, and what to do if not.

Privacy: it says no more about signers than /metrics does. See docs/threat-model.md.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from letters.base.accounts.guards import of_superusers
from letters.models import User
from letters.schedule import QUEUES
from letters.shared import counting
from letters.shared.numbers import in_tens
from petition import heartbeats
from petition.checkup.witnesses import states
from petition.error_reports import release
from petition.health import MAX_MAIL_WAITS_SECONDS, Check, recent_checks
from petition.numbers import Numbers, recent_numbers

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

MAX_LAG_SECONDS = 60
MANY_WAIT = 500
# Less of the disk than this is too little for exports and the next release.
LEAST_FREE = 0.1

WORK: dict[str, "_StrPromise"] = {
    "accounts": gettext_lazy("Emails to people with accounts"),
    "bulk": gettext_lazy("Emails that collectives write, and tidying up"),
    "confirmations": gettext_lazy("Emails to signers"),
    "exports": gettext_lazy("Exports and public lists"),
    "publishing": gettext_lazy("Numbers of signatures"),
    "webhooks": gettext_lazy("Messages to other programs"),
}


@dataclass(frozen=True)
class Part:
    """One part of the site: whether it works, what is the case, and what to do if it does not work."""

    name: str
    works: bool
    says: str
    to_do: str = ""


@require_safe
@of_superusers
def status(request: HttpRequest, superuser: User) -> HttpResponse:
    """Show every part of the site, those with a problem first."""
    found = [*_of_checks(), *_of_numbers(recent_numbers()), *_witnesses(), _disk(), _version()]
    parts = sorted(found, key=lambda part: part.works)
    failing = sum(not part.works for part in parts)
    return render(request, "letters/site_roles/status.html", {"parts": parts, "failing": failing})


def _of_checks() -> Iterator[Part]:
    checks = {check.name: check for check in recent_checks()}
    yield _simple(
        checks["database"],
        gettext("Database"),
        gettext("Check that PostgreSQL is running and that DATABASE_URL is right."),
    )
    migrations = checks["migrations"]
    says = gettext("The tables fit this version.") if migrations.ok else gettext("The tables do not fit this version.")
    yield _part(migrations, gettext("Tables"), says, gettext("Run “manage.py migrate”."))
    record = checks["record"]
    says = gettext("Every log can be signed.") if record.ok else gettext("A log is not signed, because it is in doubt.")
    yield _part(record, gettext("Signed logs"), says, gettext("Run “manage.py close_log”, which says why."))
    to_do = gettext("Check that the broker is running and that BROKER_URL is right.")
    yield _simple(checks["broker"], gettext("Broker"), to_do)
    to_do = gettext("Check that Valkey is running. Until then nobody can sign in, and signing has no limits.")
    yield _simple(checks["Valkey"], "Valkey", to_do)
    yield _heard(checks[heartbeats.CLOCK], gettext("Clock"), gettext("Start “celery beat” again, exactly once."))
    for queue in QUEUES:
        to_do = gettext("Start a worker for the queue “%(queue)s” again.") % {"queue": queue}
        yield _heard(checks[heartbeats.worker_of(queue)], str(WORK.get(queue, queue)), to_do)


def _part(check: Check, name: str, says: str, to_do: str) -> Part:
    return Part(name, check.ok, says, "" if check.ok else to_do)


def _simple(check: Check, name: str, to_do: str) -> Part:
    return _part(check, name, gettext("It answers.") if check.ok else gettext("It does not answer."), to_do)


def _heard(check: Check, name: str, to_do: str) -> Part:
    if check.number is None:
        return _part(check, name, gettext("It has not reported for ten minutes or more."), to_do)
    seconds = int(check.number)
    says = ngettext("It last reported %(seconds)d second ago.", "It last reported %(seconds)d seconds ago.", seconds)
    return _part(check, name, says % {"seconds": seconds}, to_do)


def _of_numbers(numbers: Numbers | None) -> Iterator[Part]:
    if numbers is None:
        return
    minutes = numbers.oldest_unsent_email // 60
    emails = _wait(
        gettext("Unsent emails"),
        numbers.oldest_unsent_email < MAX_MAIL_WAITS_SECONDS,
        ngettext(
            "The oldest has waited for %(minutes)d minute or more.",
            "The oldest has waited for %(minutes)d minutes or more.",
            minutes,
        )
        % {"minutes": minutes}
        if minutes
        else gettext("None has waited for five minutes."),
        gettext("Look at the log of the worker for “confirmations”, and at the mail server or provider."),
    )
    lag = numbers.sequencer_lag
    sequencer = _wait(
        gettext("Confirmed signatures without a number"),
        lag < MAX_LAG_SECONDS,
        ngettext(
            "One has waited for %(seconds)d second or more.", "One has waited for %(seconds)d seconds or more.", lag
        )
        % {"seconds": lag}
        if lag
        else gettext("None has waited for 30 seconds."),
        gettext("Look at the log of the worker for “publishing”, and start it again."),
    )
    yield emails
    yield sequencer
    backlog = numbers.moderation_backlog
    yield _wait(
        gettext("Waiting for moderators"),
        max(backlog.values()) < MANY_WAIT,
        gettext("Signatures: %(signatures)s. Letters: %(letters)s. Reports: %(reports)s. All rounded down to tens.")
        % backlog,
        gettext("Tell the moderators, or choose more of them."),
    )
    yield _memory()


def _wait(name: str, works: bool, says: str, to_do: str) -> Part:
    return Part(name, works, says, "" if works else to_do)


def _memory() -> Part:
    """The memory of public pages. A small share is no problem of its own: a quiet site has one."""
    served = counting.pages_served()
    total = in_tens(sum(served.values()))
    share = 100 * sum(number for how, number in served.items() if how != "rendered") // max(1, sum(served.values()))
    says = (
        gettext("%(share)d%% of public pages came from it.") % {"share": share}
        if total
        else gettext("Nothing counted yet.")
    )
    return Part(gettext("Memory of public pages"), works=True, says=says)


def _witnesses() -> Iterator[Part]:
    if not settings.WITNESSES:
        return
    try:
        found = states(timezone.now())
    except DatabaseError:
        return
    says = gettext("Cosigned: %(cosigned)d. Not answered for an hour: %(silent)d. Refused: %(refused)d.") % found
    to_do = gettext(
        "Run “undersigned check”. If one has refused, our record may have been changed: find out why first."
    )
    yield _wait(gettext("Witnesses"), not found["refused"] and not found["silent"], says, to_do)


def _disk() -> Part:
    disk = shutil.disk_usage(settings.VAR_DIR)
    share = disk.free / disk.total
    says = gettext("%(share)d%% of the disk is free.") % {"share": int(share * 100)}
    to_do = gettext("Make room on the disk of VAR_DIR. On a full disk the site can write no files.")
    return _wait(gettext("Disk"), share >= LEAST_FREE, says, to_do)


def _version() -> Part:
    return Part(gettext("Version"), works=True, says=release())
