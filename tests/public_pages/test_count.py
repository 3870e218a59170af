"""The honest count: one number, the same on every surface."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.utils import timezone

from letters.models import Letter, Signature, User
from letters.signer.signing.operations import withdraw_signature
from tests.conftest import LetterMaker
from tests.people import (
    LINK,
    NOW,
    Reader,
    Signer,
    add_published,
    browser_of,
    deliver,
    in_threads,
    publish,
    sign,
    sign_and_confirm,
    unheard_of,
    words,
)


def surfaces(letter: Letter, reader: Reader) -> dict[str, int]:
    """Return the count that each surface shows to a reader."""

    def said(path: str, pattern: str) -> int:
        found = re.search(pattern, words(reader.get(path)))
        assert found, f"{path} says no count"
        return int(re.sub("[.,]", "", found[1]))

    page, home = letter.get_absolute_url(), "/"
    return {
        "page": said(page, r"([\d,]+) signatures?\b"),
        "ledger": said(page, r"Published signatures ([\d,]+)"),
        "list": said(letter.url_of("signatures"), r"([\d,]+) signatures?\b"),
        "home": said(home, r"([\d,]+) signatures?\b"),
        "in Italian": said(letter.get_absolute_url("it"), r"([\d.]+) firm[ae]\b"),
        "data": reader.count(letter)["published"],
    }


def test_a_letter_that_nobody_has_signed_counts_zero(letter: Letter, reader: Reader) -> None:
    assert set(surfaces(letter, reader).values()) == {0}


def test_the_count_covers_every_state_and_says_when_it_was_true(published: LetterMaker, reader: Reader) -> None:
    letter = published(goal=500)
    for number in range(4):
        sign_and_confirm(letter, f"signer{number}@example.org")
    sign(letter, "pending@example.org")
    publish(NOW)
    withdraw_signature(Signature.objects.get(number=2), now=NOW)
    Signature.objects.filter(number=3).update(state="rejected")
    Letter.objects.update(reviewed=True)
    sign_and_confirm(Letter.objects.get(), "held@example.org")
    later = NOW + timedelta(hours=1)
    publish(later)
    letter.refresh_from_db()
    assert reader.count(letter) == {
        "published": 2,
        "awaiting_confirmation": 0,
        "awaiting_confirmation_is_rounded": True,
        "awaiting_review": 0,
        "awaiting_review_is_rounded": True,
        "withdrawn": 1,
        "removed": 1,
        "moderation": {
            "removed_for": [],
            "reasons_counted_among": 0,
            "longest_wait_days": None,
            "half_of_decisions_within_hours": None,
            "decisions_checked": 0,
            "decisions_wrong": 0,
        },
        "goal": 500,
        "names_from": None,
        "signed_more_than": None,
        "organisations": 0,
        "on_paper": [],
        "texts": [{"number": 1, "published": 2}],
        "record": None,
        "version": letter.version,
        "as_of": timezone.now().date().isoformat(),
    }


def test_as_of_is_today_in_the_letters_time_zone(letter: Letter, reader: Reader) -> None:
    zone = "Pacific/Kiritimati"
    Letter.objects.update(timezone=zone)
    before, read, after = (timezone.now(), reader.count(letter)["as_of"], timezone.now())
    assert read in {moment.astimezone(ZoneInfo(zone)).date().isoformat() for moment in (before, after)}
    assert f", {read[:4]}." in words(reader.get(letter.get_absolute_url()))


def test_nobody_learns_from_as_of_on_which_day_a_signature_left(letter: Letter, reader: Reader) -> None:
    add_published(letter, 3)
    before = reader.count(letter)["as_of"]
    Signature.objects.filter(number=2).update(state="withdrawn", name="", address_hash=None)
    publish(now=NOW + timedelta(days=9))
    assert reader.count(letter)["withdrawn"] == 1
    assert reader.count(letter)["as_of"] == before


def test_any_program_may_read_the_count(letter: Letter, reader: Reader) -> None:
    answer = reader.get(letter.url_of("count"))
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Content-Type"] == "application/json"


def test_only_published_signatures_are_counted(letter: Letter, reader: Reader) -> None:
    sign(letter, "pending@example.org")
    assert set(surfaces(letter, reader).values()) == {0}
    publish()
    assert set(surfaces(letter, reader).values()) == {0}
    letter.refresh_from_db()
    assert letter.awaiting_confirmation == 1


def awaiting(letter: Letter, reader: Reader) -> tuple[int, str]:
    """Return what the data and the page say about signatures that wait for their signers."""
    found = re.search(
        r"Waiting for the signer to confirm (.*?) Waiting for a moderator",
        words(reader.get(letter.get_absolute_url())),
    )
    assert found
    return reader.count(letter)["awaiting_confirmation"], found[1]


@pytest.mark.parametrize(
    ("pending", "said"),
    [
        (0, (0, "fewer than 10")),
        (1, (0, "fewer than 10")),
        (9, (0, "fewer than 10")),
        (10, (10, "at least 10")),
        (29, (20, "at least 20")),
        (1234, (1230, "at least 1,230")),
    ],
)
def test_the_number_waiting_for_their_signers_is_public_only_in_tens(
    letter: Letter, reader: Reader, pending: int, said: tuple[int, str]
) -> None:
    Letter.objects.update(shown_awaiting_confirmation=pending)
    assert awaiting(letter, reader) == said


@pytest.mark.parametrize(("waiting", "said"), [(9_999, "9,999 are"), (10_000, "At least 10,000 are")])
def test_organizers_read_at_least_where_counting_ends(letter: Letter, organizer: User, waiting: int, said: str) -> None:
    Letter.objects.update(awaiting_review=waiting)
    page = words(browser_of(organizer).get(f"/organize/letters/{letter.slug}/"))
    assert f"{said} waiting for a moderator." in page


@pytest.mark.parametrize(
    ("held", "said"), [(0, (0, "fewer than 10")), (9, (0, "fewer than 10")), (29, (20, "at least 20"))]
)
def test_the_number_waiting_for_a_moderator_is_public_only_in_tens(
    letter: Letter, reader: Reader, held: int, said: tuple[int, str]
) -> None:
    Letter.objects.update(shown_awaiting_review=held)
    page = words(reader.get(letter.get_absolute_url()))
    found = re.search(r"Waiting for a moderator (.*?) Withdrawn by their signers", page)
    assert found
    assert (reader.count(letter)["awaiting_review"], found[1]) == said


def test_nothing_public_moves_when_someone_held_for_their_domain_confirms_and_withdraws(
    letter: Letter, reader: Reader
) -> None:
    """A person who types many addresses of one company gets its real signers held.

    The exact number would show when they confirm and withdraw.
    """
    addresses = [letter.url_of("count"), letter.get_absolute_url(), letter.url_of("signatures"), "/"]

    def public() -> list[tuple[str, bytes]]:
        publish(NOW + timedelta(hours=1))
        return [(answer["ETag"], answer.content) for answer in map(reader.get, addresses)]

    before = public()
    signature = sign_and_confirm(letter, "ada@company.example")
    Signature.objects.filter(pk=signature.pk).update(state="held", concern="domain")
    assert public() == before
    letter.refresh_from_db()
    assert letter.awaiting_review == 1
    withdraw_signature(signature, now=NOW)
    assert public() == before
    letter.refresh_from_db()
    assert letter.awaiting_review == 0


def test_nothing_public_moves_when_someone_signs_a_quiet_letter(letter: Letter, reader: Reader) -> None:
    """People who sign with someone else's address and see the number change learn that the other had not signed."""
    addresses = [letter.url_of("count"), letter.get_absolute_url(), letter.url_of("signatures"), "/"]

    def public() -> list[tuple[str, bytes]]:
        return [(answer["ETag"], answer.content) for answer in map(reader.get, addresses)]

    before = public()
    sign(letter, "ada@example.org", now=NOW)
    publish(NOW + timedelta(hours=1))
    assert public() == before
    letter.refresh_from_db()
    assert letter.awaiting_confirmation == 1


