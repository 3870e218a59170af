"""Take in reports, decide on reports about a letter, and forget what readers wrote.

A report about a letter is a notice in the sense of Article 16 of the EU's Digital Services Act.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, Value, When

from letters.base.accounts.operations import mail_to_account
from letters.base.changes.operations import LetterChange, change_letter_for_site
from letters.base.outbox.composing import compose_email_to, render_email
from letters.base.outbox.enqueueing import new_email
from letters.base.outbox.queries import has_complained, is_stopped
from letters.models import (
    CONFIRMED,
    COUNTED,
    RISK_OF_NAMED,
    Doubt,
    EmailKind,
    Letter,
    MailRequest,
    NameReport,
    OutgoingEmail,
    Report,
    Signature,
    User,
)
from letters.moderator.reports import queries
from letters.moderator.signals.reasons import SIGNALS, Reason
from letters.shared import wakeups
from letters.shared.addresses import Address, address_of, canonical, decrypt, encrypt, hash_address
from letters.shared.refused import Refusal, Refused
from letters.shared.tokens import NameReportToken

# The words of readers are kept for this long after the decision, in case someone contests it.
KEPT_AFTER_DECISION = timedelta(days=183)
MAX_FORGOTTEN = 1000
# If nobody decides, the address of the person named is kept for this long.
ADDRESS_KEPT = timedelta(days=30)
# The person named is told a decision only this long after it, because moderators may undo it until then.
TOLD_AFTER = timedelta(hours=1)
MAX_TOLD = 100


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
    if signature.pk in queries.counted_reports([signature.pk]):
        _bring_into_queue(signature)


def _bring_into_queue(signature: Signature, **values: int) -> None:
    """Put a published signature, which the caller has locked, into the review queue. Its score counts the report.

    It stays on the list: only a moderator takes it off. Privacy: no older doubt comes with it. Otherwise anyone could
    have moderators read how someone signed.
    """
    if not signature.concern:
        Doubt.objects.filter(pk=signature.pk).delete()
        values = {"risk": SIGNALS[Reason.REPORTED].weight, **values}
    reported = Case(When(concern="", then=Value(Signature.Concern.REPORTED)), default=F("concern"))
    Signature.objects.filter(pk=signature.pk).update(concern=reported, to_score=True, **values)
    transaction.on_commit(lambda: wakeups.wake_sequencer(signature.letter_id))


def ask_person_named(signature: Signature, *, address: Address, language: str, now: datetime) -> None:
    """Create the email with which the owner of the address confirms that they are the person named and did not sign.

    Nothing is stored about the report before. Privacy: the same rows are written whether or not the address signed, and
    only the email differs. A double click causes one email.
    """
    address_hash = hash_address(address.canonical)
    about = {"kind": EmailKind.NAME_REPORT, "key__endswith": f":{signature.pk}", "sent_at": None, "failed_at": None}
    requests = MailRequest.objects.filter(address_hash=address_hash).values("pk")
    if OutgoingEmail.objects.filter(**about, dropped_at=None, request__in=requests).exists():
        return
    to = {"address_hash": address_hash, "address": encrypt(address.deliverable)}
    with transaction.atomic():
        request = MailRequest.objects.create(letter_id=signature.letter_id, language=language, requested_at=now, **to)
        new_email(EmailKind.NAME_REPORT, request.pk, signature.pk, now=now, request=request).save()
        transaction.on_commit(wakeups.notify_mail_worker)


@transaction.atomic
def confirm_name_report(token: NameReportToken, *, language: str, now: datetime) -> None:
    """Store the report of the person named, and put the signature above all others of the review queue. Idempotent.

    Once a moderator has accepted the signature after such a report, this one counts like any other report.

    Raises Refused("report_link_over") if the link is too old, if a moderator has decided since it was sent, or if the
    list does not show the name any more.
    """
    rows = Signature.objects.select_related("letter").filter(pk=token.signature_id)
    signature = rows.select_for_update(of=("self",), no_key=True).first()
    if signature is None or not token.matches(signature.salt) or queries.is_over(token, signature, now=now):
        raise Refused(Refusal.REPORT_LINK_OVER)
    address = address_of(token.address)
    address_hash = hash_address(address.canonical)
    if NameReport.objects.about(signature, address_hash).exists():
        return
    was_decided = queries.was_accepted_as_named(signature)
    report = Report.objects.create(
        letter=signature.letter, signature=signature, reason=Report.Reason.NAMED, reported_at=now
    )
    NameReport.objects.create(
        report=report,
        signature=signature,
        domain=queries.domain_of_affiliation(signature, address),
        address=encrypt(address.deliverable),
        address_hash=address_hash,
        language=language,
        confirmed_at=now,
    )
    if not was_decided or signature.pk in queries.counted_reports([signature.pk]):
        _bring_into_queue(signature, risk=RISK_OF_NAMED)


def settle_name_reports(*, now: datetime) -> int:
    """Tell people named what was decided about their reports, and delete their addresses. Returns how many were told.

    Addresses of reports that nobody has decided are deleted after ADDRESS_KEPT.
    """
    NameReport.objects.filter(confirmed_at__lt=now - ADDRESS_KEPT).update(address=None, address_hash=None, domain="")
    due = queries.decided_name_reports(before=now - TOLD_AFTER)[:MAX_TOLD]
    return sum(_settle_name_report(pk) for pk in due)


@transaction.atomic
def _settle_name_report(report_id: int) -> bool:
    """Race: the email and the deletion belong to one transaction. Without a broker both are tried again."""
    waiting = NameReport.objects.filter(pk=report_id).select_related("signature__letter")
    report = waiting.select_for_update(of=("self",), skip_locked=True).first()
    if report is None:
        return False
    signature = report.signature
    NameReport.objects.filter(pk=report_id).delete()
    if not queries.named_in([signature.pk]):
        _lower_risk(signature)
    if report.address and report.address_hash and not has_complained(report.address_hash):
        context = {
            "is_shown": queries.is_shown(signature),
            "letter_url": settings.SITE_URL + signature.letter.url_of("signatures", report.language),
        }
        parts = render_email("name_report_decided", context, language=report.language)
        _mail_to_reader(parts, decrypt(report.address))
    return True


def _lower_risk(signature: Signature) -> None:
    """Give back the risk that a signature had before the person named reported it.

    A rejected one is not scored. It gets the weight of a report, which is all that is left to say.
    """
    own = Signature.objects.filter(pk=signature.pk, risk=RISK_OF_NAMED)
    is_scored = Case(When(state__in=CONFIRMED, then=Value(value=True)), default=F("to_score"))
    if own.update(risk=SIGNALS[Reason.REPORTED].weight, to_score=is_scored):
        transaction.on_commit(lambda: wakeups.wake_sequencer(signature.letter_id))


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
    _mail_to_reader(parts, address)


def _mail_to_reader(parts: Mapping[str, str], address: str) -> None:
    """Pass an email to the worker, unless the owner of the address has lost the mailbox and wants no more emails."""
    if not is_stopped(canonical(address)):
        mail_to_account(compose_email_to(parts, to=address))


def forget_reports(*, now: datetime) -> int:
    """Delete the words, names and addresses of readers after KEPT_AFTER_DECISION. Returns the number of reports."""
    old = Report.objects.filter(decided_at__lt=now - KEPT_AFTER_DECISION).exclude(words="", name="", address=None)
    ids = list(old.values_list("pk", flat=True)[:MAX_FORGOTTEN])
    return Report.objects.filter(pk__in=ids).update(words="", name="", address=None)
