"""The pages of a collective: what each role sees and may do, and a sentence for every mistake."""

import re
from datetime import datetime
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from letters.models import Collective, Letter, MemberInvitation, Membership, OutgoingEmail, User
from letters.organizer.collectives.operations import accept_invitation
from letters.shared.sessions import SessionStore
from tests.collectives.conftest import Inviter
from tests.people import NOW, Response, browser_of, deliver, words

pytestmark = pytest.mark.django_db

LIST = "/organize/collectives/"
PAGE = "/organize/collectives/night-train/"


def post(client: Client, url: str, **fields: Any) -> Response:
    return client.post(url, fields, follow=True)


def membership_of(person: User, collective: Collective) -> Membership:
    return Membership.objects.get(user=person, collective=collective)


# The list of collectives


def test_people_see_their_own_collectives_and_no_others(desk: Client, letter: Letter, stranger: User) -> None:
    page = words(desk.get(LIST))
    assert "Friends of the Night Train Your role: owner 1 letter" in page
    assert "The Other Side" not in page


def test_a_person_without_a_collective_reads_how_to_create_one(nina: User) -> None:
    assert "You are not in a collective yet." in words(browser_of(nina).get(LIST))


@pytest.mark.parametrize("url", ["/organize/", "/accounts/"])
def test_the_start_page_leads_to_the_collectives(desk: Client, url: str, collective: Collective) -> None:
    assert f'href="{LIST}"' in desk.get(url).content.decode()


def test_a_collective_can_be_created(desk: Client, organizer: User) -> None:
    page = post(desk, f"{LIST}new/", name=" The  Club ", timezone="Europe/Rome", website="club.example")
    club = Collective.objects.get()
    assert page.redirect_chain == [("/organize/collectives/the-club/", 302)]
    assert (club.name, club.timezone, club.website) == ("The Club", "Europe/Rome", "https://club.example")
    assert membership_of(organizer, club).role == "owner"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": " \u200b"}, "Enter the name of the collective"),
        ({"name": "a\u202eb"}, "This contains a character that we cannot show. Type it again."),
        ({"name": "x" * 201}, "at most 200 characters"),
        ({"slug": "night train!"}, "Use only the letters a to z, numbers and hyphens"),
        ({"slug": "night-train"}, "Another collective uses this web address."),
        ({"slug": "NEW"}, "Another collective uses this web address."),
        ({"website": "javascript:alert(1)"}, "Enter a web address, like"),
        ({"website": "ftp://club.example"}, "Enter a web address, like"),
        ({"timezone": "Mars/Olympus"}, "Select a time zone from the list."),
        ({"description": "x" * 2001}, "at most 2000 characters"),
    ],
)
def test_bad_input_gets_a_sentence(desk: Client, collective: Collective, fields: dict[str, str], sentence: str) -> None:
    page = post(desk, f"{LIST}new/", **{"name": "The Club", "timezone": "UTC", **fields})
    assert page.status_code == 422
    assert sentence in words(page)
    assert Collective.objects.count() == 1


def test_members_choose_their_own_names(nina: User, collective: Collective, desk: Client) -> None:
    Membership.objects.create(collective=collective, user=nina, role="editor", created_at=NOW)
    assert "Member " in words(desk.get(PAGE))
    post(browser_of(nina), LIST, name=" Nina ")
    assert "Nina" in words(desk.get(PAGE))
    assert post(browser_of(nina), LIST, name="a\u202eb").status_code == 422
    nina.refresh_from_db()
    assert nina.name == "Nina"


# Members


def test_an_owner_sees_every_member_and_each_possible_action(desk: Client, teammate: User) -> None:
    page = desk.get(PAGE)
    for shown in ("Olga you olga@example.org", "Tariq tariq@example.org", "Invite a member", "Remove Tariq"):
        assert shown in words(page)


@pytest.mark.parametrize("who", ["teammate", "moderator"])
def test_other_members_see_names_without_addresses_or_controls(who: str, request: pytest.FixtureRequest) -> None:
    person: User = request.getfixturevalue(who)
    page = browser_of(person).get(PAGE)
    text = words(page).replace(f"{person.email} Sign out", "")
    assert "Olga owner" in text
    assert "@" not in text
    assert "Invite" not in text
    assert b'name="role"' not in page.content
    assert b"/invite/" not in page.content


def test_members_without_a_name_are_told_apart_without_their_addresses(
    collective: Collective, teammate: User, moderator: User
) -> None:
    User.objects.filter(pk__in=[teammate.pk, moderator.pk]).update(name="")
    text = words(browser_of(teammate).get(PAGE))
    assert "You you" not in text
    assert "You editor" in text
    assert len(set(re.findall("Member ([0-9a-f]{4})", text))) == 1
    assert moderator.email not in text


URLS = ["", "settings/", "record/", "invite/", "invitations/{invitation}/", "members/{member}/", "leave/"]
# Who may send GET and POST requests: all members, owners, nobody.
OPEN = {"": ("members", ""), "leave/": ("", "members"), "settings/": ("owners", "owners"), "record/": ("owners", "")}


