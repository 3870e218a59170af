"""Counting with a real Valkey is exact under load, stores no identity, and blocks nobody if Valkey is unavailable."""

import time
from collections.abc import Iterator
from itertools import repeat

import pytest
import redis
from django.conf import settings
from limits import RateLimitItem, parse
from limits.storage import RedisStorage
from pytest_django import Settings
from redis._parsers import _HiredisParser

from letters.shared import limits
from letters.shared.limits import Limit, count, give_back, is_used_up, seconds_left
from petition.embedded import free_port
from tests.people import in_threads
from tests.stack import StoppableValkey

THREE = parse("3/hour")
ADA = Limit("network", "192.0.2.0/24", THREE)
EVE = Limit("network", "198.51.100.0/24", THREE)


@pytest.fixture
def own_valkey(settings: Settings) -> Iterator[StoppableValkey]:
    server = StoppableValkey()
    settings.VALKEY_URL = server.url
    yield server
    server.stop()


def times_until_exceeded(limit: Limit) -> int:
    return next(number for number in range(100) if limit in count([limit]))


def test_signers_do_not_wait_for_sentinels_that_have_ended(
    settings: Settings, connects: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("redis.retry.sleep", pauses.append)
    settings.VALKEY_URL = f"redis+sentinel://127.0.0.1:{free_port()},127.0.0.1:{free_port()}/letters"
    assert count([ADA]) == set()
    assert pauses == []
    # One to each Sentinel.
    assert len(connects) == 2


def test_a_limit_lets_exactly_its_number_through() -> None:
    assert times_until_exceeded(ADA) == 3
    assert count([ADA]) == {ADA}


def test_a_limit_can_be_read_without_counting(own_valkey: StoppableValkey) -> None:
    for _ in range(3):
        assert not is_used_up(ADA)
        count([ADA])
    assert is_used_up(ADA)
    assert not is_used_up(EVE)
    own_valkey.stop()
    assert not is_used_up(ADA)


def test_each_key_is_counted_separately() -> None:
    times_until_exceeded(ADA)
    assert count([ADA, EVE]) == {ADA}
    assert count([Limit("letter", ADA.whose, THREE)]) == set()


def test_a_returned_place_is_not_counted() -> None:
    for _ in range(10):
        count([ADA, EVE])
        give_back([ADA, EVE])
    assert times_until_exceeded(ADA) == 3


def test_a_limit_starts_again_after_its_window(valkey: "redis.Redis") -> None:
    limit = Limit("network", ADA.whose, parse("1/second"))
    assert count([limit]) == set()
    until = time.monotonic() + 10
    while count([limit]) and time.monotonic() < until:
        assert seconds_left(limit) == 1
    assert time.monotonic() < until


def test_returning_a_place_after_the_window_leaves_no_counter(valkey: "redis.Redis") -> None:
    give_back([ADA])
    (key,) = counters(valkey)
    assert 0 < valkey.ttl(key) <= 3600


@pytest.mark.parametrize(("rate", "least", "most"), [(THREE, 3590, 3600), (parse("3/10 minutes"), 590, 600)])
def test_it_says_how_long_to_wait(rate: RateLimitItem, least: int, most: int) -> None:
    limit = Limit("network", ADA.whose, rate)
    count([limit])
    assert least <= seconds_left(limit) <= most


def test_many_requests_at_once_stay_within_the_limit() -> None:
    limit = Limit("network", ADA.whose, parse("20/hour"))
    exceeded = in_threads(lambda limit: count([limit]), repeat(limit, 200), threads=20)
    assert sum(not found for found in exceeded) == 20


def test_all_limits_are_counted_in_one_round_trip(valkey: "redis.Redis") -> None:
    count([ADA])  # The connection, the salt of the day, and the script.
    before = valkey.info("commandstats")
    count([ADA, EVE, Limit("letter", "1", THREE), Limit("address", "2", THREE)])
    after = valkey.info("commandstats")
    changed = {name for name in after if after[name]["calls"] != before.get(name, {"calls": 0})["calls"]}
    # `expire` and `incrby` are called inside.
    assert changed - {"cmdstat_info"} == {"cmdstat_evalsha", "cmdstat_expire", "cmdstat_incrby"}
    assert after["cmdstat_evalsha"]["calls"] == before["cmdstat_evalsha"]["calls"] + 1


def test_the_limits_count_as_the_library_counts_one_of_them(valkey: "redis.Redis") -> None:
    storage = RedisStorage(settings.VALKEY_URL)
    storage.clear("beside")
    for amount in (1, 5, 1, -1, -6, 2):
        (here,) = limits.add([ADA], [amount])
        assert storage.incr("beside", THREE.get_expiry(), amount) == here
        (key,) = counters(valkey)
        assert abs(valkey.ttl(key) - storage.get_expiry("beside") + time.time()) < 3


def test_after_a_restart_valkey_gets_the_script_again(valkey: "redis.Redis") -> None:
    count([ADA])
    valkey.script_flush()
    assert times_until_exceeded(ADA) == 2


def test_answers_of_valkey_are_read_by_the_parser_in_c() -> None:
    connection = redis.Redis.from_url(settings.VALKEY_URL).connection_pool.make_connection()
    assert isinstance(vars(connection)["_parser"], _HiredisParser)


# Identities are unreadable


def counters(valkey: "redis.Redis") -> list[str]:
    return [key.decode() for key in valkey.scan_iter(f"{limits.PREFIX}:*") if key.decode() != limits.SALT_KEY]


def test_valkey_holds_neither_network_nor_address_but_a_keyed_hash(valkey: "redis.Redis", settings: Settings) -> None:
    count([ADA])
    (key,) = counters(valkey)
    assert "192.0.2" not in key
    salt = valkey.get(limits.SALT_KEY)
    settings.SECRET_KEY = "another key, so that the salt alone does not tell whose counter it is"
    count([ADA])
    assert len(counters(valkey)) == 2
    assert valkey.get(limits.SALT_KEY) == salt


def test_the_salt_and_all_counters_are_gone_after_a_day(valkey: "redis.Redis") -> None:
    count([ADA])
    assert 0 < valkey.ttl(limits.SALT_KEY) <= 24 * 60 * 60
    assert all(0 < valkey.ttl(key) <= 60 * 60 for key in counters(valkey))


def test_using_the_salt_does_not_make_it_live_longer(valkey: "redis.Redis") -> None:
    count([ADA])
    valkey.expire(limits.SALT_KEY, 100)
    limits._salt.cache_clear()  # Pretend to be another process.
    count([ADA])
    assert valkey.ttl(limits.SALT_KEY) <= 100
    assert len(counters(valkey)) == 1


def test_nobody_is_recognised_with_the_salt_of_another_day(valkey: "redis.Redis") -> None:
    times_until_exceeded(ADA)
    valkey.delete(limits.SALT_KEY)
    limits._salt.cache_clear()
    assert count([ADA]) == set()


# Without Valkey


def test_without_valkey_nobody_is_refused_or_waits_and_the_log_says_so_once(
    own_valkey: StoppableValkey, connects: list[str], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert times_until_exceeded(ADA) == 3
    own_valkey.stop()
    connects.clear()
    for _ in range(1000):
        assert count([ADA]) == set()
        give_back([ADA])
    assert seconds_left(ADA) == 1
    assert 1 <= len(connects) <= 5
    # It is asked again after some seconds. It is still unavailable, and nothing new is logged.
    monkeypatch.setattr(limits, "_circuit_open_until", 0.0)
    assert count([ADA]) == set()
    assert [record.getMessage() for record in caplog.records] == [
        "Valkey does not answer (ConnectionError): signing continues without limits."
    ]


def test_limits_count_again_when_valkey_is_back_and_the_next_outage_is_logged(
    own_valkey: StoppableValkey, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        own_valkey.stop()
        assert count([ADA]) == set()
        own_valkey.start()
        monkeypatch.setattr(limits, "_circuit_open_until", 0.0)
        assert times_until_exceeded(ADA) == 3
    assert len(caplog.records) == 2
