"""Staff read what the witnesses say: on the page "Status", in `undersigned check`, and at /metrics."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from letters.models import User, Witness
from letters.shared.notes import Kind, VerifierKey
from petition.checkup.findings import Verdict
from petition.checkup.witnesses import witnesses_of_the_site
from tests.people import browser_of, words

pytestmark = pytest.mark.django_db
KEY = str(VerifierKey("witness.example", Kind.COSIGNATURE_ED25519, bytes(32)))


@pytest.fixture(autouse=True)
def _asked(settings: Settings) -> None:
    settings.WITNESSES = [(KEY, "https://witness.example")]
    Witness.objects.create(key=KEY, name="witness.example", not_before=timezone.now())
    # One that the settings name no longer.
    other = str(VerifierKey("other.example", Kind.COSIGNATURE_ED25519, bytes(32)))
    Witness.objects.create(
        key=other, name="other", not_before=timezone.now(), refusal="ahead", refused_at=timezone.now()
    )


def refuse() -> None:
    Witness.objects.filter(key=KEY).update(refusal="changed", refused_at=timezone.now())


def fail(*, minutes: int) -> None:
    since = timezone.now() - timedelta(minutes=minutes)
    Witness.objects.filter(key=KEY).update(failures=3, failing_since=since, error="timeout")


def status() -> str:
    return words(browser_of(User.objects.create_superuser("root@example.org", name="Rut")).get("/site/status/"))


def counted(client: Client) -> dict[str, str]:
    lines = [line for line in client.get("/metrics").content.decode().splitlines() if "undersigned_witnesses{" in line]
    return {line.split('"')[1]: line.split()[-1] for line in lines}


def test_the_check_tells_a_refusal_from_an_outage() -> None:
    def verdicts() -> list[Verdict]:
        return [finding.verdict for finding in witnesses_of_the_site()]

    assert verdicts() == [Verdict.FINE]
    fail(minutes=59)
    assert verdicts() == [Verdict.FINE]
    fail(minutes=61)
    assert verdicts() == [Verdict.LOOK]
    refuse()
    (finding,) = witnesses_of_the_site()
    assert finding.verdict == Verdict.WRONG
    assert "refuses our log: our log does not continue what it has seen." in str(finding)


def test_the_check_says_that_there_is_no_witness(settings: Settings) -> None:
    settings.WITNESSES = []
    (finding,) = witnesses_of_the_site()
    assert finding.verdict == Verdict.LOOK
    assert "docs/run-a-witness.md" in finding.do


def test_the_page_status_names_a_refusal() -> None:
    assert "Cosigned: 1. Not answered for an hour: 0. Refused: 0." in status()
    refuse()
    User.objects.all().delete()
    said = status()
    assert "Refused: 1." in said
    assert "our record may have been changed" in said


def test_metrics_count_witnesses(client: Client, settings: Settings) -> None:
    assert counted(client) == {"cosigned": "1.0", "refused": "0.0", "silent": "0.0"}
    refuse()
    assert counted(client)["refused"] == "1.0"
    settings.WITNESSES = []
    assert counted(client) == {"cosigned": "0.0", "refused": "0.0", "silent": "0.0"}