@pytest.mark.parametrize("who", ["stranger", "moderator", "teammate", "organizer"])
@pytest.mark.parametrize("path", URLS)
def test_each_role_opens_only_its_pages(
    who: str, path: str, second_owner: User, invite: Inviter, request: pytest.FixtureRequest
) -> None:
    person: User = request.getfixturevalue(who)
    url = PAGE + path.format(invitation=invite().pk, member=second_owner.memberships.get().pk)
    reads, acts = OPEN.get(path, ("", "owners"))
    is_in = {"members": who != "stranger", "owners": who == "organizer"}
    for method, let_in in (("get", reads), ("post", acts)):
        answer = getattr(browser_of(person), method)(url).status_code
        if not let_in:
            assert answer == 405
        elif not is_in[let_in]:
            assert answer == 404
        else:
            # The form is empty, so the answer is a success, a 404 or a validation error.
            assert answer in ({200} if method == "get" else {302, 404, 422})
    if who != "organizer":
        assert MemberInvitation.objects.open().count() == 1
        assert second_owner.memberships.count() == 1


@pytest.mark.parametrize("path", ["", "new/", *(f"night-train/{path}" for path in ("", "settings/", "record/"))])
def test_nobody_gets_in_without_an_account(client: Client, collective: Collective, path: str) -> None:
    answer = client.get(LIST + path)
    assert answer.headers["Location"] == f"/accounts/login/?next={LIST}{path}"


def test_roles_can_be_changed_and_removed(desk: Client, collective: Collective, teammate: User) -> None:
    membership = membership_of(teammate, collective)
    url = f"{PAGE}members/{membership.pk}/"
    assert "Saved." in words(post(desk, url, action="role", role="moderator"))
    assert membership_of(teammate, collective).role == "moderator"
    assert "Select a role from the list." in words(post(desk, url, action="role", role="god"))
    assert desk.post(url, {"action": "burn"}).status_code == 404
    for _ in range(2):
        assert post(desk, url, action="remove").status_code == 200
    assert browser_of(teammate).get(PAGE).status_code == 404


def test_a_member_of_another_collective_is_not_touched(desk: Client, collective: Collective, stranger: User) -> None:
    theirs = stranger.memberships.get()
    post(desk, f"{PAGE}members/{theirs.pk}/", action="remove")
    assert stranger.memberships.get() == theirs


def test_the_only_owner_reads_why_they_cannot_leave(desk: Client, letter: Letter, organizer: User) -> None:
    assert "Make someone else an owner before you leave" in words(desk.get(PAGE))
    page = post(desk, f"{PAGE}leave/")
    assert (page.status_code, "Make another member an owner first." in words(page)) == (409, True)
    page = post(desk, f"{PAGE}members/{organizer.memberships.get().pk}/", action="role", role="editor")
    assert (page.status_code, "Make another member an owner first." in words(page)) == (409, True)


def test_an_owner_who_steps_down_sees_the_page_of_the_new_role(
    desk: Client, collective: Collective, organizer: User, teammate: User
) -> None:
    post(desk, f"{PAGE}members/{membership_of(teammate, collective).pk}/", action="role", role="owner")
    page = post(desk, f"{PAGE}members/{membership_of(organizer, collective).pk}/", action="role", role="moderator")
    assert "Invite" not in words(page)
    page = post(desk, f"{PAGE}leave/")
    assert "You have left Friends of the Night Train." in words(page)


# Description


def test_a_collective_can_be_renamed(desk: Client, collective: Collective) -> None:
    fields = {"name": "The Sleepers", "slug": "Sleepers", "timezone": "Asia/Tokyo", "description": "We sleep."}
    page = post(desk, f"{PAGE}settings/", **fields)
    assert page.redirect_chain == [("/organize/collectives/sleepers/settings/", 302)]
    collective.refresh_from_db()
    assert (collective.name, collective.timezone, collective.description) == ("The Sleepers", "Asia/Tokyo", "We sleep.")


def test_an_invalid_description_changes_nothing(desk: Client, collective: Collective, stranger: User) -> None:
    fields = {"name": "The Sleepers", "slug": "the-other-side", "timezone": "UTC"}
    page = post(desk, f"{PAGE}settings/", **fields)
    assert (page.status_code, "Another collective uses this web address." in words(page)) == (422, True)
    assert 'value="The Sleepers"' in page.content.decode()
    collective.refresh_from_db()
    assert collective.name == "Friends of the Night Train"


def test_an_old_name_of_a_time_zone_stays_valid(desk: Client, collective: Collective) -> None:
    Collective.objects.update(timezone="CET")
    page = post(desk, f"{PAGE}settings/", name="The Sleepers", slug="night-train", timezone="CET")
    assert page.status_code == 200
    collective.refresh_from_db()
    assert (collective.name, collective.timezone) == ("The Sleepers", "CET")


# Invitations


