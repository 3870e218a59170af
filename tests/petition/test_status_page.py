"""Superusers read whether each part of the site works, and what to do if one does not."""

import shutil
from collections import namedtuple
from datetime import timedelta

import pytest
import redis
from django.utils import timezone
from pytest_django import Settings

from letters.models import Letter, OutgoingEmail, User
from letters.schedule import QUEUES
from petition import health, heartbeats, numbers, status_page
from tests.people import browser_of, sign, words

pytestmark = pytest.mark.django_db
PAGE = "/site/status/"


@pytest.fixture(autouse=True)
def _all_at_work(valkey: "redis.Redis", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health.recent_checks, "seconds", -1)
    monkeypatch.setattr(numbers.recent_numbers, "seconds", -1)
    heartbeats._next_notes.clear()
    heartbeats.note(["clock", *(f"worker of {queue}" for queue in QUEUES)])


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser("root@example.org", name="Rut")


def read(person: User) -> str:
    return words(browser_of(person).get(PAGE))


def test_each_part_is_named_and_works(letter: Letter, root: User) -> None:
    said = read(root)
    assert "Every part of the site works." in said
    assert "problem" not in said
    assert "What to do" not in said
    for name in ("Database", "Tables", "Broker", "Valkey", "Clock", *map(str, status_page.WORK.values())):
        assert name in said
    for name in ("Unsent emails", "Waiting for moderators", "Memory of public pages", "Disk", "Version undersigned"):
        assert name in said.replace(" works", "")


def test_every_queue_has_words() -> None:
    assert set(QUEUES) == set(status_page.WORK)


def test_a_silent_worker_comes_first_with_what_to_do(letter: Letter, root: User, valkey: "redis.Redis") -> None:
    valkey.delete("seen:worker of bulk", "seen:clock")
    said = read(root)
    assert "2 parts of the site have a problem." in said
    assert said.index("Start a worker for the queue “bulk” again.") < said.index("Database")
    assert "Start “celery beat” again, exactly once." in said


def test_numbers_that_would_tell_about_a_signer_are_given_in_steps(letter: Letter, root: User) -> None:
    sign(letter, now=timezone.now())
    for seconds, shown in [(7, "None has waited for five minutes."), (301, "for 5 minutes"), (1300, "for 20 minutes")]:
        OutgoingEmail.objects.update(created_at=timezone.now() - timedelta(seconds=seconds))
        assert shown in read(root)
    assert "Look at the log of the worker for “confirmations”" in read(root)
    assert "Signatures: 0. Letters: 0. Reports: 0." in read(root)


def test_a_full_disk_is_a_problem(letter: Letter, root: User, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(100, 95, 5))
    assert "Make room on the disk of VAR_DIR." in read(root)


def test_site_moderators_and_others_do_not_see_it(letter: Letter, organizer: User, settings: Settings) -> None:
    organizer.moderates_site = True
    organizer.save()
    assert browser_of(organizer).get(PAGE).status_code == 404
