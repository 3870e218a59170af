"""A letter moves to another collective when an owner of each agrees, with everything under it."""

from datetime import timedelta

import pytest
from django.core import mail
from pytest_django import Settings

from letters.base.changes.operations import change_letter
from letters.models import (
    WRITING,
    AuditEvent,
    Collective,
    Export,
    ExportQuerySet,
    InvitationBatch,
    Letter,
    LetterMove,
    Membership,
    User,
)
from letters.organizer.collectives.queries import record_of
from letters.organizer.collectives.sentences import sentence_of
from letters.organizer.exports.operations import Wanted, ask_export
from letters.organizer.letter_editor.operations import close_letter, readdress_letter, withdraw_letter
from letters.organizer.letter_moves.operations import (
    LIFETIME,
    MAX_OFFERS_A_DAY,
    OBJECTION,
    accept_offer,
    cancel_offer,
    decline_offer,
    offer_letter,
)
from letters.organizer.letter_moves.queries import BETWEEN_MOVES
from letters.organizer.notifications.operations import spread_all
from letters.shared.refused import Refused
from tests.conftest import LetterMaker
from tests.letter_moves.conftest import moved, with_account
from tests.people import NOW, Reader, add_published, browser_of, deliver

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=1)


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: LATER)


def emails() -> dict[str, list[str]]:
    """Return the subjects of the emails about moves, by address."""
    spread_all(now=LATER)
    deliver()
    found: dict[str, list[str]] = {}
    for message in mail.outbox:
        found.setdefault(message.to[0], []).append(str(message.subject))
    return found


def lines(collective: Collective, to: User) -> str:
    return " ".join(sentence_of(line) for line in record_of(collective, to=to).lines)


# What moves


def test_signatures_numbers_pictures_and_addresses_stay_with_the_letter(
    letter: Letter, other: Collective, reader: Reader, organizer: User
) -> None:
    add_published(letter, 3)
    readdress_letter(letter, slug="sleepers", by=organizer, now=NOW)
    counted = reader.count(letter)
    letter = moved(letter, other)
    assert letter.collective == other
    after = reader.count(letter)
    assert {**after, "version": 0} == {**counted, "version": 0}
    assert list(letter.signatures.order_by("number").values_list("number", flat=True)) == [1, 2, 3]
    assert reader.get("/letters/night-trains/").headers["Location"].endswith("/letters/sleepers/")
    assert "Day Trains" in reader.read(letter)


def test_its_new_owners_can_do_everything_and_the_earlier_ones_nothing(
    letter: Letter, other: Collective, organizer: User, receiver: User
) -> None:
    stale = Letter.objects.select_related("collective").get(pk=letter.pk)
    moved(letter, other)
    page = f"/organize/letters/{letter.slug}/"
    assert browser_of(receiver).get(page).status_code == 200
    assert browser_of(organizer).get(page).status_code == 404
    # Race: they loaded the letter before it moved.
    with pytest.raises(Refused, match="not_yours"):
        close_letter(stale, by=organizer, now=LATER)


def test_everyone_reads_from_whom_to_whom_and_when_it_moved(letter: Letter, other: Collective, reader: Reader) -> None:
    letter = moved(letter, other)
    Collective.objects.update(name="Renamed since")
    for page in ("letter", "history"):
        assert "Moved from “Friends of the Night Train” to “Day Trains” on March 3, 2025." in reader.read(letter, page)


def test_nobody_learns_where_a_draft_was_before(draft: LetterMaker, other: Collective, reader: Reader) -> None:
    letter = moved(draft(), other)
    published = LATER + timedelta(days=1)
    Letter.objects.filter(pk=letter.pk).update(
        status="published", published_at=published, current_revision=letter.revisions.get()
    )
    assert "Moved from" not in reader.read(Letter.objects.get())


def test_both_records_and_both_owners_hear_of_it(
    letter: Letter, other: Collective, organizer: User, receiver: User, collective: Collective
) -> None:
    moved(letter, other)
    theirs, ours = lines(other, receiver), lines(collective, organizer)
    assert "accepted" in theirs
    assert "Friends of the Night Train" in theirs
    assert "moved to “<bdi>Day Trains</bdi>”" in ours
    assert "offered" in ours
    assert emails() == {
        "olga@example.org": ["One of your letters has moved"],
        "rita@example.org": ["Your collective has a new letter"],
    }