@pytest.mark.parametrize("email", ["nina@example.org", "nobody-has-this@example.org"])
def test_whether_an_address_has_an_account_makes_no_difference(desk: Client, nina: User, email: str) -> None:
    post(desk, f"{LIST}new/", name="The Club", timezone="UTC")
    page = post(desk, f"{LIST}the-club/invite/", email=email, role="editor")
    assert page.status_code == 200
    assert "We are sending the invitation. It can take a few minutes." in words(page)
    assert f"{email} editor The email is on its way." in words(page)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"email": ""}, "Enter the email address of the person you want to invite."),
        ({"email": "nina"}, "This email address has no @."),
        ({"email": "nina@example.org, eve@example.org"}, "This has more than one @."),
        (
            {"email": "Olga@example.org"},
            "This is your own email address. Enter the address of the person you want to invite.",
        ),
        (
            {"email": "tariq@example.org"},
            "The person with this address is already a member. You can change their role in the list of members.",
        ),
        ({"role": "god"}, "Select a role from the list."),
        ({"role": ""}, "This field is required."),
    ],
)
def test_the_page_says_who_cannot_be_invited(
    desk: Client, teammate: User, fields: dict[str, str], sentence: str
) -> None:
    page = post(desk, f"{PAGE}invite/", **{"email": "nina@example.org", "role": "editor", **fields})
    assert page.status_code == 422
    assert sentence in words(page)
    assert not MemberInvitation.objects.exists()


def test_each_limit_has_a_sentence(desk: Client, invite: Inviter) -> None:
    for n in range(20):
        invite(f"nina{n}@example.org")
    page = post(desk, f"{PAGE}invite/", email="nina@example.org", role="editor")
    assert "Twenty invitations are unanswered," in words(page)


def test_an_owner_reads_whether_the_email_arrived(desk: Client, invite: Inviter, nina: User, today: datetime) -> None:
    invitation = invite()
    deliver()
    assert "nina@example.org editor The email was sent. Valid until" in words(desk.get(PAGE))
    OutgoingEmail.objects.update(sent_at=None, failed_at=NOW)
    assert "The email bounced." in words(desk.get(PAGE))
    accept_invitation(invitation, by=nina, now=today)
    assert "The email bounced." not in words(desk.get(PAGE))


def test_one_button_withdraws_an_invitation(desk: Client, invite: Inviter) -> None:
    url = f"{PAGE}invitations/{invite().pk}/"
    for _ in range(2):
        assert "nina@example.org" not in words(post(desk, url))
    assert not MemberInvitation.objects.open().exists()


def test_an_address_under_a_lost_key_breaks_no_page(desk: Client, invite: Inviter) -> None:
    invite()
    MemberInvitation.objects.update(address=b"sealed under a key that nobody has")
    assert "unreadable address" in words(desk.get(PAGE))


def test_a_page_costs_the_same_however_many_members_there_are(
    desk: Client, invite: Inviter, collective: Collective, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(20):
        invite(f"nina{n}@example.org")
        member = User.objects.create_user(f"member{n}@example.org")
        Membership.objects.create(collective=collective, user=member, role="editor", created_at=NOW)
    with django_assert_max_num_queries(12):
        desk.get(PAGE)


def test_a_name_that_is_html_is_harmless(desk: Client, organizer: User, collective: Collective) -> None:
    User.objects.update(name="<script>alert(1)</script>")
    Collective.objects.update(name="<b>bold</b>")
    for path in ("", "settings/", "record/"):
        page = desk.get(PAGE + path).content
        assert b"<script>alert" not in page
        assert b"<b>bold" not in page


# The reminder about a second factor


def way_on(desk: Client) -> str:
    """Return the URL to which the session leads after a second factor has been set up."""
    return str(SessionStore.of_cookie(desk.cookies[settings.SESSION_COOKIE_NAME].value)["way_on"])


def test_before_the_first_publication_an_owner_is_asked_for_a_second_factor(
    desk: Client, draft: Any, teammate: User
) -> None:
    draft()
    page = desk.get("/organize/letters/night-trains/")
    assert "Set up two-step sign-in before you publish." in words(page)
    url = "/accounts/second-factor/?next=/organize/letters/night-trains/"
    assert f'href="{url}"' in page.content.decode()
    assert desk.get(url).headers["Location"] == "/accounts/2fa/"
    assert way_on(desk) == "/organize/letters/night-trains/"
    # An editor is not asked, and everyone can still publish.
    assert "two-step sign-in" not in words(browser_of(teammate).get("/organize/letters/night-trains/"))


def test_the_link_back_leads_to_no_other_site(desk: Client, organizer: User) -> None:
    desk.get("/accounts/second-factor/?next=https://elsewhere.example/")
    assert way_on(desk) == "/accounts/"


def test_an_owner_with_a_second_factor_is_not_asked(desk: Client, draft: Any, organizer: User) -> None:
    draft()
    Authenticator.objects.create(user=organizer, type=Authenticator.Type.TOTP, data={})
    assert "two-step sign-in" not in words(desk.get("/organize/letters/night-trains/"))
