"""Signing in with an account elsewhere: offered where it is configured, and otherwise mentioned nowhere."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.accounts.people import Person
from tests.people import words
from tests.stack import _test_database

pytestmark = pytest.mark.django_db

ALL = {
    **{f"{name}_CLIENT_ID": "we" for name in ("GITHUB", "GOOGLE", "ORCID", "OIDC")},
    **{f"{name}_CLIENT_SECRET": "secret" for name in ("GITHUB", "GOOGLE", "ORCID", "OIDC")},
    "OIDC_URL": "https://login.example.org/realms/ours",
    "OIDC_NAME": "The Cooperative",
}
# Run a process with these settings, because routes are made when it starts.
LOOK = """
import django, sys
django.setup()
from django.test import Client
for url in sys.argv[1:]:
    answer = Client(headers={"host": "localhost"}).get(url)
    print(answer.status_code, answer.headers.get("Content-Security-Policy"), answer.content.decode())
"""


def look(environ: dict[str, str], *urls: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", LOOK, *urls],
        env={**os.environ, "DATABASE_URL": _test_database(), **environ, "DJANGO_SETTINGS_MODULE": "petition.settings"},
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )


def test_without_providers_no_page_mentions_them(person: Person) -> None:
    for page in ("/accounts/login/", "/accounts/signup/"):
        assert "account on another site" not in words(person.get(page))
    assert person.get("/accounts/3rdparty/").status_code == 404
    assert person.get("/accounts/github/login/").status_code == 404


def test_all_four_can_be_configured() -> None:
    said = look(ALL, "/accounts/login/")
    assert said.returncode == 0, said.stderr
    for name in ("GitHub", "Google", "Orcid.org", "The Cooperative"):
        assert f">{name}</a>" in said.stdout
    assert form_action(said.stdout) == {
        *["'self'", "https://github.com", "https://accounts.google.com", "https://orcid.org"],
        "https://login.example.org",
    }


def test_one_provider_can_be_configured_alone_with_its_secret_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("secret\n")
    github = {"GITHUB_CLIENT_ID": "we", "GITHUB_CLIENT_SECRET_FILE": str(file)}
    said = look(github, "/accounts/login/", "/accounts/github/login/")
    assert said.returncode == 0, said.stderr
    assert ">GitHub</a>" in said.stdout
    assert "Google" not in said.stdout
    assert "Continue to GitHub" in said.stdout
    assert form_action(said.stdout) == {"'self'", "https://github.com"}


def form_action(said: str) -> set[str]:
    found = re.search("form-action ([^;<]*?)(;| <)", said)
    assert found
    return set(found[1].split())


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"GITHUB_CLIENT_ID": "we"}, "GITHUB_CLIENT_ID and GITHUB_CLIENT_SECRET go together"),
        ({"ORCID_CLIENT_SECRET": "secret"}, "ORCID_CLIENT_ID and ORCID_CLIENT_SECRET go together"),
        ({**ALL, "OIDC_URL": ""}, "OIDC_URL must look like https://login.example.org"),
    ],
)
def test_half_a_configuration_is_refused_in_one_sentence(environ: dict[str, str], sentence: str) -> None:
    said = look(environ)
    assert said.returncode == 1
    assert sentence in said.stderr
    assert "Traceback" not in said.stderr
