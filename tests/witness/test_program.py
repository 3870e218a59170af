"""`undersigned-witness` answers as C2SP's tlog-witness asks, and never cosigns a history that does not continue."""

import hashlib
import re
import socket
import stat
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.witness.trees import ORIGIN, SmallLog, Witness, command, new_witness, running_witness
from undersigned_witness.notes import Key, is_signed, parse_checkpoint

# Runs the program, but dies when the commit is done and the answer has not left yet.
DIES_BEFORE_ANSWERING = """
import os, undersigned_witness.server as server
from undersigned_witness.__main__ import main
decide = server.add_checkpoint
def decide_and_die(*arguments):
    answer = decide(*arguments)
    if answer.status == 200:
        os._exit(9)
    return answer
server.add_checkpoint = decide_and_die
main()
"""


@pytest.fixture
def log() -> SmallLog:
    return SmallLog().grow(*(f"entry {each}" for each in range(7)))


@pytest.fixture
def keys(log: SmallLog, tmp_path: Path) -> list[Key]:
    return new_witness(tmp_path, log.key)


@pytest.fixture
def witness(keys: list[Key], tmp_path: Path) -> Iterator[Witness]:
    with running_witness(tmp_path) as running:
        yield running


def cosigned(note: str, lines: str, keys: list[Key]) -> list[int]:
    """Return the times of the cosignatures, each of which verifies."""
    checkpoint, times = parse_checkpoint(note + lines), []
    for key in keys:
        (found,) = [each for each in checkpoint.signatures if each.is_named_like(key)]
        assert is_signed(checkpoint, found.signature, key)
        times.append(int.from_bytes(found.signature[:8]))
    return times


def test_a_first_checkpoint_is_cosigned_with_the_time(log: SmallLog, witness: Witness, keys: list[Key]) -> None:
    before = int(time.time())
    status, _, lines = witness.post(log.request(0, 5))
    assert status == 200
    assert all(before <= each <= time.time() for each in cosigned(log.checkpoint(5), lines, keys))


def test_a_log_that_grows_is_cosigned_again_and_again(log: SmallLog, witness: Witness, keys: list[Key]) -> None:
    for old, size in ((0, 0), (0, 1), (1, 2), (2, 4), (4, 7), (7, 7)):
        status, _, lines = witness.post(log.request(old, size))
        assert status == 200, (old, size)
        assert cosigned(log.checkpoint(size), lines, keys)


def test_another_old_size_is_answered_with_ours(log: SmallLog, witness: Witness) -> None:
    assert witness.post(log.request(3, 5)) == (409, "text/x.tlog.size", "0\n")
    witness.post(log.request(0, 5))
    assert witness.post(log.request(0, 7)) == (409, "text/x.tlog.size", "5\n")


def test_a_fork_is_refused_even_with_the_right_signature(log: SmallLog, witness: Witness, tmp_path: Path) -> None:
    witness.post(log.request(0, 5))
    fork = SmallLog(private=log.private).grow("entry 0", "another entry", *(f"entry {each}" for each in range(2, 9)))
    assert witness.post(fork.request(5, 9))[0] == 422
    assert witness.post(fork.request(5, 5))[0] == 422
    assert witness.post(log.request(5, 7))[0] == 200
    shown = command(tmp_path, "show").stdout
    assert "REFUSED" in shown
    assert fork.checkpoint(9) in shown


def test_strangers_leave_room_for_the_proof_of_a_fork(log: SmallLog, witness: Witness, tmp_path: Path) -> None:
    """Anyone can send what the log has published, with a proof that does not fit. Only the log makes a fork."""
    witness.post(log.request(0, 1))
    states = SmallLog(private=log.private, leaves=log.leaves[:1]).grow(*(f"entry {each}" for each in range(1, 130)))
    for size in range(2, 130):
        assert witness.post(states.request(1, size, proof=[bytes(32)]))[0] == 422
    fork = SmallLog(private=log.private).grow("another entry")
    assert witness.post(fork.request(1, 1))[0] == 422
    shown = command(tmp_path, "show").stdout
    assert shown.count("REFUSED") == 101
    assert fork.checkpoint(1) in shown


