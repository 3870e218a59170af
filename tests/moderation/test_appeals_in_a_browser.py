"""A signature is rejected, its signer appeals, and another moderator restores it: in a real browser."""

import os
import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest
from playwright.sync_api import Page, expect

from petition import local
from tests.stack import Site, running_site
from tests.takedowns.test_browser import PASSWORD, look, sign_in
from tests.test_journeys import Visit, browser, someone, visitor

__all__ = ["browser", "visitor"]

pytestmark = pytest.mark.xdist_group("stack")

ADD_PEOPLE = f"""
from allauth.account.models import EmailAddress
from letters.models import Collective, Membership, User
from django.utils import timezone
for name in ("mona", "oscar"):
    email = name + "@example.org"
    person = User.objects.create_user(email, {PASSWORD!r}, name=name.title())
    EmailAddress.objects.create(user=person, email=email, verified=True, primary=True)
    made = dict(user=person, role="moderator", created_at=timezone.now())
    Membership.objects.create(collective=Collective.objects.get(letters__slug="unpaid-cast"), **made)
"""
# A night goes by.
NIGHT = "UPDATE letters_rejectionappeal SET reaches_at = now()"
MORNING = "from letters.tasks import pass_on_appeals_of_signers as pass_on; pass_on()"
SEARCH = "/moderate/search/?letter=unpaid-cast&q="


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site() as site:
        shell(site, ADD_PEOPLE)
        yield site


def shell(site: Site, code: str) -> None:
    environ = os.environ | site.addresses() | {"LAPTOP": "1", "VAR_DIR": str(site.var)}
    command = [sys.executable, "manage.py", "shell", "-c", code]
    subprocess.run(command, cwd=local.BASE_DIR, env=environ, check=True, timeout=120)


def item(page: Page, name: str) -> str:
    return f".review-item:has-text('{name}')"


def test_a_rejected_signer_appeals_and_another_moderator_restores(site: Site, visitor: Visit) -> None:
    name, email = someone()
    assert site.sign("unpaid-cast", email, name).status == 303
    assert site.post(site.mailed_link("confirm", email)).status == 303
    link = site.mailed_link("manage", email)

    mona = sign_in(visitor(), "mona", "/moderate/search/")
    mona.goto(f"{SEARCH}{name.replace(' ', '+')}")
    signature = mona.locator(item(mona, name))
    signature.locator("summary", has_text="Reject").click()
    signature.get_by_role("button", name="Not a person").click()
    expect(mona.get_by_text(f"Rejected: {name}")).to_be_visible()

    signer = visitor()
    signer.goto(link)
    expect(signer.get_by_text("Their reason: We could not tell that a person has signed")).to_be_visible()
    found = look(signer, "a rejected signature")
    signer.get_by_label("Why the decision is wrong").fill("My parents liked the name.")
    signer.get_by_role("button", name="Send the appeal").click()
    expect(signer.get_by_text("We have received your appeal.")).to_be_visible()
    found += look(signer, "an appeal that waits")

    with psycopg.connect(site.addresses()["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(NIGHT)
    shell(site, MORNING)
    mona.goto("/moderate/")
    expect(mona.get_by_text("A signer has appealed against one of your decisions.")).to_be_visible()
    expect(mona.locator(item(mona, name))).to_have_count(0)
    found += look(mona, "the queue of the moderator who rejected")

    oscar = sign_in(visitor(), "oscar", "/moderate/")
    appeal = oscar.locator(item(oscar, name))
    expect(appeal.get_by_text("My parents liked the name.")).to_be_visible()
    found += look(oscar, "an appeal in the queue")
    oscar.screenshot(path=os.environ.get("SHOTS", str(site.var)) + "/appeal.png", full_page=True)
    appeal.get_by_role("button", name="Accept").click()
    expect(oscar.get_by_text(f"Accepted: {name}")).to_be_visible()

    signer.goto(link)
    expect(signer.get_by_text("After your appeal, another moderator has restored your signature.")).to_be_visible()
    signer.goto("/letters/unpaid-cast/signatures/")
    expect(signer.get_by_text(name)).to_be_visible()
    assert found == []
