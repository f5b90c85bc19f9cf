"""The rate limiter on a real Redis protocol server, and on one that is gone or stands still."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import pytest
import redis
from limits.storage import RedisStorage
from pydantic import SecretStr

from api.admission.rate_limiter import RateLimiter, connect_storage
from api.resilience.circuit_breaker import State
from api.resilience.redis_pool import redis_circuit
from deploy.local.servers.ports import LOOPBACK, free_port
from deploy.local.servers.valkey import Valkey
from shared.settings.settings import Settings
from tests.api.conftest import FrontEnd, Logged
from tests.api.envelope_check import assert_success
from tests.clock import Seconds
from tests.conditions import eventually


def storage_at(url: str) -> RedisStorage:
    return connect_storage(Settings(redis_url=SecretStr(url)))


@pytest.fixture
def storage(valkey: Valkey) -> Iterator[RedisStorage]:
    storage = storage_at(valkey.url)
    client_of(storage).flushall()
    yield storage
    client_of(storage).connection_pool.disconnect()


@pytest.fixture
def dead() -> RedisStorage:
    return storage_at(f"redis://{LOOPBACK}:{free_port()}/0")


def test_so_many_requests_a_minute_pass_and_no_more(storage: RedisStorage) -> None:
    limiter = RateLimiter(storage, per_minute=3)

    waits = [wait(limiter) for _ in range(4)]

    assert waits[:3] == [0, 0, 0]
    assert 0 < waits[3] <= 60


def test_front_ends_count_together_and_tenants_apart(storage: RedisStorage, valkey: Valkey) -> None:
    wait(RateLimiter(storage, per_minute=1))
    other_storage = storage_at(valkey.url)
    other = RateLimiter(other_storage, per_minute=1)

    assert wait(other) > 0
    assert wait(other, "rival") == 0
    client_of(other_storage).connection_pool.disconnect()


def test_a_full_minute_has_to_end_first(storage: RedisStorage) -> None:
    limiter = RateLimiter(storage, per_minute=2)
    wait(limiter)
    wait(limiter)
    age(storage, seconds=20)

    assert 39 < wait(limiter) <= 40


def test_then_last_minutes_share_has_to_shrink(storage: RedisStorage) -> None:
    limiter = RateLimiter(storage, per_minute=10)
    for _ in range(10):
        wait(limiter)
    # A third of the last minute is over, so it counts for 6 or 7: three places are free.
    age(storage, seconds=80)
    assert [wait(limiter) for _ in range(4)] == [0, 0, 0, 0]

    # 10 x 36 / 60 = 6: with these four, the fifth has to wait until less than that is left.
    assert 3 < wait(limiter) <= 4


def test_the_wait_it_names_is_long_enough_and_not_much_longer(storage: RedisStorage) -> None:
    limiter = RateLimiter(storage, per_minute=2)
    wait(limiter)
    wait(limiter)
    seconds = wait(limiter)

    age(storage, seconds=seconds - 1)
    assert wait(limiter) > 0
    age(storage, seconds=1.1)

    assert wait(limiter) == 0


@pytest.mark.parametrize("nonsense", ["abc", "1e99", "", b"\xff"])
def test_a_store_that_holds_nonsense_lets_everything_through(
    storage: RedisStorage, nonsense: str | bytes
) -> None:
    wait(RateLimiter(storage, per_minute=1))
    [counter] = client_of(storage).keys("*")
    client_of(storage).set(counter, nonsense)

    circuit = redis_circuit()
    limiter = RateLimiter(storage, per_minute=1, circuit=circuit)

    assert [wait(limiter) for _ in range(5)] == [0] * 5

    assert circuit.state is State.CLOSED
    assert [wait(limiter, "rival") for _ in range(2)][1] > 0


def test_without_a_rate_the_store_is_never_asked(dead: RedisStorage, logged: Logged) -> None:
    limiter = RateLimiter(dead, per_minute=0)

    assert [wait(limiter) for _ in range(5)] == [0] * 5
    assert logged == []


def test_a_store_that_is_gone_lets_everything_through_and_says_so_once(
    dead: RedisStorage, logged: Logged
) -> None:
    limiter = RateLimiter(dead, per_minute=1)

    assert [wait(limiter) for _ in range(100)] == [0] * 100

    assert [event["event"] for event in logged] == ["limiter.open", "circuit.open"]


def test_a_store_that_stands_still_is_asked_three_times_and_then_left_alone(
    tmp_path_factory: pytest.TempPathFactory, logged: Logged
) -> None:
    with Valkey(tmp_path_factory.mktemp("paused"), persistent=False) as server:
        storage = storage_at(server.url)
        limiter = RateLimiter(storage, per_minute=1, circuit=redis_circuit(Seconds()))
        wait(limiter)
        with redis.Redis.from_url(server.url) as control:
            before = control.info("stats")["total_connections_received"]
            server.pause()

            assert [wait(limiter) for _ in range(100)] == [0] * 100

            server.resume()
            # Each call that gets no answer costs its connection, and one is there already.
            eventually(lambda: control.info("stats")["total_connections_received"] - before == 2)
    assert [event["event"] for event in logged] == ["limiter.open", "circuit.open"]


def test_a_store_that_is_back_limits_again_and_what_it_missed_is_counted(
    tmp_path_factory: pytest.TempPathFactory, logged: Logged
) -> None:
    seconds = Seconds()
    with Valkey(tmp_path_factory.mktemp("killed"), persistent=False) as server:
        limiter = RateLimiter(storage_at(server.url), per_minute=1, circuit=redis_circuit(seconds))
        wait(limiter)
        server.kill()
        assert [wait(limiter) for _ in range(7)] == [0] * 7
        server.start()
        seconds.now += 2

        wait(limiter)

        assert wait(limiter) > 0
    assert [event["event"] for event in logged] == [
        "limiter.open",
        "circuit.open",
        "circuit.closed",
        "limiter.closed",
    ]
    assert logged[-1]["let_through"] == 7


def test_an_upload_is_taken_while_the_store_is_gone(
    front_end: FrontEnd, dead: RedisStorage
) -> None:
    answer = front_end.with_services(rate_limiter=RateLimiter(dead, 1)).post(task_type="async")

    assert_success(answer, task_status=0)


def test_what_is_left_is_told_until_the_end_of_this_minute(storage: RedisStorage) -> None:
    limiter = RateLimiter(storage, per_minute=3)
    limiter.hit("shop")
    age(storage, seconds=20)

    count = limiter.hit("shop")

    assert count is not None
    assert (count.passes, count.remaining) == (True, 1)
    assert 39 < count.seconds <= 40


def test_last_minutes_share_is_not_left(storage: RedisStorage) -> None:
    limiter = RateLimiter(storage, per_minute=10)
    for _ in range(6):
        limiter.hit("shop")
    age(storage, seconds=90)

    count = limiter.hit("shop")

    # 6 x 30 / 60 = 3, of which 2.99 is 2 already; and this one.
    assert count is not None
    assert count.remaining in {6, 7}


def test_the_last_that_passes_is_told_when_the_next_one_does(storage: RedisStorage) -> None:
    limiter = RateLimiter(storage, per_minute=2)
    limiter.hit("shop")
    last = limiter.hit("shop")
    assert last is not None
    assert (last.passes, last.remaining) == (True, 0)

    age(storage, seconds=last.seconds - 1)
    assert wait(limiter) > 0
    age(storage, seconds=1.1)

    assert wait(limiter) == 0


def wait(limiter: RateLimiter, tenant: str = "shop") -> float:
    """Send a request; 0 if it passes, otherwise the seconds until one does."""
    count = limiter.hit(tenant)
    return 0 if count is None or count.passes else count.seconds


def client_of(storage: RedisStorage) -> redis.Redis:
    return cast("redis.Redis", storage.get_connection())


def age(storage: RedisStorage, seconds: float) -> None:
    """Let all counters be so much older: their time is kept as the time they have left."""
    client = client_of(storage)
    for key in client.scan_iter():
        client.pexpire(key, client.pttl(key) - int(seconds * 1000))
