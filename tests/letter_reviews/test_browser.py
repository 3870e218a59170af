"""A site moderator looks at two texts, at names, and at what happened on the site: in a real browser."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from petition import local
from tests.stack import Site, running_site
from tests.takedowns.test_browser import PASSWORD, look, sign_in
from tests.test_journeys import Visit, browser, visitor

__all__ = ["browser", "visitor"]

pytestmark = pytest.mark.xdist_group("stack")

ADD_LETTERS = """
from allauth.account.models import EmailAddress
from django.conf import settings
from django.utils import timezone
from letters.models import User
from letters.organizer.collectives.operations import create_collective
from letters.organizer.letter_editor.operations import (
    Text, draft_letter, publish_letter, start_revision, translate_letter)
now = timezone.now()
wanda, olga = (
    User.objects.create_user(name + "@example.org", {password!r}, moderates_site=name == "wanda")
    for name in ("wanda", "olga"))
EmailAddress.objects.create(user=wanda, email=wanda.email, verified=True, primary=True)
collective = create_collective(name="Friends of the Night Train", slug="night-train", by=olga, now=now)
text = Text("en", "Keep the night trains", "To the minister", "Four lines must stay.\\n\\nWe ask you to keep them.", "")
letter = draft_letter(collective, slug="night-trains", text=text, by=olga, now=now)
publish_letter(letter, by=olga, now=now)
start_revision(letter, by=olga, now=now)
new = Text("en", text.title, text.addressee, "Five lines must stay.\\n\\nWe ask you to keep them.", "")
translate_letter(letter, text=new, by=olga, now=now)
publish_letter(letter, by=olga, now=now, kind="substance", note="Five lines, not four.")
settings.REVIEW_LETTERS_FIRST = True
waits = draft_letter(collective, slug="sleepers", text=Text("en", "Warm the sleepers", "To all", "It is cold.", ""),
    by=olga, now=now)
publish_letter(waits, by=olga, now=now)
"""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site() as site:
        environ = os.environ | site.addresses() | {"LAPTOP": "1", "VAR_DIR": str(site.var)}
        command = [sys.executable, "manage.py", "shell", "-c", ADD_LETTERS.format(password=PASSWORD)]
        subprocess.run(command, cwd=local.BASE_DIR, env=environ, check=True, timeout=120)
        yield site


def test_a_site_moderator_clears_the_queue_of_letters(site: Site, visitor: Visit) -> None:
    page = sign_in(visitor(), "wanda", "/site/letters-to-review/")
    found = look(page, "letters to review")
    # By keyboard alone, as in the queue of signatures.
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Keep the night trains")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("This text is public.")).to_be_visible()
    found += look(page, "a public text")
    page.keyboard.press("a")
    expect(page.get_by_role("button", name="Looks fine")).to_be_focused()
    page.keyboard.press("Enter")
    # The next one opens by itself.
    expect(page.get_by_text("This text is waiting for your decision.")).to_be_visible()
    found += look(page, "a text that waits")
    page.keyboard.press("?")
    expect(page.get_by_text("Go to the other decision")).to_be_visible()
    page.keyboard.press("r")
    expect(page.get_by_label("What must change before it can be published")).to_be_focused()
    page.keyboard.type("Say which sleepers. A key in a field is a letter.")
    page.get_by_role("button", name="Send it back").click()
    expect(page.get_by_text("There are no letters to review.")).to_be_visible()
    page.goto("/site/names/")
    found += look(page, "names that look alike")
    page.goto("/site/activity/")
    found += look(page, "activity of the site")
    assert found == []
