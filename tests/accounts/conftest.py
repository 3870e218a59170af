"""Accounts with a worker that sends their emails at once, and limits that are reset."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from letters.models import User
from petition.celery import app
from tests.accounts.people import Person, forget_tries, make_account


@pytest.fixture(autouse=True)
def _worker_at_once() -> Iterator[None]:
    app.conf.task_always_eager = app.conf.task_eager_propagates = True
    yield
    app.conf.task_always_eager = app.conf.task_eager_propagates = False


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _nothing_was_tried() -> Iterator[None]:
    forget_tries()
    yield
    forget_tries()


@pytest.fixture
def person(db: None) -> Person:
    return Person()


@pytest.fixture
def orla(db: None) -> User:
    """A person with a password and a confirmed address."""
    return make_account()


@pytest.fixture
def signed_in(orla: User, person: Person) -> Person:
    assert person.sign_in(orla.email).status_code == 200
    assert person.is_signed_in()
    return person