def test_what_happened_before_stays_in_the_record_of_the_earlier_collective(
    letter: Letter, other: Collective, receiver: User, collective: Collective, organizer: User
) -> None:
    moved(letter, other)
    assert "published" not in lines(other, receiver)
    assert "published" in lines(collective, organizer)


# Two owners agree


def test_a_letter_stays_until_the_other_owner_accepts(offer: LetterMove, letter: Letter, receiver: User) -> None:
    assert Letter.objects.get().collective_id == offer.source_id
    page = browser_of(receiver).get(f"/organize/offers/{offer.pk}/")
    assert "Keep the night trains running" in page.content.decode()
    answer = browser_of(receiver).post(f"/organize/offers/{offer.pk}/", {"action": "accept"})
    assert answer.headers["Location"] == "/organize/letters/night-trains/"
    assert Letter.objects.get().collective_id == offer.target_id


@pytest.mark.parametrize("role", ["editor", "moderator"])
def test_only_owners_offer_and_only_owners_accept(
    letter: Letter, offer: LetterMove, other: Collective, collective: Collective, role: str
) -> None:
    giver, taker = (User.objects.create_user(f"{name}@example.org") for name in ("giver", "taker"))
    for each, user in ((collective, giver), (other, taker)):
        Membership.objects.create(collective=each, user=user, role=role, created_at=NOW)
    assert browser_of(giver).get("/organize/letters/night-trains/collective/").status_code == 404
    assert browser_of(taker).get(f"/organize/offers/{offer.pk}/").status_code == 404
    with pytest.raises(Refused, match="not_yours"):
        accept_offer(offer, by=taker, now=LATER)
    with pytest.raises(Refused, match="not_yours"):
        cancel_offer(letter, by=giver, now=LATER)


def test_an_owner_of_the_letter_cannot_accept_for_the_others(offer: LetterMove, organizer: User) -> None:
    with pytest.raises(Refused, match="not_yours"):
        accept_offer(offer, by=organizer, now=LATER)


def test_every_other_owner_has_a_day_to_cancel(
    letter: Letter, other: Collective, collective: Collective, organizer: User, receiver: User
) -> None:
    second = with_account("omar@example.org")
    Membership.objects.create(collective=collective, user=second, role="owner", created_at=NOW)
    offer = offer_letter(letter, slug=other.slug, by=organizer, now=NOW)
    with pytest.raises(Refused, match="still_cancellable"):
        accept_offer(offer, by=receiver, now=NOW + OBJECTION - timedelta(seconds=1))
    assert b"You can accept it from" in browser_of(receiver).get(f"/organize/offers/{offer.pk}/").content
    assert set(emails()) == {"olga@example.org", "omar@example.org", "rita@example.org"}
    cancel_offer(letter, by=second, now=LATER)
    with pytest.raises(Refused, match="offer_over"):
        accept_offer(offer, by=receiver, now=NOW + OBJECTION)


def test_an_offer_ends_after_two_weeks(offer: LetterMove, receiver: User) -> None:
    with pytest.raises(Refused, match="offer_over"):
        accept_offer(offer, by=receiver, now=NOW + LIFETIME)


def test_an_offer_ends_when_the_person_who_made_it_is_no_longer_an_owner(offer: LetterMove, receiver: User) -> None:
    Membership.objects.filter(user=offer.offered_by).update(role="editor")
    with pytest.raises(Refused, match="offer_over"):
        accept_offer(offer, by=receiver, now=LATER)


def test_the_first_answer_counts(offer: LetterMove, receiver: User) -> None:
    decline_offer(offer, by=receiver, now=LATER)
    for answer in (accept_offer, decline_offer):
        with pytest.raises(Refused, match="offer_over"):
            answer(offer, by=receiver, now=LATER)
    assert emails()["olga@example.org"][-1] == "Another collective declined your letter"


def test_a_collective_that_declined_is_not_asked_again_soon(
    offer: LetterMove, letter: Letter, organizer: User, receiver: User
) -> None:
    decline_offer(offer, by=receiver, now=LATER)
    with pytest.raises(Refused, match="just_declined"):
        offer_letter(letter, slug="day-trains", by=organizer, now=LATER)


