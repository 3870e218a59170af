"""/metrics: the numbers that operators need, none that tells about one signer, only for those who may read it."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from signal import SIGKILL

import pytest
from django.conf import settings as site_settings
from django.test.client import Client
from django.utils import timezone
from limits import parse
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from letters.models import Letter, OutgoingEmail, Signature
from letters.public.public_pages import caching
from letters.shared import counting
from letters.shared.refused import Refusal
from petition import numbers
from tests.people import Reader, Signer, sign, sign_and_confirm, unheard_of
from tests.stack import Web, running_site, until

TOKEN = "a long token for the scraper"
CAUSED_BY_PEOPLE = ["signings", "confirmations", "refusals", "public_pages", "answers", "answer_seconds"]


@pytest.fixture(autouse=True)
def _nothing_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbers.recent_numbers, "seconds", -1)


def samples(text: str) -> dict[tuple[str, str], float]:
    """Return the values by name and labels, as Prometheus reads them."""
    families = list(text_string_to_metric_families(text))
    return {
        (sample.name, ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def scrape(**request: str) -> dict[tuple[str, str], float]:
    answer = Client().get("/metrics", **request)  # type: ignore[arg-type]
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    return samples(answer.content.decode())


# Who may read it


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("request_", "proxies", "status"),
    [
        ({"REMOTE_ADDR": "127.0.0.1"}, 0, 200),
        ({"REMOTE_ADDR": "::1"}, 0, 200),
        ({"REMOTE_ADDR": "::ffff:127.0.0.1"}, 0, 200),
        ({"REMOTE_ADDR": "10.1.2.3"}, 0, 404),
        ({"REMOTE_ADDR": ""}, 0, 404),
        # A proxy on the same machine that nobody told us of, and the whole internet behind it.
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "198.51.100.7"}, 0, 404),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_VIA": "1.1 proxy"}, 0, 404),
        # Prometheus on the same machine, past our proxy.
        ({"REMOTE_ADDR": "127.0.0.1"}, 1, 200),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "198.51.100.7"}, 1, 404),
        # A visitor who makes up an entry, also where the settings name more proxies than there are.
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "127.0.0.1, 198.51.100.7"}, 1, 404),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "127.0.0.1, 198.51.100.7"}, 2, 404),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "::ffff:127.0.0.1"}, 1, 404),
        # A proxy that does not say who has connected to it.
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_REAL_IP": "198.51.100.7"}, 1, 404),
        ({"REMOTE_ADDR": "::ffff:127.0.0.1", "HTTP_VIA": "1.1 proxy"}, 1, 404),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "unknown"}, 1, 404),
        ({"REMOTE_ADDR": "10.1.2.3", "HTTP_AUTHORIZATION": f"Bearer {TOKEN}"}, 0, 200),
        ({"REMOTE_ADDR": "10.1.2.3", "HTTP_AUTHORIZATION": TOKEN}, 0, 404),
        ({"REMOTE_ADDR": "10.1.2.3", "HTTP_AUTHORIZATION": "Bearer ä"}, 0, 404),
        ({"REMOTE_ADDR": "10.1.2.3", "HTTP_AUTHORIZATION": "Bearer "}, 0, 404),
    ],
)
def test_the_page_exists_only_for_the_networks_and_for_those_with_the_token(
    settings: Settings, request_: dict[str, str], proxies: int, status: int
) -> None:
    settings.METRICS_TOKEN, settings.TRUSTED_PROXIES = TOKEN, proxies
    assert Client().get("/metrics", **request_).status_code == status  # type: ignore[arg-type]


@pytest.mark.django_db
def test_without_a_token_no_header_opens_the_page(settings: Settings) -> None:
    for sent in ("Bearer ", "Bearer", ""):
        assert Client().get("/metrics", REMOTE_ADDR="10.1.2.3", HTTP_AUTHORIZATION=sent).status_code == 404


@pytest.mark.django_db
def test_whoever_may_not_read_it_sees_what_a_page_that_does_not_exist_shows() -> None:
    hidden, missing = (Client().get(path, REMOTE_ADDR="10.1.2.3") for path in ("/metrics", "/metricz"))
    assert hidden.content == missing.content


@pytest.mark.django_db
def test_another_network_can_be_named(settings: Settings) -> None:
    settings.METRICS_NETWORKS = [ip_network("10.1.0.0/16")]
    assert Client().get("/metrics", REMOTE_ADDR="10.1.2.3", HTTP_HOST="10.9.9.9").status_code == 200
    assert Client().get("/metrics", REMOTE_ADDR="127.0.0.1").status_code == 404
    assert Client().post("/metrics", REMOTE_ADDR="10.1.2.3").status_code == 405


# What it says


def test_signings_and_confirmations_are_counted_in_tens(letter: Letter) -> None:
    before = scrape()
    signings, confirmations = ("undersigned_signings_total", ""), ("undersigned_confirmations_total", "")
    for _ in range(10):
        counting.signed()
        now = scrape()
        assert all(value % 10 == 0 for (name, _), value in now.items() if name == signings[0])
    assert now[signings] == before.get(signings, 0) + 10
    for _ in range(10):
        counting.confirmed()
    assert scrape()[confirmations] == before.get(confirmations, 0) + 10


@pytest.mark.django_db(transaction=True)
def test_a_signing_and_its_confirmation_are_counted_once_each(
    letter: Letter, signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(counting, "signed", lambda: seen.append("signed"))
    monkeypatch.setattr(counting, "confirmed", lambda: seen.append("confirmed"))
    signer.sign(letter, email="ada@example.org")
    assert seen == ["signed"]
    link = signer.mailed_link("ada@example.org")
    signer.get(link)
    assert seen == ["signed"]
    for _ in range(2):
        assert signer.press(link).status_code == 200
        assert seen == ["signed", "confirmed"]
    # Privacy: whether the address has signed before makes no difference.
    signer.sign(letter, email="ada@example.org", name=unheard_of())
    assert seen == ["signed", "confirmed", "signed"]


def test_a_signer_whom_the_site_refuses_is_counted(
    letter: Letter, signer: Signer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flood shows in the refusals."""
    seen: list[Refusal] = []
    monkeypatch.setattr(counting, "refused", seen.append)
    settings.LIMIT_NETWORK_HARD = settings.LIMIT_REQUESTS = parse("1/hour")
    assert [signer.sign(letter, email=f"{name}@example.org").status_code for name in ("ada", "bob")] == [303, 429]
    assert len(seen) == 1
    lost = {"email": "ada@example.org"}
    url = letter.url_of("link", "")
    answers = [signer.client.post(url, lost, headers={"Sec-Fetch-Site": "same-origin"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 429]
    assert len(seen) == 2


def test_a_signature_for_a_closed_letter_is_counted_as_refused(
    letter: Letter, signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Refusal] = []
    monkeypatch.setattr(counting, "refused", seen.append)
    Letter.objects.update(status=Letter.Status.CLOSED, closed_at=timezone.now())
    assert signer.sign(letter).status_code == 409
    assert seen == [Refusal.LETTER_CLOSED]


def test_no_count_that_people_cause_is_exact(letter: Letter, reader: Reader) -> None:
    for _ in range(23):
        reader.get(f"/letters/{letter.slug}/")
        counting.refused(Refusal.TRY_AGAIN)
    text = Client().get("/metrics").content.decode()
    found = samples(text)
    ours = {
        key: value
        for key, value in found.items()
        if key[0].split("undersigned_")[1].startswith(tuple(CAUSED_BY_PEOPLE))
    }
    assert any(name == "undersigned_answer_seconds_bucket" for name, _ in ours)
    assert ("undersigned_refusals_total", "reason=try_again") in ours
    assert all(value % 10 == 0 for value in ours.values())
    # The sum of a histogram changes with each request.
    assert not any(name.endswith("_sum") for name, _ in found)


def test_no_label_names_a_letter_a_person_or_a_path(letter: Letter, signer: Signer, reader: Reader) -> None:
    sign(letter, now=timezone.now())
    for _ in range(11):
        reader.get(f"/letters/{letter.slug}/")
        reader.get(f"/letters/{letter.slug}/signatures/?q=Lovelace")
        reader.get("/signatures/confirm/a-token-that-someone-made-up/")
        reader.get("/no/such/page/for/ada@example.org")
        reader.get("/static/none.css")
    text = Client().get("/metrics").content.decode()
    assert '"(not found)"' in text
    for word in (letter.slug, "Lovelace", "a-token", "ada@", "none.css", "127.0.0.1"):
        assert word not in text
    routes = set(re.findall(r'route="([^"]*)"', text))
    assert routes
    assert all(re.fullmatch(r"[a-z0-9_:-]+|\([a-z ]+\)", route) for route in routes)


def test_a_server_error_is_counted_exactly(letter: Letter, monkeypatch: pytest.MonkeyPatch) -> None:
    before = scrape().get(("undersigned_server_errors_total", ""), 0)
    counting.answered("home", 500, 0.1)
    counting.answered("home", 404, 0.1)
    assert scrape()[("undersigned_server_errors_total", "")] == before + 1


def test_pages_from_memory_are_told_from_rendered_ones(
    letter: Letter, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(counting, "page", seen.append)
    monkeypatch.setattr(caching, "FRESH_SECONDS", 1000)
    for _ in range(3):
        reader.get(f"/letters/{letter.slug}/")
    reader.get("/accounts/login/")
    assert seen == ["rendered", "kept", "kept"]


def test_unsent_emails_are_given_in_tens_and_their_wait_in_steps(letter: Letter) -> None:
    now = timezone.now()
    sign(letter, now=now)
    email, wait = ("undersigned_unsent_emails", "kind=waited_for"), ("undersigned_oldest_unsent_email_seconds", "")
    for seconds, shown in [(7, 0), (299, 0), (301, 300), (1300, 1200)]:
        OutgoingEmail.objects.update(created_at=timezone.now() - timedelta(seconds=seconds))
        found = scrape()
        assert (found[email], found[wait]) == (0, shown)


def test_a_signature_without_a_number_shows_as_a_lag(letter: Letter) -> None:
    signature = sign_and_confirm(letter)
    lag = ("undersigned_sequencer_lag_seconds", "")
    for seconds, shown in [(1, 0), (31, 30), (95, 90)]:
        since = timezone.now() - timedelta(seconds=seconds)
        Signature.objects.filter(pk=signature.pk).update(confirmed_at=since)
        assert scrape()[lag] == shown


def test_frequent_scrapes_are_answered_from_one_look_at_the_database(
    letter: Letter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numbers.recent_numbers, "seconds", 1000)
    monkeypatch.setattr(numbers.recent_numbers, "_last", None)
    looked: list[int] = []
    monkeypatch.setattr(numbers.recent_numbers, "look", lambda: looked.append(1))
    for _ in range(5):
        scrape()
    assert looked == [1]


# The files


def count_elsewhere(folder: Path, times: int) -> subprocess.Popen[bytes]:
    """Start a process that counts and then waits."""
    code = (
        "import django; django.setup()\n"
        "from letters.shared import counting\n"
        f"for _ in range({times}): counting.signed()\n"
        "print('counted', flush=True); input()"
    )
    environ = os.environ | {"METRICS_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "petition.settings"}
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=site_settings.BASE_DIR,
    )
    assert process.stdout
    assert process.stdout.readline() == b"counted\n"
    return process


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.METRICS_DIR = tmp_path / "metrics"
    return tmp_path / "metrics"


def total() -> float:
    found = {sample.name: sample.value for metric in counting.counted() for sample in metric.samples}
    return found.get("undersigned_signings_total", 0)


def test_counts_of_killed_processes_stay_and_their_files_are_used_again(folder: Path) -> None:
    first, second = count_elsewhere(folder, 3), count_elsewhere(folder, 4)
    assert total() == 7
    files = sorted(path.name for path in folder.iterdir())
    first.send_signal(SIGKILL)
    first.wait(20)
    third = count_elsewhere(folder, 5)
    assert total() == 12
    assert sorted(path.name for path in folder.iterdir()) == files
    for process in (second, third):
        process.kill()
        process.communicate()
    first.communicate()


def test_a_folder_that_cannot_be_written_to_stops_nobody(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    settings.METRICS_DIR = tmp_path / "file" / "metrics"
    counters = counting._made.__wrapped__()
    counters.signings.inc()
    assert "Nothing is counted for /metrics" in caplog.text
    assert list(counting.counted()) == []


# A running site


@pytest.fixture(scope="module")
def site() -> Iterator[Web]:
    with running_site() as site:
        yield site


@pytest.mark.xdist_group("stack")
def test_a_real_scrape_adds_up_both_processes_and_hears_of_every_worker(site: Web) -> None:
    for _ in range(40):
        assert site.get("/letters/undersigned/").status in {200, 404}
        assert site.get("/accounts/login/").status == 200
    text = site.get("/metrics").text
    found = samples(text)
    assert found[("undersigned_answers_total", "route=account_login,status=2xx")] == 40
    assert found[("undersigned_answer_seconds_count", "route=account_login")] == 40
    until(lambda: samples(site.get("/metrics").text).get(("undersigned_part_works", "part=clock")) == 1)
    found = until(lambda: _all_work(samples(site.get("/metrics").text)))
    assert ("undersigned_heard_seconds_ago", "part=worker of confirmations") in found


def _all_work(found: dict[tuple[str, str], float]) -> dict[tuple[str, str], float]:
    working = [value for (name, _), value in found.items() if name == "undersigned_part_works"]
    return found if len(working) > 8 and all(working) else {}
