"""Templates are easy to read: short lines, and conditions in presenters."""

import re
from pathlib import Path

import pytest
from django.test import Client, RequestFactory
from django.utils import translation
from django.views.defaults import server_error
from pytest_django import Settings

MAX_LINE_LENGTH = 160
TEMPLATES = Path("letters/templates")


def test_no_line_of_a_template_is_long() -> None:
    long = [
        f"{path}:{number}"
        for path in sorted(TEMPLATES.rglob("*.*"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > MAX_LINE_LENGTH
    ]
    assert long == []


def test_no_heading_ends_with_a_full_stop() -> None:
    ends = re.compile(r'<h[1-6][^>]*>(?:(?!</h).)*\.\s*(?:" %\}|\{% endblocktranslate %\})?\s*</h[1-6]>', re.DOTALL)
    found = [path.name for path in sorted(TEMPLATES.rglob("*.html")) if ends.search(path.read_text(encoding="utf-8"))]
    assert found == []


def test_the_page_of_an_error_of_ours_has_the_name_and_the_language_of_the_site(settings: Settings) -> None:
    settings.DEFAULT_FROM_EMAIL = "Open Letters Now <letters@example.org>"
    request = RequestFactory().get("/")
    with translation.override("it"):
        page = server_error(request).content.decode()
    assert '<html lang="it" dir="ltr">' in page
    assert 'class="wordmark" href="/it/">Open Letters Now</a>' in page
    assert "Undersigned" not in page
    assert "qualcosa" in page


def test_people_read_dates_in_one_format_which_follows_the_language() -> None:
    """Templates use Django's own filter only for machine formats: `c` and `Y-m-d`."""
    others = [
        f"{path}: {found}"
        for path in sorted(TEMPLATES.rglob("*.*"))
        for found in re.findall(r"\|(?:date|time):[^ }|]+", path.read_text(encoding="utf-8"))
        if found.partition(":")[2].strip("\"'") not in {"c", "Y-m-d"}
    ]
    assert others == []


def test_no_form_lists_its_problems_twice() -> None:
    """A form that is rendered as a whole begins with the list."""
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(TEMPLATES.rglob("*.html"))}
    twice = [
        f"{path}: {name}"
        for path, text in texts.items()
        for names in re.findall(r"{% problems ([a-z_ ]+) %}", text)
        for name in names.split()
        if re.search(rf"{{{{ {name} }}}}", text)
    ]
    assert twice == []


@pytest.mark.django_db
def test_pages_and_invitations_use_the_same_name_for_the_site_as_emails(settings: Settings) -> None:
    settings.DEFAULT_FROM_EMAIL = "Open Letters Now <letters@example.org>"
    for path in ("/", "/about/", "/how-we-count/", "/privacy/", "/accounts/login/", "/nothing/here/"):
        page = Client().get(path).content.decode()
        assert 'class="wordmark" href="/">Open Letters Now</a>' in page
        assert "Undersigned" not in page.replace("is called Undersigned", "")