def test_a_log_that_shrinks_is_refused(log: SmallLog, witness: Witness) -> None:
    witness.post(log.request(0, 7))
    assert witness.post(log.request(7, 5, proof=[]))[0] == 400
    assert witness.post(log.request(5, 5)) == (409, "text/x.tlog.size", "7\n")
    assert witness.post(log.request(7, 7))[0] == 200


@pytest.mark.parametrize("proof", [[], [bytes(32)], [bytes(32)] * 63])
def test_a_wrong_proof_is_refused(log: SmallLog, witness: Witness, proof: list[bytes]) -> None:
    witness.post(log.request(0, 5))
    assert witness.post(log.request(5, 7, proof=proof))[0] == 422


def test_a_proof_for_a_first_checkpoint_is_refused(log: SmallLog, witness: Witness) -> None:
    assert witness.post(log.request(0, 5, proof=[bytes(32)]))[0] == 422


def test_an_unknown_log_and_an_unknown_key_are_told_apart(log: SmallLog, witness: Witness) -> None:
    assert witness.post(SmallLog("other.example/log").grow("entry").request(0))[0] == 404
    assert witness.post(SmallLog().grow("entry").request(0))[0] == 403
    twice = log.request(0, 5) + log.checkpoint(4).splitlines(keepends=True)[-1].encode()
    assert witness.post(twice)[0] == 403, "a signature of a known key that does not verify spoils the note"
    with_stranger = log.request(0, 5) + SmallLog("x.example").checkpoint(0).splitlines(keepends=True)[-1].encode()
    assert witness.post(with_stranger)[0] == 200


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: b"",
        lambda body: b"\xff" + body,
        lambda body: body.replace(b"old 0", b"old 00"),
        lambda body: body.replace(b"old 0", b"old 6"),
        lambda body: body.replace(b"old 0", b"old -1"),
        lambda body: body.replace(b"old 0", b"size 0"),
        lambda body: body.replace(b"old 0", b"old 0\nAAAA"),
        lambda body: body.replace(b"old 0\n", b"old 0\n" + (b"A" * 43 + b"=\n") * 64),
        lambda body: body.replace(b"\n5\n", b"\n05\n"),
        lambda body: body.replace(b"\n5\n", b"\n99999999999999999999\n"),
        lambda body: body.replace(b"=\n\n", b"=\n"),
        lambda body: body.replace("\N{EM DASH}".encode(), b"-"),
        lambda body: body[:-1],
        lambda body: body[:-8] + b"\n",
        lambda body: body + body.splitlines(keepends=True)[-1] * 40,
        lambda body: body.replace(b"letters", b"let\tters"),
    ],
)
def test_what_is_malformed_is_answered_with_400(log: SmallLog, witness: Witness, spoil: object) -> None:
    assert callable(spoil)
    assert witness.post(spoil(log.request(0, 5)))[0] == 400
    assert witness.post(log.request(0, 5))[0] == 200


