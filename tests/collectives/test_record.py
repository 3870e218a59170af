"""The record: owners read each event of the collective as a sentence, never with an address."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.utils.translation import get_language, override
from pytest_django import DjangoAssertNumQueries

from letters.base.audit_log.operations import record, record_each
from letters.models import OF_SIGNERS, AuditEvent, Collective, Letter, Membership, User
from letters.moderator.moderation.operations import accept_signatures, reject_signatures
from letters.organizer.collectives import queries
from letters.organizer.collectives.operations import (
    accept_invitation,
    change_role,
    create_collective,
    describe_collective,
    leave_collective,
    remove_member,
    revoke_invitation,
)
from letters.organizer.collectives.sentences import COUNTED, SENTENCES
from letters.organizer.letter_editor.operations import close_letter, withdraw_letter
from letters.shared.tokens import make_cursor
from letters.signer.signing.operations import disown_signature
from tests.collectives.conftest import Inviter
from tests.people import NOW, add_confirmed, add_published, browser_of, ids_of, sign, words

pytestmark = pytest.mark.django_db

PAGE = "/organize/collectives/night-train/record/"
FILE = f"{PAGE}activity.csv"
# Events that belong to no collective.
OF_THE_SITE = {"turn_switch", "change_own_name", "retally_letter", "make_site_moderator", "end_site_moderator"}
OF_THE_SITE |= {"save_site_page", "suspend_account", "restore_account", "add_list_entry", "remove_list_entry"}
OF_THE_SITE |= {"set_reason", "act_for_lost_mailbox", "write_note", "delete_note"}
OF_THE_SITE |= {"set_limit", "reset_limit"}
RECORDED = re.compile(r"\brecord(?:_each)?\(\s*\"(\w+)\"")


def lines(client: Client, url: str = PAGE) -> list[str]:
    """Return the sentences of a page, newest first."""
    page = client.get(url)
    assert page.status_code == 200
    found = re.findall(r"<li>\s*<p>(.*?)</p>", page.content.decode().partition('class="record"')[2], re.DOTALL)
    return [" ".join(re.sub("<[^>]*>", "", line).split()) for line in found]


def older_page(page: str) -> str:
    (older,) = re.findall(r'rel="next" href="(\?before=[^"]+)"', page)
    return str(older)


def test_every_event_of_the_collective_is_a_sentence(
    desk: Client, letter: Letter, teammate: User, moderator: User, invite: Inviter
) -> None:
    collective, organizer = letter.collective, User.objects.get(name="Olga")
    nina = User.objects.create_user("nina@example.org")
    describe_collective(collective, values={"name": "The Sleepers"}, by=organizer, now=NOW)
    revoke_invitation(invite("eve@example.org", role="owner"), by=organizer, now=NOW)
    accept_invitation(invite(role="moderator"), by=nina, now=datetime.now(tz=NOW.tzinfo))
    change_role(Membership.objects.get(user=nina), role="editor", by=organizer, now=NOW)
    remove_member(Membership.objects.get(user=nina), by=organizer, now=NOW)
    leave_collective(collective, by=moderator, now=NOW)
    close_letter(letter, by=teammate, now=NOW)
    withdraw_letter(letter, reason="The lines stay.", by=organizer, now=NOW)
    title = "Keep the night trains running"
    newest = [re.sub("Member [0-9a-f]{4}", "Member X", line) for line in lines(desk)]
    assert newest == [
        f"Olga withdrew {title}.",
        f"Tariq closed {title}.",
        "Mona, who was moderator, left.",
        "Olga removed Member X, who was editor.",
        "Olga changed the role of Member X from moderator to editor.",
        "Member X joined as moderator, invited by Olga.",
        "Olga invited someone as moderator.",
        "Olga withdrew an invitation as owner.",
        "Olga invited someone as owner.",
        "Olga changed the description of the collective.",
        f"Olga published {title}.",
        f"Olga edited the text of {title} (it).",
        f"Olga started the letter {title}.",
        f"Olga edited the text of {title} (en).",
        "Olga created the collective.",
    ]
    assert "The lines stay." in words(desk.get(PAGE))


def test_a_change_of_many_signatures_at_once_is_one_line(desk: Client, letter: Letter, moderator: User) -> None:
    add_published(letter, 30)
    add_confirmed(letter, 5, state="held")
    ids = ids_of(letter)
    reject_signatures(letter, ids[:7], reason="Not a person", by=moderator, now=NOW)
    accept_signatures(letter, ids[30:], by=moderator, now=NOW + timedelta(minutes=1))
    reject_signatures(letter, ids[8:9], reason="An insult", by=moderator, now=NOW + timedelta(minutes=2))
    assert lines(desk)[:3] == [
        "Mona rejected a signature of Keep the night trains running.",
        "Mona accepted 5 signatures of Keep the night trains running.",
        "Mona rejected 7 signatures of Keep the night trains running.",
    ]


def test_no_line_about_signers_names_one(desk: Client, letter: Letter) -> None:
    disown_signature(sign(letter, "ada@example.org"), now=NOW)
    assert "did not sign Keep the night trains running." in lines(desk)[0]
    assert "ada" not in words(desk.get(PAGE)).lower()


def test_lines_about_signers_give_the_day_and_no_time(desk: Client, letter: Letter) -> None:
    """Together with the log of an employer's network, a time would reveal a name."""
    signature = sign(letter, "ada@example.org")
    at = datetime(2025, 3, 3, 17, 13, 43, 123456, tzinfo=UTC)
    disown_signature(signature, now=at)
    record("unsubscribe", signature, by="signer", now=at, details={"letter": letter.pk})
    details = {"letter": letter.pk}
    for verb in ("note_bounce", "note_complaint"):
        record_each(verb, "signature", [signature.pk], by=None, now=at, details=details)
    page = desk.get(PAGE)
    # The day is the heading of its lines.
    assert words(page).count("March 3, 2025") == 1
    assert not re.search(r"(?:17|18|5|6|12):13", page.content.decode())


