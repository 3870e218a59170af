"""Read the reports that wait for a moderator, and what the emails to the person named need."""

import hmac
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet

from letters.models import (
    EMPTIED,
    Display,
    Letter,
    MailRequest,
    NameReport,
    OutgoingEmail,
    Report,
    ReviewDecision,
    Signature,
    Translation,
    shows_a_name,
)
from letters.moderator.signals.affiliations import fits
from letters.shared.addresses import Address, hash_address, hash_spelling
from letters.shared.domains import domain_of, is_private, registrable
from letters.shared.tokens import NameReportToken

MAX_SHOWN = 50
# The decisions that answer a report.
FINAL = [ReviewDecision.Verb.ACCEPT, ReviewDecision.Verb.REJECT]
OPEN = Q(reports__outcome="", reports__signature__isnull=True)


def open_reports(letter: Letter) -> list[Report]:
    """Return the reports about a letter that nobody has decided, newest first."""
    return list(Report.objects.filter(letter=letter, outcome="", signature=None).order_by("-pk")[:MAX_SHOWN])


@dataclass(frozen=True)
class Reported:
    letter: Letter
    number: int


def reported_letters() -> list[Reported]:
    """Return the letters with open reports, the longest wait first."""
    waiting = Letter.objects.public().filter(OPEN).exclude(status=Letter.Status.TAKEN_DOWN)
    counted = waiting.annotate(number=Count("reports", filter=OPEN), since=Min("reports__reported_at", filter=OPEN))
    found = counted.select_related("collective").order_by("since")[:MAX_SHOWN]
    return [Reported(each, each.number) for each in found]  # type: ignore[attr-defined]  # annotated above


@dataclass(frozen=True)
class AskedByNamed:
    """The subject of an email to the person named: an address that someone typed, and a signature."""

    request: MailRequest
    signature: Signature


def asked_by_named(outgoing: OutgoingEmail) -> AskedByNamed:
    """Return what the email is about. Raises Signature.DoesNotExist if the signature or the request is gone."""
    request = MailRequest.objects.filter(pk=outgoing.request_id or 0).first()
    if request is None:
        raise Signature.DoesNotExist
    signatures = Signature.objects.select_related("letter__collective")
    return AskedByNamed(request, signatures.get(pk=int(outgoing.key.rpartition(":")[2])))


def is_shown(signature: Signature) -> bool:
    """Return whether the public list of the letter exists and shows a name for this signature."""
    return signature.letter.status != Letter.Status.TAKEN_DOWN and shows_a_name(signature)


def title_in(letter: Letter, language: str) -> str:
    """Return the public title in this language, or else in the letter's own."""
    texts = Translation.objects.filter(
        revision=letter.current_revision_id or 0, language__in=[language, letter.language]
    )
    titles = dict(texts.values_list("language", "title"))
    return titles.get(language) or titles.get(letter.language, "")


def is_signer(signature: Signature, address: Address) -> bool:
    """Return whether this spelling of the address signed.

    Privacy: another spelling may be another person's mailbox, and gets no link that can change the signature.
    """
    same_mailbox = hmac.compare_digest(bytes(signature.address_hash or b""), hash_address(address.canonical))
    same_spelling = hmac.compare_digest(bytes(signature.spelling_hash or b""), hash_spelling(address.deliverable))
    return same_mailbox and same_spelling


def named_signature(letter: Letter, number: int) -> Signature | None:
    """Return the signature that the public list shows with this number and a name; None if there is none."""
    found = Signature.objects.published().select_related("letter").filter(letter=letter, number=number).first()
    return found if found and is_shown(found) else None


def is_over(token: NameReportToken, signature: Signature, *, now: datetime) -> bool:
    """Return whether the link in the email to the person named works no more.

    It works once: a decision of a moderator ends it, so that nobody brings a signature back with the same email.
    """
    decisions = ReviewDecision.objects.filter(signature=signature, verb__in=FINAL, undone_at=None)
    is_old = now - token.issued_at > timedelta(days=settings.CONFIRMATION_DAYS)
    # The token has the second of issue, without its fraction.
    since = token.issued_at + timedelta(seconds=1)
    return is_old or not is_shown(signature) or decisions.filter(decided_at__gte=since).exists()


def was_accepted_as_named(signature: Signature) -> bool:
    """Return whether a moderator has accepted the signature after an earlier report by a person named."""
    accepted = ReviewDecision.objects.filter(
        signature=signature, verb=ReviewDecision.Verb.ACCEPT, undone_at=None, decided_at__gte=OuterRef("reported_at")
    )
    return Report.objects.filter(Exists(accepted), signature=signature, reason=Report.Reason.NAMED).exists()


def domain_of_affiliation(signature: Signature, address: Address) -> str:
    """Return the domain of an address if it belongs to the organisation that the signature names; otherwise ""."""
    domain = domain_of(address.canonical)
    owned = registrable(domain)
    return owned if not is_private(domain) and fits(signature.affiliation, domain) else ""


def decided_name_reports(*, before: datetime) -> QuerySet[NameReport, int]:
    """Select the ids of reports by people named that are decided: since then a moderator has accepted or rejected the
    signature and had time to undo that, or the list shows no such name any more for another reason.
    """
    final = ReviewDecision.objects.filter(
        signature=OuterRef("signature"), verb__in=FINAL, undone_at=None, decided_at__gte=OuterRef("confirmed_at")
    )
    is_hidden = ~Q(signature__display=Display.PUBLIC) | Q(signature__state__in=EMPTIED)
    decided = Q(Exists(final.filter(decided_at__lte=before))) | is_hidden
    return NameReport.objects.filter(decided).order_by("pk").values_list("pk", flat=True)


# Abuse: after a moderator has accepted a reported signature, it needs this many more reports to return to the queue.
REPORTS_AFTER_ACCEPTING = 3


def counted_reports(ids: Collection[int]) -> dict[int, int]:
    """Return how many reports about each of these signatures count: all since a moderator last accepted it.

    After that, fewer than REPORTS_AFTER_ACCEPTING do not count. Signatures without such reports are left out.
    """
    accepted = ReviewDecision.objects.filter(verb=ReviewDecision.Verb.ACCEPT, undone_at=None)
    answered = accepted.filter(signature=OuterRef("signature"), decided_at__gte=OuterRef("reported_at"))
    open_ones = Report.objects.filter(~Exists(answered), signature__in=ids)
    found = dict(open_ones.values_list("signature").annotate(number=Count("pk")))
    if not found:
        return {}
    again = set(accepted.filter(signature__in=found).values_list("signature_id", flat=True))
    return {pk: number for pk, number in found.items() if pk not in again or number >= REPORTS_AFTER_ACCEPTING}


def named_in(ids: Collection[int]) -> set[int]:
    """Return which of these signatures have a report by the person named that nobody has decided."""
    return set(NameReport.objects.filter(signature__in=ids).values_list("signature_id", flat=True))