@pytest.mark.parametrize(
    ("pending", "said"), [(9, ""), (10, "At least 10 are waiting"), (19, "At least 10 are waiting")]
)
def test_organizers_read_no_more_of_these_numbers_than_the_public(
    letter: Letter, organizer: User, pending: int, said: str
) -> None:
    """Organizers who sign with someone else's address and see the number change learn that the other had not signed."""
    Letter.objects.update(shown_awaiting_confirmation=pending)
    page = words(browser_of(organizer).get("/organize/letters/night-trains/"))
    assert said in page
    assert f"{pending} are waiting for confirmation." not in page.replace(
        "At least 10 are waiting for confirmation.", ""
    )


def test_a_signature_is_on_every_surface_as_soon_as_it_is_numbered(letter: Letter, reader: Reader) -> None:
    surfaces(letter, reader)
    sign_and_confirm(letter)
    assert set(surfaces(letter, reader).values()) == {0}
    publish()
    assert set(surfaces(letter, reader).values()) == {1}


def test_the_versions_of_one_letter_only_grow(letter: Letter, reader: Reader) -> None:
    versions = [reader.count(letter)["version"]]
    for number in range(5):
        sign_and_confirm(letter, f"signer{number}@example.org")
        publish()
        versions.append(reader.count(letter)["version"])
    assert versions == sorted(set(versions))


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_limits")
def test_every_surface_counts_200_when_200_people_sign_through_16_threads(
    letter: Letter, reader: Reader, mailoutbox: list[EmailMessage]
) -> None:
    people = [f"signer{number}@example.org" for number in range(200)]

    def sign_up(email: str) -> int:
        return Signer().sign(letter, name=unheard_of().title(), email=email).status_code

    def confirm(url: str) -> int:
        return Signer().client.post(url).status_code

    assert set(in_threads(sign_up, people, threads=16)) == {303}
    deliver()
    assert sorted(message.to[0] for message in mail.outbox) == sorted(people)
    links = [path for message in mail.outbox for path, name in LINK.findall(str(message.body)) if name == "confirm"]
    assert set(in_threads(confirm, links, threads=16)) == {303}
    publish()
    numbers = Signature.objects.filter(letter=letter, state="published").values_list("number", flat=True)
    assert sorted(number or 0 for number in numbers) == list(range(1, 201))
    assert set(surfaces(letter, reader).values()) == {200}
    assert reader.count(letter)["awaiting_confirmation"] == 0
    assert "See all 200 signatures" in words(reader.get(letter.get_absolute_url()))
