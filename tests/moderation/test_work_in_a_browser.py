"""The rest of what people who moderate the site do, in a real browser: approve for another, give second opinions by
keyboard, make a rule, write a note, and look at a wave. Each page is also looked at by axe."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from playwright.sync_api import Page, expect

from petition import local
from tests.accessibility import follow
from tests.moderation.test_bulk_in_a_browser import BURST, SEARCH, finished, states
from tests.stack import Site, running_site
from tests.takedowns.test_browser import PASSWORD, look, sign_in
from tests.test_journeys import Visit, browser, press, visitor

__all__ = ["browser", "visitor"]

pytestmark = pytest.mark.xdist_group("stack")

# Two people moderate the site; each bulk decision needs both; a wave comes in; and two decisions are drawn by lot.
PREPARE = f"""
from allauth.account.models import EmailAddress
from django.utils import timezone
from letters.base.site_limits.operations import set_limit
from letters.models import Letter, ReviewDecision, SecondOpinion, Signature, SiteLimit, User, Wave
now = timezone.now()
people = {{}}
for name in ("wanda", "oscar", "petra"):
    email = name + "@example.org"
    people[name] = User.objects.create_user(email, {PASSWORD!r}, name=name.title(), moderates_site=True)
    EmailAddress.objects.create(user=people[name], email=email, verified=True, primary=True)
set_limit(SiteLimit.Name.BULK_DECISION_ALONE, 0, by=None, now=now, reason="A test")
letter = Letter.objects.get(slug="unpaid-cast")
Letter.objects.filter(pk=letter.pk).update(comments_public=True)
Wave.objects.create(letter=letter, sign="rate", noticed_at=now)
shown = list(Signature.objects.filter(letter=letter, state="published", display="public").order_by("-number")[:2])
for place, signature in enumerate(shown):
    signature.comment, signature.comment_for = "Because work must be paid.", "everyone"
    signature.save(update_fields=["comment", "comment_for"])
    decision = ReviewDecision.objects.create(signature=signature, letter=letter, decided_by=people["petra"],
        decided_at=now, verb="accept", state_before="held")
    answered = dict(answer="reject", answered_by=people["oscar"], answered_at=now, disagrees=True)
    SecondOpinion.objects.create(decision=decision, signature=signature, letter=letter, drawn_at=now,
        fingerprint=signature.fingerprint(), **(answered if place else {{}}))