def test_a_line_about_signers_is_at_the_end_of_its_day_whatever_the_hour(
    desk: Client, letter: Letter, organizer: User
) -> None:
    """Between two lines of organizers, which have times, such a line would have a time, too."""
    collective, signature = letter.collective, sign(letter)

    def record_of_a_day(hour: int) -> list[str]:
        day = datetime(2025, 4, 1, tzinfo=UTC) + timedelta(days=hour)
        for at in sorted({3, 9, 15, 21, hour}):
            now = day + timedelta(hours=at)
            if at == hour:
                record("disown_signature", signature, by="signer", now=now, details={"letter": letter.pk})
            else:
                record(f"act_{at}", collective, by=organizer, now=now)
        return lines(desk)[:5]

    records = [record_of_a_day(hour) for hour in (1, 5, 12, 23)]
    assert records[0][:2] == [
        "Someone whose address had been used said that they did not sign Keep the night trains running.",
        "Olga: act 21.",
    ]
    assert records[1:] == records[:1] * 3


def test_the_signers_of_a_day_share_one_line_on_one_page(
    desk: Client, letter: Letter, collective: Collective, organizer: User
) -> None:
    for n in range(120):
        record(f"act_{n}", collective, by=organizer, now=NOW + timedelta(hours=n))
    for n in range(0, 120, 5):
        at, details = NOW + timedelta(hours=n), {"letter": letter.pk}
        record("unsubscribe", sign(letter), by="signer", now=at, details=details)
    read, page = [], desk.get(PAGE).content.decode()
    while True:
        read += re.findall(r"<bdi>Olga</bdi>: act \d+|signers? of", page.partition('class="record"')[2])
        if 'rel="next"' not in page:
            break
        page = desk.get(PAGE + older_page(page)).content.decode()
    assert sum("act" in line for line in read) == 120
    # The events of six days.
    assert sum("signer" in line for line in read) == 6


