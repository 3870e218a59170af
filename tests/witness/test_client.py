"""The site offers its log to real witnesses, shows what they say, and says so if one refuses."""

import re
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from letters.base.ledger_logs.queries import latest_checkpoint
from letters.base.witnesses import queries
from letters.models import Letter, SitePlace
from letters.models import Witness as Row
from letters.public.witnesses import asking, operations
from letters.shared import outgoing
from letters.shared.outgoing import NoTarget
from tests.people import words
from tests.witness.conftest import SiteLog
from tests.witness.test_program import DIES_BEFORE_ANSWERING
from tests.witness.trees import SmallLog, Witness, new_witness, running_witness
from undersigned_witness.notes import COSIGNATURE_ED25519, Key, is_signed, parse_checkpoint

pytestmark = pytest.mark.django_db
Offer = Callable[..., None]


def row() -> Row:
    return Row.objects.get()


def page(letter: Letter, client: Client) -> str:
    return words(client.get(f"/letters/{letter.slug}/"))


def newest() -> str:
    checkpoint = latest_checkpoint(None)
    assert checkpoint
    return checkpoint.note


def fork_of(site_log: SiteLog, size: int) -> tuple[SmallLog, str]:
    """Return another history of the site's log, signed with its own key, as a thief of the key would sign it."""
    from letters.public.ledger.keys import signers

    private = signers()[0].ed25519
    origin = site_log.vkeys()[0].partition("+")[0]
    fork = SmallLog(origin, private).grow(*(f"another entry {each}" for each in range(size)))
    assert str(fork.key) in site_log.vkeys()
    return fork, fork.checkpoint()


def test_the_published_checkpoint_carries_the_cosignature(witness: Witness, offer: Offer, client: Client) -> None:
    offer()
    published = client.get("/log/site/checkpoint").content.decode()
    assert published.startswith(newest())
    key = Key.parse(row().key)
    (found,) = [each for each in parse_checkpoint(published).signatures if each.is_named_like(key)]
    assert is_signed(parse_checkpoint(published), found.signature, key)


def test_a_log_that_grows_is_cosigned_from_where_the_witness_was(
    site_log: SiteLog, witness: Witness, offer: Offer
) -> None:
    offer()
    assert row().size == 3
    site_log.grow(2)
    offer()
    assert (row().size, row().error, row().refusal) == (5, "", "")


def test_a_witness_that_someone_has_shown_our_newest_state_has_not_refused(
    site_log: SiteLog, witness: Witness, offer: Offer, settings: Settings
) -> None:
    """Anyone can read it and send it to the witness, before the worker that asks about an older one."""
    older = latest_checkpoint(None)
    assert older
    site_log.grow(2)
    offer()
    Row.objects.update(size=0, text="", origin="")
    ((_, url),) = settings.WITNESSES
    assert asking.ask(row(), url, older, now=datetime.now(UTC)) == asking.Failed("newer")


def test_a_witness_that_knows_more_than_we_remember_is_asked_from_there(
    site_log: SiteLog, witness: Witness, offer: Offer
) -> None:
    offer()
    Row.objects.update(size=0, text="", origin="")
    site_log.grow()
    offer()
    assert (row().size, row().error, row().refusal) == (4, "", "")


def test_the_letter_says_who_has_seen_it_unchanged(
    letter: Letter, witness: Witness, offer: Offer, client: Client
) -> None:
    assert "Seen unchanged" not in page(letter, client)
    offer()
    assert "Seen unchanged by witness.example/w1 on" in page(letter, client)


def test_a_letter_that_the_witness_has_not_seen_says_nothing(
    letter: Letter, witness: Witness, offer: Offer, client: Client
) -> None:
    offer()
    SitePlace.objects.update(index=3)
    queries.forget_said()
    assert "Seen unchanged" not in page(letter, client)


def test_the_page_changes_at_most_once_an_hour(
    letter: Letter, site_log: SiteLog, witness: Witness, offer: Offer, client: Client
) -> None:
    offer()
    before, version, shown = client.get(f"/letters/{letter.slug}/")["ETag"], letter.version, row().shown_at
    for _ in range(3):
        site_log.grow()
        offer()
    letter.refresh_from_db()
    assert row().size == 6
    if row().shown_at == shown:  # unless a new hour began meanwhile
        assert client.get(f"/letters/{letter.slug}/")["ETag"] == before
    assert letter.version == version


