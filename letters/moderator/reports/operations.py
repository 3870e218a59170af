"""Take in reports, decide on reports about a letter, and forget what readers wrote.

A report about a letter is a notice in the sense of Article 16 of the EU's Digital Services Act.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, Value, When
from django.db.models.functions import Least

from letters.base.accounts.operations import mail_to_account
from letters.base.changes.operations import LetterChange, change_letter_for_site
from letters.base.outbox.composing import compose_email_to, render_email
from letters.models import COUNTED, Letter, Report, ReviewDecision, Signature, User
from letters.shared.refused import Refusal, Refused

# The words of readers are kept for this long after the decision, in case someone contests it.
KEPT_AFTER_DECISION = timedelta(days=183)
MAX_FORGOTTEN = 1000
# A report raises the risk of a signature by this much, up to the highest risk.
MORE_RISK, HIGHEST_RISK = 20, 100
# Abuse: after a moderator has accepted a reported signature, it needs this many more reports to return to the queue.
REPORTS_AFTER_ACCEPTING = 3


@dataclass(frozen=True, kw_only=True)
class Notice:
    """A report about a letter, as a reader wrote it."""

    reason: str
    words: str
    name: str = ""
    address: str = ""


def report_letter(letter: Letter, *, notice: Notice, language: str, now: datetime) -> Report:
    """Store a report for the moderators of the site. A double click stores one."""
    written = {"reason": notice.reason, "words": notice.words, "name": notice.name}
    same = Report.objects.filter(letter=letter, outcome="", signature=None, **written).order_by("-pk")[:10]
    for known in same:
        if (known.address or "") == notice.address:
            return known
    contact = {"address": notice.address or None, "language": language}
    return Report.objects.create(letter=letter, **written, **contact, reported_at=now)


@transaction.atomic
def report_signature(letter: Letter, *, number: int, reason: str, now: datetime) -> None:
    """Put a published signature before the letter's moderators. It stays published until one of them decides.

    If there is no such signature, nothing happens, so that the answer reveals nothing. Once a moderator has
    accepted the signature after a report, it returns only after REPORTS_AFTER_ACCEPTING more.
    """
    published = Signature.objects.filter(letter=letter, number=number, state=COUNTED)
    signature = published.select_for_update(no_key=True).first()
    if signature is None:
        return
    Report.objects.create(letter=letter, signature=signature, reason=reason, reported_at=now)
    if _needs_review(signature):
        reported = Case(When(concern="", then=Value(Signature.Concern.REPORTED)), default=F("concern"))
        published.update(concern=reported, risk=Least(F("risk") + MORE_RISK, HIGHEST_RISK))


def _needs_review(signature: Signature) -> bool:
    accepted = ReviewDecision.objects.filter(signature=signature, verb=ReviewDecision.Verb.ACCEPT, undone_at=None)
    last = accepted.order_by("-pk").values_list("decided_at", flat=True).first()
    if last is None:
        return True
    return Report.objects.filter(signature=signature, reported_at__gt=last).count() >= REPORTS_AFTER_ACCEPTING


@transaction.atomic
def dismiss_reports(letter: Letter, *, up_to: int, by: User, now: datetime) -> int:
    """Decide that the letter stays, for all open reports up to the newest that the moderator saw. Returns their number.

    Raises Refused("not_yours") for everyone but site moderators, and Refused("needs_another_moderator") for members of
    the letter's collective.
    """
    change = change_letter_for_site(letter, by=by, now=now)
    if letter.collective.has_member(by):
        raise Refused(Refusal.NEEDS_ANOTHER_MODERATOR)
    return settle_reports(change, by, outcome=Report.Outcome.NOTHING, up_to=up_to)


def settle_reports(change: LetterChange, by: User, *, outcome: Report.Outcome, up_to: int | None = None) -> int:
    """Decide on open reports, and email each address that readers gave once. Returns the number of reports."""
    letter, waiting = change.letter, Report.objects.filter(letter=change.letter, outcome="", signature=None)
    if up_to is not None:
        waiting = waiting.filter(pk__lte=up_to)
    found = list(waiting.order_by("pk").select_for_update(no_key=True))
    for address, language in {report.address: report.language for report in found if report.address}.items():
        _tell(letter, address, language, outcome)
    Report.objects.filter(pk__in=[report.pk for report in found]).update(
        outcome=outcome, decided_at=change.now, decided_by=by
    )
    if found:
        change.record("settle_reports", letter, details={"reports": len(found), "outcome": outcome.value})
    return len(found)


def _tell(letter: Letter, address: str, language: str, outcome: Report.Outcome) -> None:
    """Privacy, abuse: the email contains no word that someone typed, because anyone can type any address."""
    url = settings.SITE_URL + letter.get_absolute_url(language if language in letter.languages() else "")
    context = {"has_acted": outcome == Report.Outcome.ACTED, "letter_url": url}
    parts = render_email("report_decided", context, language=language or letter.language)
    mail_to_account(compose_email_to(parts, to=address))


def forget_reports(*, now: datetime) -> int:
    """Delete the words, names and addresses of readers after KEPT_AFTER_DECISION. Returns the number of reports."""
    old = Report.objects.filter(decided_at__lt=now - KEPT_AFTER_DECISION).exclude(words="", name="", address=None)
    ids = list(old.values_list("pk", flat=True)[:MAX_FORGOTTEN])
    return Report.objects.filter(pk__in=ids).update(words="", name="", address=None)
