"""Members and roles of a collective: who decides about them, and that it always has an owner."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest

from letters.base.accounts import operations as account_operations
from letters.base.accounts import queries as account_queries
from letters.base.accounts.operations import close_account
from letters.base.changes import operations as changes_operations
from letters.models import AuditEvent, Collective, Letter, MemberInvitation, Membership, OutgoingEmail, User
from letters.organizer.collectives.operations import (
    accept_invitation,
    change_role,
    create_collective,
    describe_collective,
    forget_invitations,
    invite_member,
    leave_collective,
    reencrypt_invitations,
    remove_member,
    revoke_invitation,
)
from letters.organizer.collectives.operations import roles as role_operations
from letters.shared.addresses import decrypt, read_address
from letters.shared.refused import Refused
from tests.people import NOW, Reader, in_threads


def invite(collective: Collective, by: User, email: str = "nina@example.org", **values: Any) -> MemberInvitation:
    address = read_address(email)
    assert address
    return invite_member(collective, address=address, **{"role": "editor", "by": by, "now": NOW, **values})


def membership_of(person: User, collective: Collective) -> Membership:
    return Membership.objects.get(user=person, collective=collective)


def roles(collective: Collective) -> dict[str, str]:
    return dict(collective.memberships.values_list("user__name", "role"))


def last_event() -> AuditEvent:
    return AuditEvent.objects.latest("pk")


# Creating and describing


def test_the_web_address_comes_from_the_name(organizer: User) -> None:
    assert create_collective(name="The Night Train", by=organizer, now=NOW).slug == "the-night-train"
    another = create_collective(name="The Night Train", by=organizer, now=NOW)
    assert another.slug.startswith("the-night-train-")


@pytest.mark.parametrize("name", ["New", "公开信"])
def test_a_name_without_usable_letters_still_gets_a_web_address(organizer: User, name: str) -> None:
    assert create_collective(name=name, by=organizer, now=NOW).slug not in {"", "new"}


def test_two_collectives_never_share_a_web_address(collective: Collective, organizer: User) -> None:
    with pytest.raises(Refused, match="slug_taken"):
        create_collective(name="Another", slug=collective.slug, by=organizer, now=NOW)
    other = create_collective(name="Another", slug="another", by=organizer, now=NOW)
    with pytest.raises(Refused, match="slug_taken"):
        describe_collective(other, values={"slug": collective.slug}, by=organizer, now=NOW)
    with pytest.raises(Refused, match="slug_taken"):
        describe_collective(other, values={"slug": "new"}, by=organizer, now=NOW)
    other.refresh_from_db()
    assert other.slug == "another"


def test_readers_see_the_new_name(letter: Letter, organizer: User, reader: Reader) -> None:
    reader.read(letter)
    describe_collective(letter.collective, values={"name": "The Sleepers"}, by=organizer, now=NOW)
    assert "The Sleepers" in reader.read(letter)


def test_a_collective_reads_times_in_its_time_zone(collective: Collective, organizer: User) -> None:
    assert str(collective.zone()) == "UTC"
    describe_collective(collective, values={"timezone": "Europe/Rome"}, by=organizer, now=NOW)
    collective.refresh_from_db()
    assert NOW.astimezone(collective.zone()).hour == 13
    assert last_event().details == {"changed": ["timezone"]}


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd", "europe/rome"])
def test_an_unknown_time_zone_is_refused(collective: Collective, organizer: User, zone: str) -> None:
    with pytest.raises(Refused, match="unknown_timezone"):
        describe_collective(collective, values={"timezone": zone}, by=organizer, now=NOW)
    with pytest.raises(Refused, match="unknown_timezone"):
        create_collective(name="Another", timezone=zone, by=organizer, now=NOW)
    assert Collective.objects.count() == 1


def test_a_change_of_nothing_is_not_recorded(collective: Collective, organizer: User) -> None:
    describe_collective(collective, values={"name": collective.name, "timezone": "UTC"}, by=organizer, now=NOW)
    assert last_event().verb == "create_collective"


@pytest.mark.usefixtures("transactional_db")
def test_two_collectives_of_one_name_made_at_once_get_separate_web_addresses(organizer: User) -> None:
    def make(_: int) -> str:
        return create_collective(name="The Club", by=organizer, now=NOW).slug

    assert len(set(in_threads(make, range(4), threads=4))) == 4


# Inviting


def test_an_invitation_creates_one_email_and_encrypts_the_address(collective: Collective, organizer: User) -> None:
    invitation = invite(collective, organizer, "Nina@Example.org")
    outgoing = OutgoingEmail.objects.get()
    assert (outgoing.kind, outgoing.invitation, outgoing.signature) == ("team_invitation", invitation, None)
    assert invitation.address
    assert decrypt(invitation.address) == "Nina@example.org"
    assert b"nina" not in bytes(invitation.address).lower()
    assert "nina" not in f"{last_event().details}{last_event().reason}".lower()


def test_inviting_twice_makes_one_invitation_and_one_email(collective: Collective, organizer: User) -> None:
    first = invite(collective, organizer)
    assert invite(collective, organizer, "NINA@example.org") == first
    assert OutgoingEmail.objects.count() == 1
    with pytest.raises(Refused, match="invited_otherwise"):
        invite(collective, organizer, role="owner")


@pytest.mark.usefixtures("transactional_db")
def test_two_owners_who_invite_the_same_person_at_once_make_one_invitation(
    collective: Collective, organizer: User, second_owner: User
) -> None:
    found = in_threads(lambda by: invite(collective, by).pk, [organizer, second_owner] * 2, threads=4)
    assert len(set(found)) == 1


@pytest.mark.parametrize(("email", "code"), [("olga+x@example.org", "yourself"), ("tariq@example.org", "is_member")])
def test_members_are_not_invited_again(
    collective: Collective, organizer: User, teammate: User, email: str, code: str
) -> None:
    with pytest.raises(Refused, match=code):
        invite(collective, organizer, email)


def test_there_are_three_roles(collective: Collective, organizer: User) -> None:
    with pytest.raises(Refused, match="unknown_role"):
        invite(collective, organizer, role="god")


def test_twenty_can_be_open_and_fifty_can_be_sent_in_a_day(
    collective: Collective, organizer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_queries, "FEW_INVITATIONS", 1000)
    sent = [invite(collective, organizer, f"nina{n}@example.org") for n in range(20)]
    with pytest.raises(Refused, match="too_many_open"):
        invite(collective, organizer)
    for n in range(30):
        revoke_invitation(sent[n], by=organizer, now=NOW)
        sent.append(invite(collective, organizer, f"more{n}@example.org"))
    revoke_invitation(sent[-1], by=organizer, now=NOW)
    with pytest.raises(Refused, match="too_many_today"):
        invite(collective, organizer)
    # This also holds for another collective of the same owner.
    other = create_collective(name="Another", by=organizer, now=NOW)
    with pytest.raises(Refused, match="too_many_today"):
        invite(other, organizer)
    assert invite(collective, organizer, now=NOW + timedelta(days=1, seconds=1))


def test_a_person_can_be_invited_again_after_two_weeks(collective: Collective, organizer: User) -> None:
    first = invite(collective, organizer)
    late = NOW + timedelta(days=14)
    second = invite(collective, organizer, now=late, role="moderator")
    assert first != second
    assert list(MemberInvitation.objects.active(late)) == [second]


def test_a_withdrawn_invitation_holds_no_address(collective: Collective, organizer: User, nina: User) -> None:
    invitation = invite(collective, organizer)
    for _ in range(2):
        revoke_invitation(invitation, by=organizer, now=NOW)
    invitation.refresh_from_db()
    assert (invitation.address, invitation.revoked_at) == (None, NOW)
    assert OutgoingEmail.objects.owed().count() == 0
    assert AuditEvent.objects.filter(verb="revoke_invitation").count() == 1
    with pytest.raises(Refused, match="over"):
        accept_invitation(invitation, by=nina, now=NOW)


def test_the_address_of_an_ended_invitation_is_deleted(collective: Collective, organizer: User, nina: User) -> None:
    taken_back, accepted, expired = (invite(collective, organizer, f"{name}@example.org") for name in "abc")
    revoke_invitation(taken_back, by=organizer, now=NOW)
    accept_invitation(accepted, by=nina, now=NOW)
    forget_invitations(now=NOW + timedelta(days=1))
    assert MemberInvitation.objects.count() == 3
    forget_invitations(now=NOW + timedelta(days=1, seconds=1))
    assert set(MemberInvitation.objects.all()) == {accepted, expired}
    forget_invitations(now=NOW + timedelta(days=15, seconds=1))
    assert not MemberInvitation.objects.exists()
    assert not OutgoingEmail.objects.exists()
    assert roles(collective) == {"Olga": "owner", "": "editor"}


def test_open_invitations_are_encrypted_again_with_a_new_key(
    collective: Collective, organizer: User, settings: Any
) -> None:
    invitation = invite(collective, organizer)
    fresh = "bmV3LW5ldy1uZXctbmV3LW5ldy1uZXctbmV3LW5ldyE="
    settings.ADDRESS_KEYS = [fresh, *settings.ADDRESS_KEYS]
    assert reencrypt_invitations() == (1, [])
    settings.ADDRESS_KEYS = [fresh]
    invitation.refresh_from_db()
    assert invitation.address
    assert decrypt(invitation.address) == "nina@example.org"
    assert reencrypt_invitations() == (0, [])
    settings.ADDRESS_KEYS = ["b2xkLW9sZC1vbGQtb2xkLW9sZC1vbGQtb2xkLW9sZCE="]
    assert reencrypt_invitations() == (0, [invitation.pk])


# Accepting


def test_accepting_gives_the_role_whatever_the_address(collective: Collective, organizer: User, stranger: User) -> None:
    invitation = invite(collective, organizer, role="moderator")
    for _ in range(2):
        accept_invitation(invitation, by=stranger, now=NOW)
    assert membership_of(stranger, collective).role == "moderator"
    invitation.refresh_from_db()
    assert (invitation.accepted_by, invitation.address) == (stranger, None)
    assert AuditEvent.objects.filter(verb="accept_invitation").count() == 1


def test_an_invitation_lets_in_one_person(collective: Collective, organizer: User, stranger: User, nina: User) -> None:
    invitation = invite(collective, organizer)
    accept_invitation(invitation, by=stranger, now=NOW)
    with pytest.raises(Refused, match="over"):
        accept_invitation(invitation, by=nina, now=NOW)


@pytest.mark.usefixtures("transactional_db")
def test_only_one_of_two_people_who_accept_at_once_gets_in(
    collective: Collective, organizer: User, stranger: User, nina: User
) -> None:
    invitation = invite(collective, organizer)

    def accept(person: User) -> str:
        try:
            accept_invitation(invitation, by=person, now=NOW)
        except Refused as refused:
            return refused.code
        return "joined"

    assert sorted(in_threads(accept, [stranger, nina], threads=2)) == ["joined", "over"]


def test_a_member_who_opens_an_invitation_neither_uses_it_up_nor_changes_role(
    collective: Collective, organizer: User, teammate: User, nina: User
) -> None:
    invitation = invite(collective, organizer, role="owner")
    with pytest.raises(Refused, match="is_member"):
        accept_invitation(invitation, by=teammate, now=NOW)
    assert membership_of(teammate, collective).role == "editor"
    accept_invitation(invitation, by=nina, now=NOW)
    assert membership_of(nina, collective).role == "owner"


def test_an_invitation_ends_after_two_weeks(collective: Collective, organizer: User, nina: User) -> None:
    invitation = invite(collective, organizer)
    with pytest.raises(Refused, match="over"):
        accept_invitation(invitation, by=nina, now=NOW + timedelta(days=14))


def test_removing_a_member_ends_their_invitations(
    collective: Collective, organizer: User, second_owner: User, nina: User
) -> None:
    """Otherwise they could return through an invitation to themselves."""
    invitation = invite(collective, second_owner, role="owner")
    change_role(membership_of(second_owner, collective), role="editor", by=organizer, now=NOW)
    with pytest.raises(Refused, match="over"):
        accept_invitation(invitation, by=nina, now=NOW)
    assert invite(collective, organizer) != invitation


def test_a_closed_account_joins_nothing(collective: Collective, organizer: User, nina: User) -> None:
    invitation = invite(collective, organizer)
    close_account(nina, now=NOW)
    with pytest.raises(Refused, match="over"):
        accept_invitation(invitation, by=nina, now=NOW)


# Changing roles, and leaving


def test_a_collective_can_be_handed_over(
    letter: Letter, collective: Collective, organizer: User, teammate: User
) -> None:
    change_role(membership_of(teammate, collective), role="owner", by=organizer, now=NOW)
    change_role(membership_of(organizer, collective), role="moderator", by=organizer, now=NOW)
    assert roles(collective) == {"Tariq": "owner", "Olga": "moderator"}
    assert last_event().details == {"member": organizer.pk, "role": "owner", "to": "moderator"}
    leave_collective(collective, by=organizer, now=NOW)
    assert roles(collective) == {"Tariq": "owner"}


def test_the_last_owner_cannot_stop_being_one(
    letter: Letter, collective: Collective, organizer: User, teammate: User
) -> None:
    membership = membership_of(organizer, collective)
    acts: list[Callable[[], None]] = [
        lambda: change_role(membership, role="editor", by=organizer, now=NOW),
        lambda: remove_member(membership, by=organizer, now=NOW),
        lambda: leave_collective(collective, by=organizer, now=NOW),
    ]
    for act in acts:
        with pytest.raises(Refused, match="last_owner"):
            act()
    with pytest.raises(Refused, match="owns_letters_alone"):
        close_account(organizer, now=NOW)
    assert roles(collective) == {"Olga": "owner", "Tariq": "editor"}


def test_the_last_owner_cannot_leave_other_members_even_without_letters(
    collective: Collective, organizer: User, teammate: User
) -> None:
    with pytest.raises(Refused, match="last_owner"):
        leave_collective(collective, by=organizer, now=NOW)
    with pytest.raises(Refused, match="owns_letters_alone"):
        close_account(organizer, now=NOW)
    remove_member(membership_of(teammate, collective), by=organizer, now=NOW)
    leave_collective(collective, by=organizer, now=NOW)
    assert roles(collective) == {}


def test_an_owner_with_an_inactive_account_does_not_count(
    collective: Collective, organizer: User, second_owner: User
) -> None:
    User.objects.filter(pk=second_owner.pk).update(is_active=False)
    with pytest.raises(Refused, match="last_owner"):
        leave_collective(collective, by=organizer, now=NOW)


def after_both(both: Barrier, act: Callable[..., None]) -> Callable[..., None]:
    """Run the change once both are ready, or after a second if one holds a lock that the other needs."""

    def waiting(*arguments: Any, **values: Any) -> None:
        with suppress(BrokenBarrierError):
            both.wait(1)
        act(*arguments, **values)

    return waiting


@pytest.mark.usefixtures("transactional_db", "letter")
@pytest.mark.parametrize("way", ["leave", "remove", "lower", "close"])
def test_one_of_two_owners_who_leave_at_once_stays(
    collective: Collective, organizer: User, second_owner: User, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A transaction that has seen another owner waits for the other to see the same.
    both = Barrier(2)
    for module, name in ((role_operations, "_record_membership"), (account_operations, "record")):
        monkeypatch.setattr(module, name, after_both(both, getattr(module, name)))
    other = {organizer.pk: second_owner, second_owner.pk: organizer}
    ways: dict[str, Callable[[User], None]] = {
        "leave": lambda by: leave_collective(collective, by=by, now=NOW),
        "remove": lambda by: remove_member(membership_of(other[by.pk], collective), by=by, now=NOW),
        "lower": lambda by: change_role(membership_of(other[by.pk], collective), role="editor", by=by, now=NOW),
        "close": lambda by: close_account(by, now=NOW),
    }

    def go(person: User) -> str:
        try:
            ways[way](person)
        except (Refused, Membership.DoesNotExist):
            return "stayed"
        return "went"

    assert sorted(in_threads(go, [organizer, second_owner], threads=2)) == ["stayed", "went"]
    assert collective.memberships.filter(role="owner", user__is_active=True).count() == 1


def test_a_former_member_cannot_be_removed_again(collective: Collective, organizer: User, teammate: User) -> None:
    membership = membership_of(teammate, collective)
    remove_member(membership, by=organizer, now=NOW)
    with pytest.raises(Refused, match="gone"):
        remove_member(membership, by=organizer, now=NOW)
    leave_collective(collective, by=teammate, now=NOW)
    assert AuditEvent.objects.filter(verb="leave_collective").count() == 0


def test_each_collective_records_that_a_member_closed_their_account(
    collective: Collective, teammate: User, organizer: User
) -> None:
    close_account(teammate, now=NOW)
    assert AuditEvent.objects.get(verb="close_account", collective=collective).details["member"] == teammate.pk


# Authority


@pytest.mark.parametrize("who", ["teammate", "moderator", "stranger"])
def test_only_owners_decide(
    who: str, collective: Collective, organizer: User, second_owner: User, request: pytest.FixtureRequest
) -> None:
    by: User = request.getfixturevalue(who)
    invitation = invite(collective, organizer)
    membership = membership_of(second_owner, collective)
    acts: list[Callable[[], object]] = [
        lambda: describe_collective(collective, values={"name": "Mine"}, by=by, now=NOW),
        lambda: invite(collective, by, "eve@example.org"),
        lambda: revoke_invitation(invitation, by=by, now=NOW),
        lambda: change_role(membership, role="editor", by=by, now=NOW),
        lambda: remove_member(membership, by=by, now=NOW),
    ]
    for act in acts:
        with pytest.raises(Refused, match="not_yours"):
            act()


def test_a_refused_change_leaves_nothing_half_done(
    collective: Collective, organizer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the record is away")

    monkeypatch.setattr(changes_operations, "record", fail)
    with pytest.raises(RuntimeError):
        invite(collective, organizer)
    assert not MemberInvitation.objects.exists()
    assert not OutgoingEmail.objects.exists()
