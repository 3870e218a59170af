"""The shield: one button, held to the networks of the wave, unseen by readers, and down by itself."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from pytest_django import Settings

from letters.models import AuditEvent, Doubt, Letter, Notification, ScoringWindow, Signature, SigningTrace, User, Wave
from letters.moderator.attacks.operations import end_wave, forget_windows, raise_shield, watch_letter
from letters.moderator.attacks.queries import LENGTH, beginning_of_window
from letters.moderator.attacks.tasks import watch_letters
from letters.moderator.live_signals.operations import score_signatures
from letters.organizer.notifications.tasks import notify
from letters.public.public_pages.tasks import sequence
from letters.shared.refused import Refused
from tests.conftest import LetterMaker
from tests.people import NOW, Reader, Signer, add_confirmed, add_published, browser_of, ids_of, words

pytestmark = pytest.mark.django_db

BOTS, READERS = b"network1", b"network2"


def fill(letter: Letter, moment: datetime, scored: int, doubtful: int) -> None:
    counts = {"scored": scored, "doubtful": doubtful}
    ScoringWindow.objects.update_or_create(letter=letter, begins_at=beginning_of_window(moment), defaults=counts)


@pytest.fixture
def wave(letter: Letter) -> Wave:
    """The letter, while a botnet signs it."""
    fill(letter, NOW, 100, 80)
    watch_letters(now=NOW)
    return Wave.objects.get()


def arrive(letter: Letter, network: bytes, *, number: int = 1, now: datetime = NOW) -> list[int]:
    """People confirm signatures whose forms came from a network. Returns the ids, after scoring."""
    before = set(ids_of(letter))
    add_confirmed(letter, number, to_score=True, now=now)
    new = [pk for pk in ids_of(letter) if pk not in before]
    SigningTrace.objects.bulk_create(
        SigningTrace(signature_id=pk, letter=letter, at=now, network=network, browser=b"browser1") for pk in new
    )
    run(letter, now)
    return new


def run(letter: Letter, now: datetime = NOW) -> None:
    sequence(letter.pk, now=now, score=score_signatures)


def states(ids: list[int]) -> set[tuple[str, str]]:
    return {*Signature.objects.filter(pk__in=ids).values_list("state", "concern")}


@pytest.fixture
def flooded(letter: Letter, wave: Wave) -> list[int]:
    """Signatures that were published before anyone noticed that their network is that of the wave."""
    ids = arrive(letter, BOTS, number=3)
    reasons = {"reasons": ["network_burst"], "scored_at": NOW}
    Doubt.objects.update_or_create(signature_id=ids[0], defaults=reasons)
    return ids


# Noticing


def test_new_signatures_are_counted_in_windows_of_ten_minutes(letter: Letter) -> None:
    arrive(letter, READERS, number=4)
    arrive(letter, READERS, number=2)
    window = ScoringWindow.objects.get()
    assert (window.scored, window.begins_at) == (6, NOW)


def test_a_signature_that_is_scored_again_is_not_new(letter: Letter) -> None:
    arrive(letter, READERS, number=4)
    Signature.objects.update(to_score=True)
    run(letter)
    assert ScoringWindow.objects.get().scored == 4


def test_a_wave_is_noticed_once_and_recorded(letter: Letter, wave: Wave) -> None:
    watch_letters(now=NOW + timedelta(minutes=1))
    assert [*Wave.objects.all()] == [wave]
    assert wave.sign == "doubt"
    assert AuditEvent.objects.filter(verb="notice_wave").count() == 1


def test_a_quiet_letter_has_no_wave(letter: Letter) -> None:
    fill(letter, NOW, 5, 1)
    watch_letters(now=NOW)
    assert not Wave.objects.exists()


# The shield


def test_the_shield_holds_what_comes_from_the_networks_of_the_wave(
    letter: Letter, flooded: list[int], moderator: User
) -> None:
    assert states(flooded) == {("published", "")}
    raise_shield(letter, by=moderator, now=NOW)
    bots, people = arrive(letter, BOTS), arrive(letter, READERS)
    assert states(bots) == {("held", "doubtful")}
    assert states(people) == {("published", "")}


def test_what_the_wave_had_published_comes_into_the_queue_and_stays_on_the_list(
    letter: Letter, flooded: list[int], moderator: User
) -> None:
    raise_shield(letter, by=moderator, now=NOW)
    run(letter)
    assert states(flooded) == {("published", "doubtful")}
    assert Letter.objects.get().signature_count == 3


def test_a_shield_tells_nothing_of_who_shows_the_name_to_nobody(
    letter: Letter, flooded: list[int], moderator: User
) -> None:
    Signature.objects.filter(pk=flooded[1]).update(display="nobody", name="")
    raise_shield(letter, by=moderator, now=NOW)
    late = arrive(letter, BOTS)
    Signature.objects.filter(pk__in=late).update(
        display="nobody", name="", state="confirmed", number=None, concern="", to_score=True
    )
    run(letter)
    assert states([flooded[1], *late]) == {("published", "")}
    assert states([flooded[0]]) == {("published", "doubtful")}


def test_every_signer_needs_the_browser_check(
    letter: Letter, wave: Wave, moderator: User, signer: Signer, settings: Settings
) -> None:
    settings.PROOF_TRIES = 4
    raise_shield(letter, by=moderator, now=NOW)
    assert b'class="proof"' in signer.sign(letter, email="grace@example.org").content


def test_readers_see_nothing_of_it(letter: Letter, wave: Wave, moderator: User, reader: Reader) -> None:
    before = [reader.get(letter.url_of(page)).headers["ETag"] for page in ("letter", "count", "signatures")]
    raise_shield(letter, by=moderator, now=NOW)
    end_wave(letter, by=moderator, now=NOW)
    assert [reader.get(letter.url_of(page)).headers["ETag"] for page in ("letter", "count", "signatures")] == before


def test_organizers_are_told_once(letter: Letter, wave: Wave, moderator: User, organizer: User) -> None:
    notify(now=NOW)
    assert not Notification.objects.exists(), "of the wave itself there is no email"
    raise_shield(letter, by=moderator, now=NOW)
    raise_shield(letter, by=organizer, now=NOW)
    notify(now=NOW)
    notify(now=NOW)
    told = Notification.objects.get()
    assert (told.kind, told.letter, told.collective) == ("shield", letter, letter.collective)


@pytest.mark.parametrize("act", [raise_shield, end_wave])
@pytest.mark.parametrize("person", ["teammate", "stranger"])
def test_only_moderators_may(
    letter: Letter, wave: Wave, act: Callable[..., None], person: str, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(Refused, match="not_yours"):
        act(letter, by=request.getfixturevalue(person), now=NOW)


@pytest.mark.parametrize("act", [raise_shield, end_wave])
def test_without_a_wave_there_is_nothing_to_do(letter: Letter, moderator: User, act: Callable[..., None]) -> None:
    with pytest.raises(Refused, match="no_wave"):
        act(letter, by=moderator, now=NOW)


# The end


def watch(letter: Letter, start: datetime, minutes: int) -> list[bool]:
    """Watch every ten minutes, and tell each time whether the wave goes on."""
    going_on = []
    for step in range(1, minutes // 10 + 1):
        watch_letter(letter, now=start + step * LENGTH)
        going_on.append(Wave.of(letter) is not None)
    return going_on


def test_it_ends_by_itself_half_an_hour_after_the_wave(letter: Letter, flooded: list[int], moderator: User) -> None:
    fill(letter, NOW, 100, 80)
    raise_shield(letter, by=moderator, now=NOW)
    held = arrive(letter, BOTS)
    going_on = watch(letter, NOW, 120)
    # The doubtful signatures are an hour old after six windows; then it must be calm for three.
    assert going_on == [True] * 8 + [False] * 4
    letter.refresh_from_db()
    assert not letter.is_shielded
    wave = Wave.objects.get()
    assert wave.networks == []
    assert wave.over_at == NOW + 9 * LENGTH
    assert states(held) == {("held", "doubtful")}, "what was held stays in the queue"


def test_a_wave_that_comes_back_has_not_ended(letter: Letter, wave: Wave) -> None:
    assert watch(letter, NOW, 70)[-1]
    again = NOW + 8 * LENGTH
    fill(letter, again, 100, 80)
    assert all(watch(letter, again - LENGTH, 60))


def test_it_can_be_ended_by_hand(letter: Letter, flooded: list[int], moderator: User) -> None:
    raise_shield(letter, by=moderator, now=NOW)
    end_wave(letter, by=moderator, now=NOW)
    letter.refresh_from_db()
    wave = Wave.objects.get()
    assert (letter.is_shielded, wave.ended_by, wave.networks) == (False, moderator, [])
    assert [*AuditEvent.objects.filter(verb__in=["raise_shield", "end_wave"]).values_list("verb", flat=True)]


def test_what_was_ended_by_hand_is_not_noticed_again_for_an_hour(letter: Letter, wave: Wave, moderator: User) -> None:
    end_wave(letter, by=moderator, now=NOW)
    for minutes in (10, 50, 70):
        later = NOW + timedelta(minutes=minutes)
        fill(letter, later, 100, 80)
        watch_letter(letter, now=later)
        assert (Wave.of(letter) is not None) == (minutes == 70)


def test_windows_are_deleted_after_eight_days(letter: Letter) -> None:
    fill(letter, NOW, 5, 1)
    assert forget_windows(now=NOW + timedelta(days=7)) == 0
    assert forget_windows(now=NOW + timedelta(days=8)) == 1


def test_networks_are_deleted_within_a_week_even_if_the_wave_goes_on(
    letter: Letter, flooded: list[int], moderator: User
) -> None:
    raise_shield(letter, by=moderator, now=NOW)
    assert Wave.objects.get().networks
    forget_windows(now=NOW + timedelta(days=6))
    assert Wave.objects.get().networks == []


# The pages


def test_one_button_raises_the_shield(letter: Letter, wave: Wave, moderator: User) -> None:
    desk = browser_of(moderator)
    assert "Unusually many doubtful signatures. Raise the shield?" in words(desk.get("/moderate/"))
    page = f"/moderate/{letter.slug}/wave/"
    assert "The shield is up." in words(desk.post(page, {"action": "raise"}, follow=True))
    assert "The shield is up: unusually many signatures" in words(desk.get("/moderate/"))
    assert "Signatures that it held stay in the queue." in words(desk.post(page, {"action": "end"}, follow=True))
    assert "Signatures are coming in at the usual rate." in words(desk.get(page))


def test_organizers_see_it_on_the_overview(letter: Letter, wave: Wave, teammate: User) -> None:
    add_published(letter, 1)
    desk = browser_of(teammate)
    assert "Unusually many doubtful signatures." in words(desk.get(f"/organize/letters/{letter.slug}/dashboard/"))
    page = words(desk.get(f"/moderate/{letter.slug}/wave/"))
    assert "Moderators and owners can raise the shield." in page
    assert "Raise the shield " not in page.replace("raise the shield", "")


def test_a_letter_of_others_is_not_shown(letter: Letter, wave: Wave, stranger: User, published: LetterMaker) -> None:
    assert browser_of(stranger).get(f"/moderate/{letter.slug}/wave/").status_code == 404
    assert "Unusually many" not in words(browser_of(stranger).get("/moderate/"))