def test_a_body_has_a_largest_size(witness: Witness, log: SmallLog) -> None:
    host, port = urlsplit(witness.url).netloc.split(":")
    with socket.create_connection((host, int(port)), 20) as client:
        client.sendall(b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: 999999999\r\n\r\n")
        assert client.recv(99).startswith(b"HTTP/1.1 413 ")
    with socket.create_connection((host, int(port)), 20) as client:
        client.sendall(b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert client.recv(99).startswith(b"HTTP/1.1 411 ")
    assert witness.post(log.request(0, 5))[0] == 200


def test_a_request_that_is_cut_off_stores_nothing(witness: Witness, log: SmallLog) -> None:
    host, port = urlsplit(witness.url).netloc.split(":")
    body = log.request(0, 5)
    with socket.create_connection((host, int(port)), 20) as client:
        client.sendall(f"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        client.sendall(body[:-4])
        client.shutdown(socket.SHUT_WR)
        assert client.recv(99) == b""
    assert witness.post(log.request(1, 5)) == (409, "text/x.tlog.size", "0\n")


def test_monitors_get_the_last_checkpoint_with_both_signatures(
    log: SmallLog, witness: Witness, keys: list[Key]
) -> None:
    path = f"/{hashlib.sha256(ORIGIN.encode()).hexdigest()}/checkpoint"
    assert witness.get(path)[0] == 404
    _, _, lines = witness.post(log.request(0, 5))
    assert witness.get(path)[2] == log.checkpoint(5) + lines
    assert witness.get("/../checkpoint")[0] == witness.get("/")[0] == witness.post(b"", "/")[0] == 404


def test_of_requests_at_the_same_moment_one_wins(log: SmallLog, witness: Witness) -> None:
    forks = [SmallLog(private=log.private).grow("the same", f"fork {each}") for each in range(8)]
    witness.post(forks[0].request(0, 1))
    with ThreadPoolExecutor(8) as pool:
        statuses = [status for status, _, _ in pool.map(lambda fork: witness.post(fork.request(1)), forks)]
    assert sorted(statuses) == [200] + [409] * 7


def test_two_processes_on_one_folder_do_not_cosign_two_histories(
    log: SmallLog, witness: Witness, tmp_path: Path
) -> None:
    fork = SmallLog(private=log.private).grow(*(f"other entry {each}" for each in range(9)))
    with running_witness(tmp_path) as second:
        assert witness.post(log.request(0, 5))[0] == 200
        assert second.post(fork.request(0, 9)) == (409, "text/x.tlog.size", "5\n")
        assert second.post(log.request(5, 7))[0] == 200


def test_what_was_stored_before_a_crash_binds_after_it(log: SmallLog, keys: list[Key], tmp_path: Path) -> None:
    with running_witness(tmp_path, program=("-c", DIES_BEFORE_ANSWERING)) as dying:
        with pytest.raises(ConnectionError):
            dying.post(log.request(0, 5))
        assert dying.process.wait(20) == 9
    fork = SmallLog(private=log.private).grow(*(f"other entry {each}" for each in range(5)))
    with running_witness(tmp_path) as restarted:
        assert restarted.post(fork.request(0)) == (409, "text/x.tlog.size", "5\n")
        assert restarted.post(fork.request(5, 5))[0] == 422
        status, _, lines = restarted.post(log.request(5, 5))
        assert status == 200
        assert cosigned(log.checkpoint(5), lines, keys)


def test_a_log_without_trust_any_more_is_unknown_and_not_forgotten(
    log: SmallLog, witness: Witness, tmp_path: Path
) -> None:
    witness.post(log.request(0, 5))
    assert "no longer" in command(tmp_path, "distrust", str(log.key)).stdout
    assert witness.post(log.request(5, 7))[0] == 404
    command(tmp_path, "trust", str(log.key))
    assert witness.post(log.request(0, 7))[0] == 409


def test_keys_are_for_their_owner_alone_and_are_never_made_twice(keys: list[Key], tmp_path: Path) -> None:
    assert command(tmp_path / "other", "init", "witness.example/w2").stdout.count("witness.example/w2+") == 2
    file = tmp_path / "witness.sqlite3"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = command(tmp_path, "init", "witness.example/w2")
    assert again.returncode == 1
    assert "exists" in again.stderr
    assert command(tmp_path, "show").stdout.split()[:2] == [str(key) for key in keys]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("trust", "letters.example"), "name+identifier+key"),
        (("trust", "letters.example+00000000+AQID"), "not known here"),
        (("trust", re.sub(r"\+.{8}\+", "+00000000+", str(SmallLog().key))), "cut off"),
        (("init", "two words"), "no spaces"),
        (("serve", "--listen", "nowhere"), "host:port"),
        (("serve",), "undersigned-witness init"),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path: Path, arguments: tuple[str, ...], sentence: str) -> None:
    ended = command(tmp_path / "none", *arguments)
    assert ended.returncode == 1
    assert sentence in ended.stderr
    assert ended.stderr.count("\n") == 1
