"""Count every answer, and show the counts at /metrics, for Prometheus.

Only the networks in METRICS_NETWORKS and people with METRICS_TOKEN can read it. For everyone else the page does not
exist. Like health checks it is answered before the host is checked, because Prometheus asks by IP address.

Privacy: no label names a letter, a person, an address or a path. Counts that people cause are rounded down to tens, and
the sum of a histogram is left out, because it changes with each request. See docs/threat-model.md.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from ipaddress import IPv6Address

from django.conf import settings
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from letters.schedule import QUEUES
from letters.shared import counting
from letters.shared.client_address import ClientAddress, client_address
from letters.shared.numbers import in_tens
from petition import heartbeats
from petition.checkup.witnesses import states
from petition.health import recent_checks
from petition.numbers import Numbers, recent_numbers

PATH = "/metrics"
# The only counts that are exact. A failure tells nothing about a person, and one is enough for an alert.
EXACT = {"undersigned_server_errors"}
# A proxy sets at least one of these. If it does not say who has connected to it, or we know of no proxy, its own
# address may not pass for the reader's. And nobody comes from this machine through a proxy: a visitor has made that up.
OF_PROXIES = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA")


class Metrics:
    """Middleware that counts answers, and answers /metrics itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info == PATH and may_read(request):
            return page(request)
        began = time.monotonic()
        response = self.get_response(request)
        counting.answered(_route(request, response), response.status_code, time.monotonic() - began)
        return response


def may_read(request: HttpRequest) -> bool:
    token, sent = settings.METRICS_TOKEN, request.headers.get("Authorization", "")
    if token and constant_time_compare(sent, f"Bearer {token}"):
        return True
    peer, forwarded_for = request.META.get("REMOTE_ADDR", ""), request.headers.get("X-Forwarded-For", "")
    address = _address(peer, forwarded_for, settings.TRUSTED_PROXIES)
    has_passed_a_proxy = any(name in request.META for name in OF_PROXIES)
    if address is None or (has_passed_a_proxy and (address.is_loopback or address == _address(peer, "", 0))):
        return False
    return any(address in network for network in settings.METRICS_NETWORKS)


def _address(peer: str, forwarded_for: str, trusted_proxies: int) -> ClientAddress | None:
    found = client_address(peer, forwarded_for, trusted_proxies=trusted_proxies)
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def page(request: HttpRequest) -> HttpResponse:
    if request.method not in {"GET", "HEAD"}:
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Everything())
    return HttpResponse(
        generate_latest(registry), content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"}
    )


def _route(request: HttpRequest, response: HttpResponse) -> str:
    """Return the name of the route, or a word for answers that no view gave."""
    match = request.resolver_match
    if match and response.status_code != 404:
        return match.view_name or "(no name)"
    if match or response.status_code == 404:
        return "(not found)"
    if request.path_info.startswith(settings.STATIC_URL):
        return "(static)"
    return "(page from memory)" if response.status_code in {200, 304} else "(middleware)"


class _Everything(Collector):
    def collect(self) -> Iterator[Metric]:
        for metric in counting.counted():
            yield metric if metric.name in EXACT else _in_tens(metric)
        yield from _of_parts()
        if numbers := recent_numbers():
            yield from _of_numbers(numbers)
        yield from _of_witnesses()


def _in_tens(metric: Metric) -> Metric:
    """Round down. Buckets are sums of the smaller ones, so they stay in order. Values below ten are left out."""
    rounded = Metric(metric.name, metric.documentation, metric.type)
    for sample in metric.samples:
        value = in_tens(int(sample.value))
        if value and not sample.name.endswith("_sum"):
            rounded.add_sample(sample.name, sample.labels, value)
    return rounded


def _of_parts() -> Iterator[Metric]:
    """Whether each part works, and when workers and clock were last heard of."""
    checks = {check.name: check for check in recent_checks() if check.name != "oldest unsent email"}
    works = GaugeMetricFamily("undersigned_part_works", "1 if a part of the site works, else 0", labels=["part"])
    for name, check in checks.items():
        works.add_metric([name], float(check.ok))
    heard = GaugeMetricFamily("undersigned_heard_seconds_ago", "Since the last sign of life", labels=["part"])
    for name in [heartbeats.CLOCK, *map(heartbeats.worker_of, QUEUES)]:
        check = checks[name]
        if check.number is not None:
            heard.add_metric([name], int(check.number))
    yield works
    yield heard


def _of_numbers(numbers: Numbers) -> Iterator[Metric]:
    emails = GaugeMetricFamily("undersigned_unsent_emails", "Emails that wait, in tens", labels=["kind"])
    for kind, number in numbers.unsent_emails.items():
        emails.add_metric([kind], number)
    backlog = GaugeMetricFamily("undersigned_moderation_backlog", "What waits for moderators, in tens", labels=["kind"])
    for kind, number in numbers.moderation_backlog.items():
        backlog.add_metric([kind], number)
    oldest = "Wait of the oldest email that a person waits for, in steps of five minutes"
    lag = "Wait of the oldest confirmed signature for its number, in steps of 30 seconds"
    yield emails
    yield backlog
    yield GaugeMetricFamily("undersigned_oldest_unsent_email_seconds", oldest, value=numbers.oldest_unsent_email)
    yield GaugeMetricFamily("undersigned_sequencer_lag_seconds", lag, value=numbers.sequencer_lag)


def _of_witnesses() -> Iterator[Metric]:
    """How many witnesses there are. These are people's programs, not people who sign, so the numbers are exact."""
    with suppress(DatabaseError):
        family = GaugeMetricFamily("undersigned_witnesses", "Witnesses of the site's log", labels=["state"])
        for state, number in states(timezone.now()).items():
            family.add_metric([state], number)
        yield family