def test_the_next_page_does_not_reveal_hidden_events(desk: Client, letter: Letter, organizer: User) -> None:
    """An id would count the bounced emails to signers."""
    for n in range(60):
        record(f"act_{n}", letter.collective, by=organizer, now=NOW)
    older = older_page(desk.get(PAGE).content.decode())
    assert not re.search(rf"\b({'|'.join(map(str, AuditEvent.objects.values_list('pk', flat=True)))})\b", older)
    record_each("note_bounce", "signature", [sign(letter).pk], by=None, now=NOW, details={"letter": letter.pk})
    assert len(older_page(desk.get(PAGE).content.decode())) == len(older)
    assert older_page(desk.get(PAGE).content.decode()) == older


def test_lines_about_signers_are_read_from_their_own_index(letter: Letter, collective: Collective) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
    found = AuditEvent.objects.filter(OF_SIGNERS, collective=collective, at__lt=NOW)
    assert "audit_event_of_signers" in found.explain()


@pytest.mark.parametrize("verb", ["note_bounce", "note_complaint"])
def test_a_bounced_email_is_not_in_the_record(desk: Client, letter: Letter, verb: str) -> None:
    """A person who types an address would learn what happened to its email, and that its owner reported spam."""
    before = lines(desk)
    record_each(verb, "signature", [sign(letter).pk], by=None, now=NOW, details={"letter": letter.pk})
    assert lines(desk) == before


def test_the_record_contains_no_address(
    desk: Client, organizer: User, invite: Inviter, nina: User, today: datetime
) -> None:
    accept_invitation(invite(), by=nina, now=today)
    User.objects.update(name="")
    text = words(desk.get(PAGE)).replace(f"{organizer.email} Sign out", "")
    assert "@" not in text
    # The other letter, and the owner who reads the record.
    assert len(set(re.findall("Member [0-9a-f]{4}", text))) == 1
    assert "You created the collective." in text


def test_events_of_another_collective_are_not_in_the_record(
    desk: Client, collective: Collective, stranger: User
) -> None:
    assert lines(desk) == ["Olga created the collective."]


def test_times_are_in_the_collectives_time_zone(desk: Client, collective: Collective) -> None:
    Collective.objects.update(timezone="America/New_York")
    page = words(desk.get(PAGE)).replace("\u202f", " ")
    assert re.search(r"America/New_York\. March 3, 2025 .* 7:00 AM", page)


def test_a_page_shows_fifty_lines_and_links_to_the_next(desk: Client, collective: Collective, organizer: User) -> None:
    for n in range(60):
        describe_collective(collective, values={"name": f"Name {n}"}, by=organizer, now=NOW)
    page = desk.get(PAGE).content.decode()
    older = older_page(page)
    assert [len(lines(desk)), len(lines(desk, PAGE + older))] == [50, 11]
    assert 'rel="next"' not in desk.get(PAGE + older).content.decode()


@pytest.mark.parametrize("cursor", ["x", "-1", "1", "9" * 40, "%00", "٣", "1.5"])
def test_an_invalid_cursor_shows_the_first_page(desk: Client, collective: Collective, cursor: str) -> None:
    assert len(lines(desk, f"{PAGE}?before={cursor}")) == 1


def test_the_page_after_the_last_is_empty(desk: Client, collective: Collective) -> None:
    cursor = make_cursor(f"record:{collective.pk}", NOW - timedelta(days=9), 1)
    assert "There are no more entries." in words(desk.get(f"{PAGE}?before={cursor}"))