# Nobody is found out or bothered


def test_an_offer_to_nobody_looks_like_any_other(letter: Letter, other: Collective, organizer: User) -> None:
    desk, pages = browser_of(organizer), []
    for slug in ("day-trains", "grey-trains"):
        answer = desk.post("/organize/letters/night-trains/collective/", {"slug": slug, "understood": "on"})
        assert answer.status_code == 302
        page = desk.get(answer.headers["Location"]).content.decode()
        pages.append(_without_token(page).replace(slug, "xxx"))
        desk.post("/organize/letters/night-trains/collective/cancel/", follow=True)
        LetterMove.objects.all().delete()
    assert pages[0] == pages[1]


def _without_token(page: str) -> str:
    return "".join(line for line in page.splitlines() if "csrfmiddlewaretoken" not in line)


def test_the_email_to_strangers_repeats_nobodys_words(offer: LetterMove) -> None:
    assert set(emails()) == {"olga@example.org", "rita@example.org"}
    (message,) = [each for each in mail.outbox if each.to == ["rita@example.org"]]
    html = str(message.alternatives[0][0])  # type: ignore[attr-defined]
    for said in ("night trains running", "Friends of the Night Train", "Olga"):
        assert said not in message.subject + str(message.body) + html


def test_an_account_offers_five_letters_a_day(letter: Letter, organizer: User) -> None:
    for number in range(MAX_OFFERS_A_DAY):
        offer_letter(letter, slug=f"trains-{number}", by=organizer, now=NOW)
        cancel_offer(letter, by=organizer, now=NOW)
    with pytest.raises(Refused, match="offered_too_often"):
        offer_letter(letter, slug="day-trains", by=organizer, now=NOW)


def test_a_stranger_does_not_see_an_offer(offer: LetterMove, stranger: User) -> None:
    desk = browser_of(stranger)
    for url in (f"/organize/offers/{offer.pk}/", "/organize/offers/999/"):
        assert desk.get(url).status_code == 404


def test_an_owner_finds_the_offer_on_the_start_page(offer: LetterMove, receiver: User, stranger: User) -> None:
    assert "A letter is offered to Day Trains" in browser_of(receiver).get("/organize/").content.decode()
    assert "is offered to" not in browser_of(stranger).get("/organize/").content.decode()


# What a move cannot be used for


def test_a_public_letter_goes_only_to_a_collective_that_staff_have_cleared(
    letter: Letter, offer: LetterMove, receiver: User, settings: Settings
) -> None:
    settings.CLEAR_COLLECTIVES_FIRST = True
    with pytest.raises(Refused, match="not_cleared"):
        accept_offer(offer, by=receiver, now=LATER)


def test_a_letter_moves_once_in_thirty_days(letter: Letter, other: Collective, receiver: User) -> None:
    letter = moved(letter, other)
    with pytest.raises(Refused, match="moved_lately"):
        offer_letter(letter, slug="night-train", by=receiver, now=LATER + BETWEEN_MOVES - timedelta(seconds=1))
    offer_letter(letter, slug="night-train", by=receiver, now=LATER + BETWEEN_MOVES)


