"""The machine with Valkey's primary ends, Sentinel promotes the copy, and every part follows without a restart."""

from collections.abc import Iterator
from contextlib import suppress

import pytest
import redis

from drill.valkeys import Valkeys
from letters.models import Letter, OutgoingEmail
from tests.faults.conftest import nothing_is_owed
from tests.people import signature_of
from tests.smtp import SmtpSink
from tests.stack import Parts, Web, link_in, open_folder, until

pytestmark = pytest.mark.django_db(transaction=True)

BEFORE, MEANWHILE, AFTER = "ada@example.org", ["berta@example.org", "carlo@example.org"], "dora@example.org"


@pytest.fixture
def valkeys() -> Iterator[Valkeys]:
    valkeys = Valkeys(open_folder())
    try:
        valkeys.start()
        until(valkeys.is_ready)
        yield valkeys
    finally:
        valkeys.stop()


@pytest.fixture
def web(transactional_db: None, parts: Parts, valkeys: Valkeys) -> Web:
    """A web server, a worker and a clock, all with those servers, also as the broker."""
    parts.environ["VALKEY_URL"] = valkeys.url
    parts.start_worker()
    parts.start_clock()
    return parts.start_web()


def keys(port: int) -> set[str]:
    with suppress(redis.RedisError), redis.Redis(port=port, socket_timeout=1) as server:
        return {key.decode().partition(":")[0] for key in server.scan_iter()}
    return set()


def test_people_sign_and_confirm_while_sentinel_promotes_another_valkey(
    web: Web, parts: Parts, letter: Letter, valkeys: Valkeys, sink: SmtpSink
) -> None:
    first, second = valkeys.servers
    assert web.sign(letter.slug, BEFORE).status == 303
    assert sink.wait_for(1, 60)
    assert {"limit", "seen"} <= keys(first)

    valkeys.kill(first)
    for email in MEANWHILE:
        assert web.sign(letter.slug, email).status == 303
    until(lambda: valkeys.primary() == second)
    until(lambda: {"limit", "seen", "version"} & keys(second))
    until(nothing_is_owed)

    # The wake-up of this signature goes through the new primary.
    assert web.sign(letter.slug, AFTER).status == 303
    assert sink.wait_for(4, 60)
    mail = next(mail for mail in sink.received if mail.recipients == [AFTER])
    assert web.post(link_in(mail.message, "confirm")).status == 303
    until(lambda: signature_of(letter, AFTER).number == 1)
    until(nothing_is_owed)
    assert sorted(sink.recipients()) == sorted([BEFORE, *MEANWHILE, AFTER, AFTER])
    assert set(OutgoingEmail.objects.values_list("attempts", flat=True)) == {1}
    # The former primary comes back as a copy, and learns what it missed.
    valkeys.start_server(first, copy_of=second)
    until(valkeys.is_ready)
    until(lambda: "seen" in keys(first))
