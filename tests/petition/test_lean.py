"""A process at rest has loaded only what it needs at once: the rest is loaded when it is first used."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings

# Libraries that few tasks and pages need, and each of which takes megabytes.
HEAVY = {"typst", "PIL", "pikepdf", "lxml", "xlsxwriter", "qrcode", "fontTools", "faker", "dns"}
WORKER = """
from petition.celery import app, check_settings
check_settings()
app.loader.import_default_modules()
import petition.lanes, petition.clock, celery.apps.worker, letters.tasks
"""
WEB = """
import petition.wsgi
from django.urls import get_resolver
assert get_resolver().url_patterns
"""


def loaded(program: str) -> set[str]:
    """Return the modules of a process after it has done this."""
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", f"{program}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"],
        cwd=settings.BASE_DIR,
        env=os.environ | {"VALKEY_URL": settings.VALKEY_URL},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    found: list[str] = json.loads(ended.stdout.splitlines()[-1])
    return set(found)


@pytest.mark.parametrize(
    ("program", "needed"), [(WORKER, "letters.tasks"), (WEB, "letters.urls")], ids=["worker", "web"]
)
def test_a_process_at_rest_has_loaded_no_heavy_library(program: str, needed: str) -> None:
    modules = loaded(program)
    assert needed in modules
    assert HEAVY & modules == set()


def test_the_worker_has_loaded_no_page() -> None:
    modules = loaded(WORKER)
    assert {"letters.urls", "petition.urls", "ninja", "pydantic"} & modules == set()