"""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site() as site:
        environ = os.environ | site.addresses() | {"LAPTOP": "1", "VAR_DIR": str(site.var)}
        command = [sys.executable, "manage.py", "shell", "-c", PREPARE]
        subprocess.run(command, cwd=local.BASE_DIR, env=environ, check=True, timeout=120)
        with psycopg.connect(site.addresses()["DATABASE_URL"], autocommit=True) as connection:
            connection.execute(BURST)
        yield site


def see(page: Page, what: str) -> list[str]:
    """Return what is wrong with the page. With SHOTS, also keep pictures of it, to be looked at."""
    folder = os.environ.get("SHOTS")
    for width in (360, 1280) if folder else ():
        page.set_viewport_size({"width": width, "height": 800})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=f"{folder}/{what.replace(' ', '-')}-{width}-{scheme}.png", full_page=True)
    page.emulate_media(color_scheme="light")
    return look(page, what)


def test_a_second_person_approves_a_bulk_decision(site: Site, visitor: Visit) -> None:
    wanda = sign_in(visitor(), "wanda", "/moderate/search/")
    wanda.goto(SEARCH)
    follow(wanda.get_by_role("link", name="Decide about all that match"))
    found = see(wanda, "bulk preview")
    wanda.get_by_label("Reason for rejecting").select_option("not_a_person")
    press(wanda, "Ask another moderator to approve")
    wanda.wait_for_url("**/bulk/*/")
    expect(wanda.get_by_role("status")).to_have_text("Waiting for a second person")
    expect(wanda.get_by_role("button", name="Approve")).to_have_count(0)
    found += see(wanda, "bulk that waits")
    assert states(site) == ["held"]

    oscar = sign_in(visitor(), "oscar", "/moderate/")
    follow(oscar.locator(".notice", has_text="waiting for a second person").get_by_role("link"))
    found += see(oscar, "bulk to approve")
    press(oscar, "Approve, and start")
    finished(oscar, "Finished")
    assert states(site) == ["rejected"]
    assert found == []


def test_a_moderator_gives_and_settles_second_opinions_by_keyboard(site: Site, visitor: Visit) -> None:
    # Someone else has looked at the queue, and has it.
    with psycopg.connect(site.addresses()["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("UPDATE letters_secondopinion SET claimed_by_id = NULL, claimed_until = NULL")
    wanda = sign_in(visitor(reduced_motion="reduce"), "wanda", "/moderate/")
    opinion = wanda.locator(".opinion")
    expect(opinion.get_by_text("would you accept or reject this?")).to_be_visible()
    found = see(wanda, "queue with wave and opinion")
    opinion.focus()
    with wanda.expect_navigation():
        wanda.keyboard.press("a")
    expect(wanda.get_by_text("Your opinion alone changes nothing.")).to_be_visible()
    follow(wanda.get_by_role("link", name=re.compile("disagreement")))
    found += see(wanda, "disagreements")
    wanda.keyboard.press("?")
    expect(wanda.get_by_text("Show or hide this list")).to_be_visible()
    wanda.keyboard.press("j")
    expect(wanda.locator(".review-item:focus")).to_have_count(1)
    with wanda.expect_navigation():
        wanda.keyboard.press("a")
    expect(wanda.get_by_text("The decision stays.")).to_be_visible()
    assert found == []


def test_a_rule_is_tested_on_past_signatures_before_it_is_switched_on(site: Site, visitor: Visit) -> None:
    wanda = sign_in(visitor(), "wanda", "/moderate/rules/")
    found = see(wanda, "no rule yet")
    wanda.goto("/moderate/rules/new/")
    wanda.get_by_label("Where the rule applies").select_option("site")
    found += see(wanda, "new rule")
    wanda.get_by_label("The name, domain or email address").fill("Robot*")
    wanda.get_by_label("Reason", exact=True).fill("A burst of invented names")
    wanda.get_by_label("Last day").fill(f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d}")
    press(wanda, "Continue")
    expect(wanda.get_by_role("heading", name="What it would have done")).to_be_visible()
    found += see(wanda, "rule that is off")
    press(wanda, "Switch on")
    expect(wanda.get_by_role("button", name="Switch off")).to_be_visible()
    found += see(wanda, "rule that is on")
    wanda.goto("/moderate/rules/")
    found += see(wanda, "rules")
    assert found == []


def test_pages_that_moderators_of_the_site_use_now_and_then(site: Site, visitor: Visit) -> None:
    wanda = sign_in(visitor(), "wanda", "/moderate/lost/mailbox/")
    found = see(wanda, "lost mailbox")
    wanda.goto("/site/letters/unpaid-cast/notes/")
    found += see(wanda, "no note")
    wanda.locator("form textarea").fill("They answered our question by telephone.")
    press(wanda, "Save the note")
    found += see(wanda, "private notes")
    expect(wanda.get_by_role("link", name="Letters on this site").first).to_be_attached()
    wanda.goto("/moderate/unpaid-cast/wave/")
    found += see(wanda, "wave and shield")
    wanda.goto("/site/letters/unpaid-cast/")
    expect(wanda.get_by_text("manage.py decide_appeal")).to_have_count(0)
    found += see(wanda, "take a letter down")
    wanda.goto("/moderate/search/?letter=unpaid-cast&state=published&q=rangi")
    hide = wanda.locator(".review-item [data-verb=hide] summary")
    hide.first.click()
    found += see(wanda, "hide a comment")
    wanda.goto("/letters/unpaid-cast/signatures/")
    expect(wanda.get_by_text("Because work must be paid.").first).to_be_visible()
    found += see(wanda, "public comments")
    assert found == []