def test_a_collective_whose_invitations_were_stopped_moves_nothing(
    letter: Letter, organizer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("letters.organizer.letter_moves.operations.is_stopped", lambda *_: True)
    with pytest.raises(Refused, match="invitations_stopped"):
        offer_letter(letter, slug="day-trains", by=organizer, now=NOW)


def test_a_letter_with_recent_invitations_stays(letter: Letter, organizer: User) -> None:
    InvitationBatch.objects.create(letter=letter, created_at=NOW - timedelta(days=29))
    with pytest.raises(Refused, match="invited_lately"):
        offer_letter(letter, slug="day-trains", by=organizer, now=NOW)


def test_a_draft_with_invitations_stays(draft: LetterMaker, organizer: User) -> None:
    letter = draft()
    InvitationBatch.objects.create(letter=letter, created_at=NOW - timedelta(days=90))
    with pytest.raises(Refused, match="invited_lately"):
        offer_letter(letter, slug="day-trains", by=organizer, now=NOW)


def test_a_withdrawn_letter_stays(letter: Letter, offer: LetterMove, organizer: User, receiver: User) -> None:
    withdraw_letter(letter, reason="It is over.", by=organizer, now=NOW)
    with pytest.raises(Refused, match="cannot_move_now"):
        accept_offer(offer, by=receiver, now=LATER)


def test_files_and_lists_of_the_earlier_collective_do_not_move(
    letter: Letter, other: Collective, organizer: User, receiver: User
) -> None:
    about = {"letter": letter, "kind": "signatures", "asked_by": organizer, "created_at": NOW, "next_attempt_at": NOW}
    ready = {"finished_at": NOW, "file_name": "x", "expires_at": NOW + timedelta(days=7)}
    done = Export.objects.create(**about, format="csv", **ready)
    owed = Export.objects.create(**about, format="xlsx")
    InvitationBatch.objects.create(letter=letter, created_at=NOW - timedelta(days=40))
    moved(letter, other)
    answer = browser_of(receiver).post(f"/organize/letters/{letter.slug}/exports/{done.pk}/")
    assert answer.status_code in {302, 404}
    assert Export.objects.get(pk=done.pk).expires_at == LATER
    assert Export.objects.get(pk=owed.pk).error == "moved"
    assert not InvitationBatch.objects.exists()


def test_a_file_that_is_finished_during_the_move_does_not_move(
    letter: Letter, other: Collective, organizer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = ask_export(letter, wanted=Wanted(Export.Kind.SIGNATURES, Export.Format.CSV), by=organizer, now=NOW)
    owed = ExportQuerySet.owed

    def finished_meanwhile(self: ExportQuerySet) -> ExportQuerySet:
        """Let a worker finish the file just before the move looks for files that are being made."""
        Export.objects.filter(pk=export.pk).update(finished_at=NOW, file_name="x", expires_at=NOW + timedelta(days=1))
        return owed(self)

    monkeypatch.setattr(ExportQuerySet, "owed", finished_meanwhile)
    moved(letter, other)
    assert Export.objects.get(pk=export.pk).expires_at == LATER


def test_a_planned_publication_is_cancelled(draft: LetterMaker, other: Collective) -> None:
    letter = draft(publish_at=NOW + timedelta(days=1))
    assert moved(letter, other).publish_at is None


def test_a_member_of_the_earlier_collective_is_refused_under_the_lock(
    letter: Letter, other: Collective, organizer: User
) -> None:
    stale = Letter.objects.select_related("collective").get(pk=letter.pk)
    moved(letter, other)
    with pytest.raises(Refused, match="not_yours"):
        change_letter(stale, WRITING, by=organizer, now=LATER)


def test_the_page_says_what_keeps_the_letter(letter: Letter, organizer: User) -> None:
    add_published(letter, 1, display="organizers")
    page = browser_of(organizer)
    html = page.get("/organize/letters/night-trains/collective/").content.decode()
    assert "They trusted your collective and no other" in html
    assert 'name="slug"' not in html


def test_every_step_is_recorded_without_an_address(
    letter: Letter, other: Collective, offer: LetterMove, receiver: User
) -> None:
    accept_offer(offer, by=receiver, now=LATER)
    events = AuditEvent.objects.filter(at__gte=NOW, verb__in=["offer_letter", "hand_over_letter", "receive_letter"])
    whose = dict(events.values_list("verb", "collective__slug"))
    assert whose == {"offer_letter": "night-train", "hand_over_letter": "night-train", "receive_letter": "day-trains"}
    assert "@" not in str(list(events.values("details", "reason")))


@pytest.mark.parametrize("own", ["UTC", ""])
def test_the_days_of_its_signatures_stay(letter: Letter, other: Collective, own: str) -> None:
    """In another time zone, they would tell more about the hour in which someone signed."""
    add_published(letter, 1, now=NOW)
    Letter.objects.update(timezone=own)
    Collective.objects.filter(pk=other.pk).update(timezone="Pacific/Kiritimati")
    other.refresh_from_db()
    letter.refresh_from_db()
    day = letter.day_of(NOW)
    after = moved(letter, other)
    assert (after.timezone, after.day_of(NOW)) == ("UTC", day)
