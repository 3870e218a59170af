"""Two processes answer one reader, and the count never goes back."""

import re
import threading
from functools import partial

import pytest

from letters.models import Letter
from tests.people import add_published
from tests.stack import Parts, Web, until

pytestmark = pytest.mark.django_db(transaction=True)

VERSION = re.compile(r'(?:data-version="|"version": )(\d+)')
ROUNDS, POLLS = 12, 20


@pytest.fixture
def processes(transactional_db: None, parts: Parts) -> list[Web]:
    # Each start_web starts a server with its own processes.
    return [parts.start_web(), parts.start_web()]


def reached(seen: list[int], number: int) -> bool:
    return len(seen) >= number


def test_versions_only_grow_for_a_reader_who_polls_several_processes(letter: Letter, processes: list[Web]) -> None:
    paths = [f"/letters/{letter.slug}/", f"/letters/{letter.slug}/count/"]
    seen: list[int] = []
    over = threading.Event()

    def poll() -> None:
        number = 0
        while not over.is_set():
            web, path = processes[number % 2], paths[number // 2 % 2]
            seen.append(int(VERSION.findall(web.get(path).text)[0]))
            number += 1

    reader = threading.Thread(target=poll)
    reader.start()
    for _ in range(ROUNDS):
        add_published(letter, 1)
        # Once one process has shown a version, the other must not show an older one.
        until(lambda: seen and seen[-1] == letter.version)
        enough = len(seen) + POLLS
        until(partial(reached, seen, enough))
    over.set()
    reader.join(30)
    assert seen == sorted(seen)
    assert len(set(seen)) >= ROUNDS
