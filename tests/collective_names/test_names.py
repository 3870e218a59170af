"""No two collectives publish under names that look the same, unless a site moderator allows it."""
# ruff: noqa: RUF001 -- the names look like each other

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection

from letters.base.public_names.operations import allow_name
from letters.models import AuditEvent, Collective, CollectiveName, Letter, Membership, User
from letters.organizer.collectives.operations import create_collective, describe_collective
from letters.organizer.letter_editor.operations import draft_letter, publish_if_due, publish_letter, schedule_letter
from letters.organizer.letter_moves.operations import accept_offer, offer_letter
from letters.shared.lookalikes import key_of_name
from letters.shared.refused import Refused
from tests.conftest import LetterMaker
from tests.people import EN, NOW, browser_of, in_threads, words

pytestmark = pytest.mark.django_db

NAME = "Friends of the Night Train"
# Cyrillic letters, a zero, other spaces and hyphens, accents, and full-width letters.
ALIKE = [
    "friends of the night train",
    "Friеnds оf the Night Тrain",
    "Friends 0f the N1ght Tra1n",
    "Friends-of-the-NightTrain!",
    "Frïends óf thé Night Train",
    "Ｆｒｉｅｎｄｓ of the Night Train",
    "Friends of the Night Tra\u200cin",
    "Frlends of the Nlght Traln",
    "Friends of the Night Train\ufe0f",
    "Frienᴅs of the Nıght Train\u3164",
]


@pytest.fixture
def warden(db: None) -> User:
    """A person who moderates the site."""
    return User.objects.create_user("wanda@example.org", name="Wanda", moderates_site=True)


def begun(by: User, name: str = NAME, slug: str = "others") -> Letter:
    """Return a draft of another collective, which was named before anyone published under that name."""
    collective = Collective.objects.create(name=name, slug=slug, created_at=NOW)
    Membership.objects.create(collective=collective, user=by, role="owner", created_at=NOW)
    CollectiveName.objects.create(collective=collective, key=key_of_name(name))
    return draft_letter(collective, slug=f"letter-of-{slug}", text=EN, by=by, now=NOW)


@pytest.mark.parametrize("name", ALIKE)
def test_names_that_a_reader_takes_for_each_other_look_the_same(name: str) -> None:
    assert key_of_name(name) == key_of_name(NAME)


# A variation selector, fillers, a grapheme joiner, apostrophes that are letters, a tag, and an empty Braille cell.
INVISIBLE = "\ufe0f\u3164\u115f\uffa0\u17b4\u034f\u180b\u02bc\u02bb\ua78c\U000e0041\U000e0100\u2800\u2065"


@pytest.mark.parametrize("sign", INVISIBLE, ids=lambda sign: f"U+{ord(sign):04X}")
def test_no_invisible_character_makes_another_name(sign: str) -> None:
    for name in (
        NAME + sign,
        f"Friends of the Nig{sign}ht Train",
        f"Friends of the Night{sign}Train",
        f"{NAME} {sign}",
    ):
        assert key_of_name(name) == key_of_name(NAME)
    assert key_of_name(f"Tr{sign}nd") == key_of_name("Tmd")
    assert key_of_name("🚂" + sign) == key_of_name("🚂")
    assert key_of_name(sign)


def test_small_capitals_look_like_capitals() -> None:
    assert key_of_name("ɴᴀᴄʜᴛᴢᴜɢ ʙᴇʀʟɪɴ") == key_of_name("Nachtzug Berlin")
    assert key_of_name("ᴅꜰᴊᴋᴍᴏᴘꞯꜱᴠᴡʏ") == key_of_name("dfjkmopqsvwy")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (NAME, "Friends of the Day Train"),
        ("किसान", "किसन"),
        ("東京の友", "京都の友"),
        ("🚂", "🚢"),
        ("Class of 2025", "Class of 2026"),
        ("Attac", "Attica"),
    ],
)
def test_names_that_differ_in_any_script_do_not_look_the_same(one: str, other: str) -> None:
    assert key_of_name(one) != key_of_name(other)


def test_a_name_of_signs_alone_has_a_key() -> None:
    for signs in ("!!!", "— —", "🚂"):
        assert key_of_name(signs)


@pytest.mark.parametrize("name", ALIKE)
def test_nobody_takes_a_name_that_looks_like_one_with_public_letters(letter: Letter, stranger: User, name: str) -> None:
    with pytest.raises(Refused, match="name_in_use"):
        create_collective(name=name, by=stranger, now=NOW)
    with pytest.raises(Refused, match="name_in_use"):
        describe_collective(Collective.objects.get(slug="the-other-side"), values={"name": name}, by=stranger, now=NOW)


def test_a_name_without_public_letters_is_free_so_nobody_learns_of_drafts(draft: LetterMaker, stranger: User) -> None:
    draft()
    create_collective(name=NAME, slug="others", by=stranger, now=NOW)


def test_a_collective_may_write_its_own_name_otherwise(letter: Letter, organizer: User) -> None:
    describe_collective(letter.collective, values={"name": NAME.upper()}, by=organizer, now=NOW)
    assert Collective.objects.get().name == NAME.upper()


def test_of_two_drafts_under_one_name_the_first_publication_wins(
    draft: LetterMaker, organizer: User, stranger: User
) -> None:
    second = begun(stranger)
    publish_letter(draft(), by=organizer, now=NOW)
    with pytest.raises(Refused, match="name_in_use"):
        publish_letter(second, by=stranger, now=NOW)
    with pytest.raises(Refused, match="name_in_use"):
        schedule_letter(second, at=NOW.replace(year=2099), by=stranger, now=NOW)
    describe_collective(second.collective, values={"name": "Night Owls"}, by=stranger, now=NOW)
    publish_letter(second, by=stranger, now=NOW)
    assert Letter.objects.filter(status="published").count() == 2


