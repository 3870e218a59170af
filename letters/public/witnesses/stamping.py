"""Have an authority stamp the site's log of each day (RFC 3161), so that nobody can date a history back."""

import logging
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

from cryptography.x509 import Certificate, load_pem_x509_certificates
from django.conf import settings
from rfc3161_client import (
    HashAlgorithm,
    TimeStampRequest,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from letters.base.witnesses.queries import cosignatures_on
from letters.models import DayStamp, LedgerCheckpoint
from letters.public.witnesses.asking import find_service
from letters.shared.clock import database_now
from letters.shared.outgoing import Unanswered, post

log = logging.getLogger(__name__)

HEADERS = {"Content-Type": "application/timestamp-query", "User-Agent": "Undersigned"}
MAX_ANSWER_BYTES = 64 * 1024
# How far the clock of the authority may differ from ours.
MAX_DIFFERENCE = timedelta(minutes=10)


class NotStamped(Exception):
    """The authority did not answer with a time stamp that can be used. The message says why."""


def stamp_yesterday(clock: Callable[[], datetime] = database_now) -> None:
    """Get a time stamp of the last checkpoint of yesterday (UTC), unless there is one. A failure is tried again."""
    now = clock()
    day = now.astimezone(UTC).date() - timedelta(days=1)
    if not settings.TIMESTAMP_AUTHORITY or DayStamp.objects.filter(pk=day).exists():
        return
    note = _last_note(day)
    if note is None:
        return
    try:
        response, stamped_at = _stamp(note.encode(), now)
    except NotStamped as refused:
        log.warning("There is no time stamp of %s yet: %s.", day, refused)
        return
    row = DayStamp(day=day, note=note, response=response, stamped_at=stamped_at)
    DayStamp.objects.bulk_create([row], ignore_conflicts=True)


def _last_note(day: date) -> str | None:
    """Return the last checkpoint of the site's log up to the end of a day, with what witnesses have signed."""
    end = datetime.combine(day + timedelta(days=1), time(), UTC)
    before = LedgerCheckpoint.objects.filter(log__letter=None, created_at__lt=end).order_by("-created_at", "-size")
    note = before.values_list("note", flat=True).first()
    return note and note + cosignatures_on(note)


def _stamp(data: bytes, now: datetime) -> tuple[bytes, datetime]:
    """Ask the authority, and check its answer as everyone can. Raises NotStamped."""
    request = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256).build()
    find = partial(find_service, settings.TIMESTAMP_AUTHORITY)
    try:
        reply = post(find, request.as_bytes(), HEADERS, most=MAX_ANSWER_BYTES)
    except Unanswered as failure:
        raise NotStamped(failure.code) from failure
    if reply.status != 200:
        raise NotStamped(f"status {reply.status}")
    try:
        return _verified(request, reply.body, data, now)
    except (ValueError, VerificationError) as wrong:
        raise NotStamped(str(wrong)) from wrong


def _verified(request: TimeStampRequest, body: bytes, data: bytes, now: datetime) -> tuple[bytes, datetime]:
    answer = decode_timestamp_response(body)
    verifier = VerifierBuilder.from_request(request)
    for certificate in load_pem_x509_certificates(settings.TIMESTAMP_CERTIFICATES):
        verifier = _with(verifier, certificate)
    verifier.build().verify_message(answer, data)
    stamped_at = answer.tst_info.gen_time
    if abs(stamped_at - now) > MAX_DIFFERENCE:
        raise NotStamped("its clock differs from ours")
    return body, stamped_at


def _with(verifier: VerifierBuilder, certificate: Certificate) -> VerifierBuilder:
    """Trust a certificate that its own key has signed; use others on the way to it."""
    if certificate.issuer == certificate.subject:
        return verifier.add_root_certificate(certificate)
    return verifier.add_intermediate_certificate(certificate)