def test_a_page_costs_the_same_however_much_was_done(
    desk: Client, letter: Letter, moderator: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    add_published(letter, 200)
    for n, signature_id in enumerate(ids_of(letter)):
        now = NOW + timedelta(seconds=n)
        reject_signatures(letter, [signature_id], reason="Not a person", by=moderator, now=now)
    with django_assert_max_num_queries(10):
        desk.get(PAGE)


@pytest.mark.parametrize("who", ["teammate", "moderator", "stranger"])
def test_only_owners_read_the_record(who: str, collective: Collective, request: pytest.FixtureRequest) -> None:
    assert browser_of(request.getfixturevalue(who)).get(PAGE).status_code == 404


# What is recorded, and how


def test_an_event_knows_its_collective(letter: Letter, organizer: User) -> None:
    """The collective is found through the object itself, its letter, or the letter in the details."""
    signature = sign(letter)
    record("test", letter.collective, by=organizer, now=NOW)
    record("test", letter, by=organizer, now=NOW)
    record("test", signature, by=None, now=NOW)
    record("test", Membership.objects.get(), by=organizer, now=NOW)
    record_each("test", "signature", [signature.pk], by=organizer, now=NOW, details={"letter": letter.pk})
    assert AuditEvent.objects.filter(verb="test", collective=letter.collective).count() == 5
    record("test", organizer, by=organizer, now=NOW)
    assert AuditEvent.objects.latest("pk").collective is None


def test_every_verb_that_is_recorded_has_a_sentence() -> None:
    sources = [path.read_text(encoding="utf-8") for path in Path("letters").rglob("*.py")]
    recorded = {verb for source in sources for verb in RECORDED.findall(source)}
    assert {"publish_letter", "accept_invitation"} <= recorded
    assert recorded - SENTENCES.keys() - COUNTED.keys() - OF_THE_SITE == set()


def test_a_verb_without_a_sentence_is_still_shown(desk: Client, collective: Collective, organizer: User) -> None:
    record("paint_collective", collective, by=organizer, now=NOW)
    assert lines(desk)[0] == "Olga: paint collective."


def test_a_letter_of_another_collective_is_not_named(desk: Client, letter: Letter, organizer: User) -> None:
    other = create_collective(name="Another", by=organizer, now=NOW)
    record("describe_collective", other, by=organizer, now=NOW)
    record("publish_letter", letter.collective, by=organizer, now=NOW, details={"letter": 10**12})
    assert lines(desk)[0] == "Olga published a letter."


def file_of(client: Client) -> list[dict[str, str]]:
    """Return the rows of the file, newest first, under the names of its heading."""
    response = client.get(FILE)
    content = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(content)))


@pytest.mark.parametrize("chunk", [3, 5_000])
def test_the_file_says_what_all_pages_say_in_the_same_order(
    chunk: int, desk: Client, letter: Letter, moderator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_confirmed(letter, 70, state="held")
    for minutes, each in enumerate(ids_of(letter)):
        accept_signatures(letter, [each], by=moderator, now=NOW + timedelta(minutes=minutes))
    disown_signature(sign(letter, "ada@example.org"), now=NOW)
    on_pages, url = [], PAGE
    while url:
        on_pages += lines(desk, url)
        older = re.findall(r'rel="next" href="([?]before=[^"]+)"', desk.get(url).content.decode())
        url = PAGE + older[0] if older else ""
    monkeypatch.setattr(queries, "FILE_CHUNK", chunk)
    assert [row["What happened"] for row in file_of(desk)] == on_pages


def test_the_file_gives_no_time_for_what_a_signer_did(desk: Client, letter: Letter, moderator: User) -> None:
    disown_signature(sign(letter, "ada@example.org"), now=NOW)
    add_confirmed(letter, 1, state="held")
    accept_signatures(letter, ids_of(letter)[-1:], by=moderator, now=NOW)
    times = {row["Kind of event"]: row["Time (UTC)"] for row in file_of(desk)}
    assert (times["disown_signature"], times["accept_signature"]) == ("", "12:00")


def test_no_cell_of_the_file_is_a_formula(desk: Client, letter: Letter) -> None:
    organizer = User.objects.get(name="Olga")
    withdraw_letter(letter, reason='=HYPERLINK("http://evil.example")', by=organizer, now=NOW)
    assert file_of(desk)[0]["Reason"].startswith("'=")


def test_the_file_is_in_the_language_of_the_page(desk: Client, letter: Letter) -> None:
    response = desk.get(FILE, headers={"Accept-Language": "it"})
    with override("en"):
        content = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]
    assert "Giorno" in content
    assert "Olga ha creato il collettivo." in content
    assert get_language() == "en"