def test_a_scheduled_letter_waits_and_its_page_says_why(draft: LetterMaker, organizer: User, stranger: User) -> None:
    second = begun(stranger)
    Letter.objects.filter(pk=second.pk).update(publish_at=NOW)
    publish_letter(draft(), by=organizer, now=NOW)
    assert not publish_if_due(second.pk, now=NOW)
    assert "Change the name of your collective" in words(browser_of(stranger).get(f"/organize/letters/{second.slug}/"))


def test_a_collective_that_changed_its_name_leaves_the_old_one_to_others(
    letter: Letter, organizer: User, stranger: User
) -> None:
    describe_collective(letter.collective, values={"name": "Night Owls"}, by=organizer, now=NOW)
    create_collective(name=NAME, slug="others", by=stranger, now=NOW)
    with pytest.raises(Refused, match="name_in_use"):
        create_collective(name="Night 0wls", by=stranger, now=NOW)


def test_a_public_letter_does_not_move_to_a_collective_with_a_name_in_use(
    letter: Letter, published: LetterMaker, organizer: User, stranger: User
) -> None:
    other = begun(stranger).collective
    offer = offer_letter(published("sleepers"), slug=other.slug, by=organizer, now=NOW)
    with pytest.raises(Refused, match="name_in_use"):
        accept_offer(offer, by=stranger, now=offer.opens_at)


@pytest.mark.django_db(transaction=True)
def test_of_collectives_that_publish_at_once_under_one_name_only_one_does(organizer: User) -> None:
    letters = [begun(organizer, ALIKE[place], f"c{place}") for place in range(4)]
    connection.close()

    def press(letter: Letter) -> str:
        try:
            publish_letter(letter, by=organizer, now=NOW)
        except Refused as refused:
            return refused.code
        return "published"

    assert sorted(in_threads(press, letters, threads=4)) == ["name_in_use"] * 3 + ["published"]


# Exceptions


def test_a_site_moderator_allows_a_name_and_it_is_recorded(letter: Letter, stranger: User, warden: User) -> None:
    second = begun(stranger)
    answer = browser_of(warden).post(
        "/site/names/", {"collective": "Others ", "reason": "Its new account."}, follow=True
    )
    assert "may publish under its name" in words(answer)
    publish_letter(second, by=stranger, now=NOW)
    event = AuditEvent.objects.get(verb="allow_name")
    assert (event.actor, event.reason, event.collective) == (warden, "Its new account.", second.collective)
    assert "allowed the name of the collective" in words(
        browser_of(stranger).get("/organize/collectives/others/record/")
    )


def test_a_permission_ends_with_the_name(letter: Letter, stranger: User, warden: User) -> None:
    second = begun(stranger).collective
    allow_name(second, reason="The same people.", by=warden, now=NOW)
    describe_collective(second, values={"name": "Night Owls"}, by=stranger, now=NOW)
    with pytest.raises(Refused, match="name_in_use"):
        describe_collective(second, values={"name": NAME}, by=stranger, now=NOW)


def test_only_a_site_moderator_allows_a_name_with_a_reason_and_if_there_is_one_like_it(
    letter: Letter, organizer: User, stranger: User, warden: User
) -> None:
    second = begun(stranger).collective
    staff = User.objects.create_user("clerk@example.org", is_staff=True)
    for person in (organizer, stranger, staff):
        with pytest.raises(Refused, match="not_yours"):
            allow_name(second, reason="Why not?", by=person, now=NOW)
    with pytest.raises(Refused, match="no_reason"):
        allow_name(second, reason=" ", by=warden, now=NOW)
    with pytest.raises(Refused, match="name_is_free"):
        allow_name(Collective.objects.get(slug="the-other-side"), reason="They ask.", by=warden, now=NOW)


@pytest.mark.parametrize("typed", ["", "nobody", "\x00", "x" * 300])
def test_a_collective_that_does_not_exist_is_explained(warden: User, typed: str) -> None:
    answer = browser_of(warden).post("/site/names/", {"collective": typed, "reason": "Theirs."})
    assert answer.status_code == 422


def test_the_editor_says_what_to_do_and_loses_no_word(letter: Letter, stranger: User) -> None:
    second = begun(stranger)
    desk, page = browser_of(stranger), f"/organize/letters/{second.slug}/"
    shown = desk.get(page)
    form = shown.context["form"].initial | {"title": "Another title", "seen": shown.context["text"].version}
    answer = desk.post(page, {**form, "action": "publish"}, follow=True)
    assert "Your changes are saved, but the letter is not published. Another collective" in words(answer)
    assert "Another title" in answer.content.decode()


# Rows from before


def test_existing_names_are_noted_and_whoever_published_first_has_the_name(
    published: LetterMaker, stranger: User, organizer: User
) -> None:
    later, first = begun(stranger), published()
    allow = CollectiveName.objects.get(collective=later.collective)
    allow.allowed_at = NOW
    allow.save()
    publish_letter(later, by=stranger, now=NOW.replace(year=2027))
    begun(organizer, "Unpublished", "unpublished")
    CollectiveName.objects.all().delete()
    migration = import_module("letters.migrations.0067_key_of_each_name")
    for _ in range(2):
        migration.note_names(apps, None)
    rows = {each.collective.slug: each for each in CollectiveName.objects.select_related("collective")}
    assert rows["night-train"].claimed_at == first.published_at
    assert (rows["night-train"].allowed_at, rows["unpublished"].claimed_at) == (None, None)
    assert rows["others"].allowed_at
    assert not rows["others"].allowed_by
    assert set(rows) == {"night-train", "others", "unpublished", "the-other-side"}