def test_an_hour_later_the_witness_is_asked_again_though_nothing_is_new(witness: Witness, offer: Offer) -> None:
    offer()
    first = row().cosigned_at
    offer()
    assert row().cosigned_at == first
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    Row.objects.update(cosigned_at=hour_ago, shown_at=hour_ago)
    offer()
    assert row().shown_at == row().cosigned_at
    assert row().cosigned_at > hour_ago  # type: ignore[operator]


def test_without_witnesses_the_page_asks_the_database_nothing_more(
    letter: Letter, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        assert queries.said_of(letter) == queries.SaidOfLetter()


def test_with_witnesses_the_page_asks_the_database_only_now_and_then(
    letter: Letter, witness: Witness, offer: Offer, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    offer()
    queries.said_of(letter)
    with django_assert_num_queries(0):
        assert queries.said_of(letter).seen


def test_a_fork_signed_with_our_own_key_is_refused_and_the_page_says_so(
    site_log: SiteLog, witness: Witness, offer: Offer, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    """A thief of the key has shown the witness another history first: now ours cannot pass."""
    _, note = fork_of(site_log, 3)
    assert witness.post(f"old 0\n\n{note}".encode())[0] == 200
    offer()
    assert row().refusal == Row.Refusal.CHANGED
    said = page(site_log.letter, client)
    assert "A witness has refused to confirm the record of this site since" in said
    assert "witness.example/w1" in said
    assert "Seen unchanged" not in said
    assert "refuses the log of this site" in caplog.text


def test_a_fork_after_a_true_history_is_refused_and_the_true_one_goes_on(
    letter: Letter, site_log: SiteLog, witness: Witness, offer: Offer, client: Client
) -> None:
    offer()
    fork, _ = fork_of(site_log, 5)
    assert witness.post(fork.request(3))[0] == 422
    site_log.grow()
    offer()
    assert (row().size, row().refusal) == (4, "")
    assert "Seen unchanged" in page(letter, client)


def test_a_restored_database_is_refused_by_the_witness_too(
    letter: Letter, site_log: SiteLog, witness: Witness, offer: Offer, client: Client
) -> None:
    old = newest()
    site_log.grow()
    offer()
    checkpoint = latest_checkpoint(None)
    assert checkpoint
    checkpoint.delete()
    Row.objects.update(size=3, text="")
    assert newest() == old
    offer()
    assert row().refusal == Row.Refusal.AHEAD
    assert "A witness has refused" in page(letter, client)


def test_a_refusal_ends_when_the_witness_cosigns_again(
    letter: Letter, witness: Witness, offer: Offer, client: Client
) -> None:
    offer()
    Row.objects.update(refusal=Row.Refusal.CHANGED, refused_at=datetime.now(UTC))
    queries.forget_said()
    assert "A witness has refused" in page(letter, client)
    offer()
    assert (row().refusal, row().refused_at) == ("", None)
    assert "A witness has refused" not in page(letter, client)


def test_italian_pages_say_it_in_italian(letter: Letter, witness: Witness, offer: Offer, settings: Settings) -> None:
    from django.template.loader import render_to_string
    from django.utils import translation

    offer()
    with translation.override("it"):
        said = render_to_string(
            "letters/public_pages/_witnesses.html", {"letter": letter, "witnessed": queries.said_of(letter)}
        )
    assert "senza modifiche" in said


def test_a_witness_that_dies_before_it_answers_is_asked_again(
    site_log: SiteLog, settings: Settings, offer: Offer, tmp_path: Path
) -> None:
    (key, _) = new_witness(tmp_path / "w", *map(Key.parse, site_log.vkeys()))
    settings.WITNESSES_MAY_BE_PRIVATE = True
    with running_witness(tmp_path / "w", program=("-c", DIES_BEFORE_ANSWERING)) as dying:
        settings.WITNESSES = [(str(key), dying.url)]
        offer()
    assert (row().size, row().error, row().failures) == (0, "unreachable", 1)
    with running_witness(tmp_path / "w") as restarted:
        settings.WITNESSES = [(str(key), restarted.url)]
        offer()
        assert row().failures == 1, "it has a rest"
        offer(later=timedelta(seconds=31))
    assert (row().size, row().error, row().failures, row().refusal) == (3, "", 0, "")


@pytest.mark.parametrize("error", ["status 404", "another key"])
def test_a_witness_that_cannot_cosign_is_a_failure_and_no_refusal(
    error: str, site_log: SiteLog, settings: Settings, offer: Offer, tmp_path: Path
) -> None:
    trusted = [SmallLog().key] if error == "status 404" else [Key.parse(each) for each in site_log.vkeys()]
    (key, _) = new_witness(tmp_path / "w", *trusted)
    (other, _) = new_witness(tmp_path / "o")
    settings.WITNESSES_MAY_BE_PRIVATE = True
    with running_witness(tmp_path / "w") as running:
        settings.WITNESSES = [(str(other if error == "another key" else key), running.url)]
        offer()
    assert (row().error, row().refusal) == (error, "")
    assert queries.said_of(site_log.letter).refused == ()


def test_pauses_after_failures_grow_to_an_hour(site_log: SiteLog, settings: Settings, offer: Offer) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        key = str(Key("witness.example", COSIGNATURE_ED25519, bytes(32)))
        settings.WITNESSES = [(key, f"http://127.0.0.1:{unused.getsockname()[1]}")]
    settings.WITNESSES_MAY_BE_PRIVATE = True
    later, pauses = timedelta(), []
    for _ in range(5):
        offer(later=later)
        pauses.append(round((row().not_before - datetime.now(UTC) - later).total_seconds()))
        later += timedelta(seconds=pauses[-1] + 1)
    assert pauses == [30, 120, 600, 3600, 3600]
    assert row().failing_since < datetime.now(UTC) + timedelta(seconds=5)  # type: ignore[operator]


def test_two_workers_do_not_ask_one_witness_at_once(witness: Witness, settings: Settings) -> None:
    checkpoint = latest_checkpoint(None)
    assert checkpoint
    now = datetime.now(UTC)
    ((key, _),) = settings.WITNESSES
    claimed = operations.claim_witness(key, checkpoint, now=now)
    assert claimed
    assert operations.claim_witness(key, checkpoint, now=now) is None
    late = operations.claim_witness(key, checkpoint, now=now + operations.LEASE)
    assert late
    operations.note_outcome(claimed, asking.Failed("timeout"), now=now)
    assert row().failures == 0, "the first worker has lost its claim"


def test_a_witness_on_a_private_network_is_reached_only_if_a_setting_says_so(settings: Settings) -> None:
    for address in ("http://8.8.8.8/", "https://127.0.0.1/", "https://10.0.0.1/", "https://[::1]/"):
        with pytest.raises(NoTarget):
            asking.find_service(address)
    settings.WITNESSES_MAY_BE_PRIVATE = True
    assert asking.find_service("http://10.0.0.1:7380/add-checkpoint").address == "10.0.0.1"
    with pytest.raises(NoTarget):
        asking.find_service("http://224.0.0.1/")


def test_a_cosignature_that_was_made_long_ago_is_not_taken(witness: Witness, offer: Offer) -> None:
    offer(later=timedelta(minutes=6))
    assert (row().error, row().size) == ("clock", 0)


def test_a_witness_that_answers_with_megabytes_is_cut_off(
    witness: Witness, offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "MAX_ANSWER_BYTES", 10)
    offer()
    assert (row().error, row().size) == ("too_long", 0)


@pytest.mark.parametrize("body", [b"", b"-1\n", b"1" * 30, b"\xff", b"many\n", "٣\n".encode()])
def test_a_conflict_without_a_size_is_unreadable(
    body: bytes, witness: Witness, monkeypatch: pytest.MonkeyPatch, offer: Offer
) -> None:
    monkeypatch.setattr(asking, "_offer", lambda *_: outgoing.Reply(409, body))
    offer()
    assert (row().error, row().refusal) == ("unreadable", "")


def test_what_the_program_sends_to_a_witness_holds_no_letter_and_no_name(
    letter: Letter, witness: Witness, offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []
    real = outgoing.post

    def seen(find: Any, body: bytes, headers: dict[str, str], *, most: int) -> outgoing.Reply:
        sent.append(body + repr(headers).encode())
        return real(find, body, headers, most=most)

    monkeypatch.setattr(asking, "post", seen)
    offer()
    assert sent
    told = b"".join(sent).decode()
    assert letter.slug not in told
    assert re.findall(r"log/(\w+)", told)
    assert set(re.findall(r"/log/(\w+)", told)) == {"site"}
